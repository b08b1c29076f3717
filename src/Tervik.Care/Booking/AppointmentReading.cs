using System.Globalization;
using System.Text.Json;
using Tervik.Care.Clinics;
using Tervik.Records.Model;

namespace Tervik.Care.Booking;

/// <summary>What all ask of a FHIR Appointment.</summary>
public static class AppointmentReading
{
    /// <summary>Statuses in which it takes its time.</summary>
    public static IReadOnlyList<string> Standing { get; } = ["booked", "pending", "arrived", "checked-in"];

    /// <summary>A moment of this or another resource: an instant or a dateTime; without an offset as UTC. Null when it says none.</summary>
    public static DateTimeOffset? Time(JsonElement json, string name) => DateTimeOffset.TryParse(json.TextAt(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>References of its participants.</summary>
    public static IEnumerable<string> Actors(JsonElement appointment) => appointment.ItemsAt("participant").Select(one => one.At("actor").TextAt("reference")).OfType<string>();

    /// <summary>The service it is of, when that is one that is booked here.</summary>
    public static Service? ServiceOf(JsonElement appointment, ClinicSetup setup) =>
        Actors(appointment).Select(actor => actor.Split('/') is ["HealthcareService", var id] ? setup.Services.GetValueOrDefault(id) : null).FirstOrDefault(service => service is not null);

    /// <summary>Id of the first appointment of the series it is one of; null for one by itself.</summary>
    public static string? Series(JsonElement appointment) => appointment.ItemsAt("identifier").FirstOrDefault(one => one.TextAt("system") == AppointmentJson.SeriesSystem).TextAt("value");

    /// <summary>What a search for the appointments of a series has as their identifier.</summary>
    public static string SeriesToken(string series) => $"{AppointmentJson.SeriesSystem}|{Records.Search.SearchSyntax.Escape(series)}";

    /// <summary>Address of the room of an appointment by video, if it has one that a browser may be sent to.</summary>
    public static Uri? VideoRoom(JsonElement appointment) =>
        Uri.TryCreate(appointment.Extension(AppointmentJson.VideoExtension).Extension("addressUrl").TextAt("valueUrl"), UriKind.Absolute, out var room) && room.Scheme == Uri.UriSchemeHttps ? room : null;

    /// <summary>Its priority, 1 the most urgent (RFC 5545, as FHIR takes it); 0 when it says none.</summary>
    public static int Priority(JsonElement appointment) => int.TryParse(appointment.TextAt("priority"), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) ? priority : 0;
}
