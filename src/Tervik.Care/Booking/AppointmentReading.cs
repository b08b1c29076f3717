using System.Globalization;
using System.Text.Json;
using Tervik.Care.Clinics;
using Tervik.Records.Model;

namespace Tervik.Care.Booking;

/// <summary>What all ask of a FHIR Appointment.</summary>
public static class AppointmentReading
{
    /// <summary>A moment of this or another resource: an instant or a dateTime; without an offset as UTC. Null when it says none.</summary>
    public static DateTimeOffset? Time(JsonElement json, string name) => DateTimeOffset.TryParse(json.TextAt(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>References of its participants.</summary>
    public static IEnumerable<string> Actors(JsonElement appointment) => appointment.ItemsAt("participant").Select(one => one.At("actor").TextAt("reference")).OfType<string>();

    /// <summary>The service it is of, when that is one that is booked here.</summary>
    public static Service? ServiceOf(JsonElement appointment, ClinicSetup setup) =>
        Actors(appointment).Select(actor => actor.Split('/') is ["HealthcareService", var id] ? setup.Services.GetValueOrDefault(id) : null).FirstOrDefault(service => service is not null);

    /// <summary>Its priority, 1 the most urgent (RFC 5545, as FHIR takes it); 0 when it says none.</summary>
    public static int Priority(JsonElement appointment) => int.TryParse(appointment.TextAt("priority"), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) ? priority : 0;
}
