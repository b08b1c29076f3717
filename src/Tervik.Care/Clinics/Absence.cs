using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Care.Booking;
using Tervik.Records.Model;
using Tervik.Trust;

namespace Tervik.Care.Clinics;

/// <summary>Time of a calendar that nobody gets although its openings say so: a Slot with the status <c>busy-unavailable</c>, ours or another system's. Appointments that are in it stay until somebody moves them.</summary>
/// <param name="Id">Logical id of the Slot.</param>
/// <param name="Version">Of the Slot.</param>
/// <param name="Schedule">Reference of the Schedule.</param>
/// <param name="StartUs">First instant, microseconds since 1970-01-01 UTC.</param>
/// <param name="EndUs">First instant after it.</param>
/// <param name="Comment">For the staff, or null.</param>
public sealed record Absence(string Id, int Version, string Schedule, long StartUs, long EndUs, string? Comment)
{
    /// <summary>Whether it has an instant in common with a span.</summary>
    public bool Takes(long startUs, long endUs) => StartUs < endUs && EndUs > startUs;

    /// <summary>Reads a Slot; null when it is none of these, or without a time.</summary>
    public static Absence? Read(string id, int version, JsonElement json)
    {
        if (json.TextAt("status") != "busy-unavailable" || json.At("schedule").TextAt("reference") is not { } schedule || AppointmentReading.Time(json, "start") is not { } start || AppointmentReading.Time(json, "end") is not { } end || end <= start) return null;
        return new(id, version, schedule, start.Us(), end.Us(), json.TextAt("comment"));
    }

    /// <summary>The Slot.</summary>
    public static JsonObject Write(string schedule, DateTimeOffset start, DateTimeOffset end, string comment)
    {
        var slot = new JsonObject
        {
            ["resourceType"] = "Slot", ["schedule"] = new JsonObject { ["reference"] = schedule }, ["status"] = "busy-unavailable",
            ["start"] = start.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture), ["end"] = end.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
        };
        if (comment.Length > 0) slot["comment"] = comment;
        return slot;
    }
}
