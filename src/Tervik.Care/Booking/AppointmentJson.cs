using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Care.Calendars;
using Tervik.Care.Clinics;
using Tervik.Records.Rest;

namespace Tervik.Care.Booking;

/// <summary>For whom and why an appointment is.</summary>
/// <param name="Patient">Reference of the Patient.</param>
/// <param name="PatientName">As it is shown, or null.</param>
/// <param name="Referral">Reference of the ServiceRequest it answers, or null.</param>
/// <param name="Comment">What the patient or the staff wrote with it, or null.</param>
/// <param name="By">Reference of who booked it.</param>
public sealed record BookingWish(string Patient, string? PatientName, string? Referral, string? Comment, string? By)
{
    /// <summary>Id of the first appointment of the series it is one of; null for one by itself.</summary>
    public string? Series { get; init; }
}

/// <summary>Proposals, holds and bookings as FHIR Appointments (R4; IHE Scheduling 1.0.1).</summary>
static class AppointmentJson
{
    /// <summary>Of an instant: the zone its wall time is of (FHIR core extension).</summary>
    public const string ZoneExtension = "http://hl7.org/fhir/StructureDefinition/tz-code";
    /// <summary>Of an Appointment: the version of the zone data by which the wall time became an instant.</summary>
    public const string ZoneDataExtension = "urn:tervik:tzdata";
    /// <summary>Of a pending Appointment: when its hold ends.</summary>
    public const string HoldExtension = "urn:tervik:held-until";
    /// <summary>Of a booked Appointment: who booked it.</summary>
    public const string BookedByExtension = "urn:tervik:booked-by";
    /// <summary>Of a booked Appointment by video: its room, in the part <c>addressUrl</c> (Appointment.virtualService of FHIR R5).</summary>
    public const string VideoExtension = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService";
    /// <summary>System of the identifier that the appointments of a series have in common: the id of the first.</summary>
    public const string SeriesSystem = "urn:tervik:series";
    /// <summary>Tags Appointments whose time Tervik keeps.</summary>
    public const string Tag = "urn:tervik:booking";

    /// <summary>The Appointment of an offer.</summary>
    /// <param name="offer">What, when, with whom.</param>
    /// <param name="id">Its id.</param>
    /// <param name="status">proposed, pending, booked.</param>
    /// <param name="wish">For whom; null for a proposal.</param>
    /// <param name="heldUntil">Of a hold.</param>
    /// <param name="created">When it was booked; null for a proposal.</param>
    public static byte[] Write(Offer offer, string id, string status, BookingWish? wish, DateTimeOffset? heldUntil, DateTimeOffset? created)
    {
        var bytes = new ArrayBufferWriter<byte>(2048);
        using var json = new Utf8JsonWriter(bytes, JsonText.Options);
        var service = offer.Service;
        json.WriteStartObject();
        json.WriteString("resourceType", "Appointment");
        json.WriteString("id", id);
        if (created is not null)
        {
            json.WriteStartObject("meta");
            json.WriteStartArray("tag");
            json.WriteStartObject();
            json.WriteString("system", Tag);
            json.WriteString("code", "calendar");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteStartArray("extension");
        Extension(ZoneDataExtension, "valueString", Zones.Current.Version);
        if (heldUntil is { } until) Extension(HoldExtension, "valueInstant", until.ToString("yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture));
        if (wish?.By is { } by)
        {
            json.WriteStartObject();
            json.WriteString("url", BookedByExtension);
            json.WriteStartObject("valueReference");
            // Programs are no resources.
            if (by.StartsWith("client/", StringComparison.Ordinal)) json.WriteString("display", by);
            else json.WriteString("reference", by);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        if (created is not null && service is { IsVideo: true, VideoAddress: { } rooms })
        {
            json.WriteStartObject();
            json.WriteString("url", VideoExtension);
            json.WriteStartArray("extension");
            Extension("addressUrl", "valueUrl", $"{rooms.AbsoluteUri.TrimEnd('/')}/{id}");
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (wish?.Series is { } series)
        {
            json.WriteStartArray("identifier");
            json.WriteStartObject();
            json.WriteString("system", SeriesSystem);
            json.WriteString("value", series);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteString("status", status);
        Raw("serviceType", service.Raw.Types);
        Raw("specialty", service.Raw.Specialties);
        json.WriteString("description", service.Name);
        Instant("start", offer.Time.Start);
        Instant("end", offer.Time.End);
        json.WriteNumber("minutesDuration", service.Minutes);
        if (created is { } at) json.WriteString("created", at.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture));
        if (wish?.Comment is { Length: > 0 } comment) json.WriteString("comment", comment);
        if (service.Preparation is { } preparation) json.WriteString("patientInstruction", preparation);
        if (wish?.Referral is { } referral)
        {
            json.WriteStartArray("basedOn");
            json.WriteStartObject();
            json.WriteString("reference", referral);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteStartArray("participant");
        var answer = status == "booked" ? "accepted" : "needs-action";
        if (wish is not null) Participant(wish.Patient, wish.PatientName, answer);
        foreach (var calendar in offer.Calendars) Participant(calendar.Actor, calendar.ActorName, "accepted");
        if (service.Place is { } place && !offer.Calendars.Any(calendar => calendar.Actor == place)) Participant(place, service.PlaceName, "accepted");
        Participant($"HealthcareService/{service.Id}", service.Name, "accepted");
        json.WriteEndArray();
        json.WriteStartArray("requestedPeriod");
        json.WriteStartObject();
        json.WriteString("start", Text(offer.Time.Start));
        json.WriteString("end", Text(offer.Time.End));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();

        void Extension(string url, string type, string value)
        {
            json.WriteStartObject();
            json.WriteString("url", url);
            json.WriteString(type, value);
            json.WriteEndObject();
        }

        void Raw(string name, string value)
        {
            if (value == "[]") return;
            json.WritePropertyName(name);
            json.WriteRawValue(value);
        }

        // The instant bears the offset of its wall time; the zone says where the wall is.
        void Instant(string name, DateTimeOffset time)
        {
            json.WriteString(name, Text(time));
            json.WriteStartObject("_" + name);
            json.WriteStartArray("extension");
            Extension(ZoneExtension, "valueCode", offer.Time.Zone);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        void Participant(string actor, string? name, string answer)
        {
            json.WriteStartObject();
            json.WriteStartObject("actor");
            json.WriteString("reference", actor);
            if (name is not null) json.WriteString("display", name);
            json.WriteEndObject();
            json.WriteString("status", answer);
            json.WriteEndObject();
        }
    }

    static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>A stored Appointment at another time and with others, its history kept: what else it says stays.</summary>
    public static JsonObject Moved(JsonObject stored, Offer offer)
    {
        var fresh = JsonNode.Parse(Write(offer, stored["id"]!.GetValue<string>(), "booked", null, null, null))!.AsObject();
        foreach (var name in (string[])["status", "serviceType", "specialty", "description", "start", "_start", "end", "_end", "minutesDuration", "patientInstruction", "requestedPeriod"])
        {
            stored.Remove(name);
            if (fresh[name] is { } value) stored[name] = value.DeepClone();
        }
        foreach (var name in (string[])["slot", "cancelationReason"]) stored.Remove(name);
        KeptTimes.End(stored);
        // Patients and relatives stay; the calendars are others.
        var people = stored["participant"] is JsonArray before ? before.Where(one => one?["actor"]?["reference"]?.GetValue<string>() is { } actor && (actor.StartsWith("Patient/", StringComparison.Ordinal) || actor.StartsWith("RelatedPerson/", StringComparison.Ordinal))).Select(one => one!.DeepClone()) : [];
        stored["participant"] = new JsonArray([.. people, .. fresh["participant"]!.AsArray().Select(one => one!.DeepClone())]);
        return stored;
    }
}
