using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tervik.Care.Booking;
using Tervik.Care.Calendars;
using Tervik.Care.Clinics;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Care.Publication;

/// <summary>The free times that patients may book themselves, as SMART Scheduling Links publishes them: where, which services, and how many could have each time. Nothing of any patient.</summary>
/// <remarks>Source: SMART Scheduling Links, Slot Publisher API (github.com/smart-on-fhir/smart-scheduling-links). A Slot stands for all calendars of a service at one time (slot-capacity); one that is taken by all of them is busy.</remarks>
public sealed partial class SlotPublication(Clinics.Clinics clinics, Offers offers, RecordStore store, PublicationSettings settings, TimeProvider clock, ILogger<SlotPublication> logger) : IDisposable
{
    /// <summary>So long it is good; then the next who asks has it written anew, while all others are given the one before.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    /// <summary>So far ahead.</summary>
    static readonly TimeSpan Ahead = TimeSpan.FromDays(28);
    /// <summary>More slots are not written, which the log says.</summary>
    const int MostSlots = 500_000;
    const string Extensions = "http://fhir-registry.smarthealthit.org/StructureDefinition/";
    static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Where a service is: what may be published of its Location.</summary>
    sealed record Place(string Id, string? State, byte[] Json);

    readonly SemaphoreSlim writing = new(1);
    volatile Edition? newest;
    long writtenAt;

    /// <summary>What is published now, a minute old at most.</summary>
    public async Task<Edition> Now(CancellationToken stop)
    {
        var old = newest;
        if (old is not null && clock.GetElapsedTime(Interlocked.Read(ref writtenAt)) < Fresh) return old;
        // Whoever comes before there is one waits for the first.
        if (old is null) await writing.WaitAsync(stop);
        else if (!await writing.WaitAsync(TimeSpan.Zero, stop)) return old;
        try
        {
            if (newest is null || clock.GetElapsedTime(Interlocked.Read(ref writtenAt)) >= Fresh)
            {
                newest = await Write(newest, stop);
                Interlocked.Exchange(ref writtenAt, clock.GetTimestamp());
            }
            return newest;
        }
        finally
        {
            writing.Release();
        }
    }

    async Task<Edition> Write(Edition? before, CancellationToken stop)
    {
        var (now, setup) = (clock.GetUtcNow(), await clinics.Now(stop));
        using FileWriter locations = new("locations.ndjson", "Location", null), schedules = new("schedules.ndjson", "Schedule", null);
        var slots = new SortedDictionary<(string Week, string State), FileWriter>();
        var places = new Dictionary<string, Place?>(StringComparer.Ordinal);
        var (written, buffer) = (0, new ArrayBufferWriter<byte>(1024));
        try
        {
            foreach (var service in setup.Services.Values.Where(service => service.By == BookableBy.Patient).OrderBy(service => service.Id, StringComparer.Ordinal))
            {
                if (service.Place is not { } reference) continue;
                if (!places.TryGetValue(reference, out var place))
                {
                    places[reference] = place = await Read(reference, service.Organization, stop);
                    if (place is not null) locations.Line(place.Json);
                }
                if (place is null) continue;
                schedules.Line(Line(buffer, json => Schedule(json, service, place)));
                await foreach (var (time, free, busy) in offers.Count(service, now, now + Ahead, stop))
                {
                    if (++written > MostSlots) break;
                    var at = (Week(time.Start), place.State ?? "");
                    if (!slots.TryGetValue(at, out var file)) slots[at] = file = new($"slots-{at.Item1}{(place.State is { } state ? $"-{Name(state)}" : "")}.ndjson", "Slot", place.State);
                    if (free > 0) file.Line(Line(buffer, json => Slot(json, service, time, "free", free)));
                    if (busy > 0) file.Line(Line(buffer, json => Slot(json, service, time, "busy", busy)));
                }
            }
            if (written > MostSlots) TooMany(MostSlots);
            PublishedFile[] files = [locations.End(before, now), schedules.End(before, now), .. slots.Values.Select(file => file.End(before, now))];
            var edition = new Edition(now, files);
            // What says the same is the same.
            return before is not null && before.Tag == edition.Tag ? before : edition;
        }
        finally
        {
            foreach (var file in slots.Values) file.Dispose();
        }
    }

    static ReadOnlySpan<byte> Line(ArrayBufferWriter<byte> buffer, Action<Utf8JsonWriter> write)
    {
        buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(buffer, Plain)) write(json);
        return buffer.WrittenSpan;
    }

    /// <summary>ISO week, as the names of the files have it.</summary>
    static string Week(DateTimeOffset at) => $"{ISOWeek.GetYear(at.DateTime).ToString("0000", CultureInfo.InvariantCulture)}-W{ISOWeek.GetWeekOfYear(at.DateTime).ToString("00", CultureInfo.InvariantCulture)}";

    static string Name(string state) => string.Concat(state.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter.ToString() : $"_{(int)letter:x}"));

    /// <summary>An id as the specification has it: letters, digits, <c>_</c> and <c>.</c>; ids of FHIR have no <c>_</c>, so no two become the same.</summary>
    static string Id(string id) => id.Replace('-', '_');

    /// <summary>A Location; null when it has neither a phone number nor an address, its own or that of who provides the service: nobody could find it.</summary>
    async Task<Place?> Read(string reference, string? organization, CancellationToken stop)
    {
        if (reference.Split('/') is not ["Location", var id] || await store.Read("Location", id, AccessFilter.Everything, stop) is not { IsDeleted: false } stored) return null;
        using var location = FhirJson.Parse(stored.Body);
        using var provider = organization?.Split('/') is ["Organization", var of] && await store.Read("Organization", of, AccessFilter.Everything, stop) is { IsDeleted: false } found ? FhirJson.Parse(found.Body) : null;
        var (own, other) = (location.RootElement, provider?.RootElement ?? default);
        var (phones, address) = (Phones(own) is { Count: > 0 } here ? here : Phones(other), IsWhole(own.At("address")) ? own.At("address") : other.ItemsAt("address").FirstOrDefault(IsWhole));
        if (phones.Count == 0 || !address.Exists() || own.TextAt("name") is not { } name)
        {
            NotPublished(reference);
            return null;
        }
        return new(Id(id), address.TextAt("state"), Line(new(1024), json =>
        {
            json.WriteStartObject();
            json.WriteString("resourceType", "Location");
            json.WriteString("id", Id(id));
            json.WriteString("name", name);
            if (own.TextAt("description") is { } description) json.WriteString("description", description);
            json.WriteStartArray("telecom");
            foreach (var (system, value) in phones)
            {
                json.WriteStartObject();
                json.WriteString("system", system);
                json.WriteString("value", value);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartObject("address");
            json.WriteStartArray("line");
            foreach (var line in address.ItemsAt("line").Select(line => line.AsText()).OfType<string>()) json.WriteStringValue(line);
            json.WriteEndArray();
            foreach (var part in (ReadOnlySpan<string>)["city", "district", "state", "postalCode", "country"])
                if (address.TextAt(part) is { } text) json.WriteString(part, text);
            json.WriteEndObject();
            if (own.At("position").At("latitude") is { ValueKind: JsonValueKind.Number } latitude && own.At("position").At("longitude") is { ValueKind: JsonValueKind.Number } longitude)
            {
                json.WriteStartObject("position");
                json.WritePropertyName("latitude");
                latitude.WriteTo(json);
                json.WritePropertyName("longitude");
                longitude.WriteTo(json);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }).ToArray());
    }

    static List<(string System, string Value)> Phones(JsonElement of)
    {
        var all = of.ItemsAt("telecom").Where(one => one.TextAt("use") != "old").Select(one => (System: one.TextAt("system") ?? "", Value: one.TextAt("value") ?? "")).Where(one => one is { System: "phone" or "url", Value.Length: > 0 }).ToList();
        return all.Exists(one => one.System == "phone") ? all : [];
    }

    static bool IsWhole(JsonElement address) => address.At("line").Exists() && address.TextAt("city") is not null && address.TextAt("postalCode") is not null;

    static void Schedule(Utf8JsonWriter json, Service service, Place place)
    {
        json.WriteStartObject();
        json.WriteString("resourceType", "Schedule");
        json.WriteString("id", Id(service.Id));
        json.WritePropertyName("serviceType");
        if (service.Raw.Types != "[]") json.WriteRawValue(service.Raw.Types);
        else
        {
            json.WriteStartArray();
            json.WriteStartObject();
            json.WriteString("text", service.Name);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (service.Raw.Specialties != "[]")
        {
            json.WritePropertyName("specialty");
            json.WriteRawValue(service.Raw.Specialties);
        }
        json.WriteStartArray("actor");
        json.WriteStartObject();
        json.WriteString("reference", $"Location/{place.Id}");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("comment", service.Name);
        json.WriteEndObject();
    }

    void Slot(Utf8JsonWriter json, Service service, ZonedSpan time, string status, int capacity)
    {
        json.WriteStartObject();
        json.WriteString("resourceType", "Slot");
        json.WriteString("id", $"{unchecked((ulong)service.Key):x16}.{(time.StartUs / 60_000_000).ToString(CultureInfo.InvariantCulture)}.{status[0]}");
        json.WriteStartObject("schedule");
        json.WriteString("reference", $"Schedule/{Id(service.Id)}");
        json.WriteEndObject();
        json.WriteString("status", status);
        json.WriteString("start", time.Start.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
        json.WriteString("end", time.End.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
        json.WriteStartArray("extension");
        if (status == "free")
        {
            json.WriteStartObject();
            json.WriteString("url", Extensions + "booking-deep-link");
            json.WriteString("valueUrl", $"{settings.Base}/appointments/new?service={Uri.EscapeDataString(service.Id)}&from={time.Start.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}");
            json.WriteEndObject();
        }
        json.WriteStartObject();
        json.WriteString("url", Extensions + "slot-capacity");
        json.WriteNumber("valueInteger", capacity);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    [LoggerMessage(LogLevel.Warning, "{Location} is not published: a name, a phone number and an address with line, city and postal code are needed, of the Location or of the Organization that provides the service.")]
    partial void NotPublished(string location);

    [LoggerMessage(LogLevel.Warning, "More than {Most} times could be published; the others are left out.")]
    partial void TooMany(int most);

    /// <inheritdoc/>
    public void Dispose() => writing.Dispose();
}
