using System.Globalization;
using System.Text.Json;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Care.Notices;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust;

namespace Tervik.Portal.Notices;

/// <summary>The page on which the addresses of one's calendar are made and revoked.</summary>
/// <param name="Patient">Whose appointments.</param>
/// <param name="Feeds">Those that can be read.</param>
/// <param name="Address">Of the one that was just made, shown this once; null otherwise.</param>
public sealed record CalendarFeedsModel(PatientHeader Patient, IReadOnlyList<CalendarFeed> Feeds, Uri? Address = null);

/// <summary>Appointments of the record as entries of a calendar.</summary>
sealed class CalendarFeedQuery(RecordQuery record, TrustSettings trust)
{
    const int MostShown = 500;
    /// <summary>Earlier appointments that a feed still holds, and how long cancelled ones stay, so that every program hears of it.</summary>
    const int DaysBack = 90, DaysCancelled = 30;
    static readonly Duration Refresh = Duration.FromHours(1), WithoutEnd = Duration.FromMinutes(30);

    /// <summary>One appointment, to be taken into a calendar; null for one without a time.</summary>
    public CalendarFile? One(StoredResource stored, CalendarDetail detail) =>
        Entry(stored, detail) is not { } entry ? null : CalendarFile.Of([entry], trust.Issuer, entry.Status == "CANCELLED" ? "CANCEL" : "PUBLISH");

    /// <summary>The appointments of a patient.</summary>
    /// <returns>The calendar, and what it was made of.</returns>
    public async Task<(CalendarFile File, IReadOnlyList<StoredResource> Read)> All(string patient, CalendarDetail detail, AccessFilter filter, CancellationToken stop)
    {
        var (found, _) = await record.FindAll(patient, "Appointment", MostShown, filter, stop, ("date", $"ge{RecordQuery.Day(record.Today.AddDays(-DaysBack))}"), ("_sort", "date"));
        var cancelledFromUs = record.Now.AddDays(-DaysCancelled).Us();
        var shown = found.Take(MostShown).Select(stored => (Stored: stored, Entry: Entry(stored, detail))).Where(one => one.Entry is not null && (one.Entry.Status != "CANCELLED" || one.Stored.AtUs >= cancelledFromUs)).ToList();
        return (CalendarFile.Of([.. shown.Select(one => one.Entry!)], trust.Issuer, name: Words.Of("calendar name"), refresh: Refresh), [.. shown.Select(one => one.Stored)]);
    }

    CalendarEntry? Entry(StoredResource stored, CalendarDetail detail) => stored.Take(json =>
    {
        // A day without a time is no appointment that a calendar could hold.
        if (json.TextAt("start") is not { Length: > 10 } text || FhirDate.Read(text) is not { } start) return null;
        var end = FhirDate.Of(json, "end") is { } until && until.Instant > start.Instant ? Instant.FromDateTimeOffset(until.Instant) : Instant.FromDateTimeOffset(start.Instant) + WithoutEnd;
        string? Named(string type) => json.ItemsAt("participant").Select(one => one.At("actor")).Where(actor => actor.TextAt("reference")?.StartsWith(type, StringComparison.Ordinal) == true).Select(actor => actor.TextAt("display")).FirstOrDefault(name => name is not null);
        var about = detail == CalendarDetail.All ? json.TextAt("description") ?? Codes.Write(json.FirstAt("serviceType")) : null;
        var with = detail == CalendarDetail.All ? Named("Practitioner") : null;
        return new CalendarEntry(CalendarEntry.UidOf(stored.Id, trust.Issuer), stored.Version, Instant.FromUnixTimeTicks(stored.AtUs / 1_000_000 * 10_000_000), Instant.FromDateTimeOffset(start.Instant), end, json.At("_start").FirstAt("extension").TextAt("valueCode"),
            CalendarEntry.StatusOf(json.TextAt("status") ?? ""), about ?? Words.Of("booking an appointment"), detail == CalendarDetail.Time ? null : Named("Location/"),
            with is null ? Words.Of("calendar description") : $"{with}\n{Words.Of("calendar description")}");
    });
}
