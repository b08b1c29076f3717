using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Care.Clinics;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Trust;
using Tervik.Trust.Identity;

namespace Tervik.Care.Booking;

/// <summary>IHE ITI Scheduling 1.0.1: <c>GET</c> and <c>POST /fhir/Appointment/$find</c> [ITI-115], <c>$hold</c> [ITI-116], <c>$book</c> [ITI-117]; <c>$hold</c> of a hold makes it last longer. Existing appointments are searched as everything else is [ITI-118].</summary>
static class SchedulingEndpoints
{
    const int LongestBody = 256 << 10, DefaultCount = 50, LargestCount = 500, LongestText = 2000, LongestKey = 200;
    const string Path = FhirEndpoints.Base + "/Appointment/";

    /// <summary>Maps them, before the general FHIR routes.</summary>
    public static void MapScheduling(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Path + "$find", ["GET", "POST"], Find);
        routes.MapPost(Path + "$hold", Hold);
        routes.MapPost(Path + "$book", Book);
    }

    static Task Find(HttpContext request) => new Desk(request).Answer("$find", desk => desk.Find());
    static Task Hold(HttpContext request) => new Desk(request).Answer("$hold", desk => desk.Hold());
    static Task Book(HttpContext request) => new Desk(request).Answer("$book", desk => desk.Book());

    /// <summary>One request.</summary>
    sealed class Desk(HttpContext request)
    {
        readonly IServiceProvider services = request.RequestServices;
        readonly RecordStore store = request.RequestServices.GetRequiredService<RecordStore>();
        readonly IAccessControl control = request.RequestServices.GetRequiredService<IAccessControl>();
        readonly BookingDesk desk = request.RequestServices.GetRequiredService<BookingDesk>();
        readonly string server = FhirEndpoints.Address(request.Request);
        Principal person = Principal.Nobody;
        Permission permission = null!;
        Interaction interaction = null!;

        CancellationToken Stop => request.RequestAborted;
        string Owner => permission.Agent!;

        /// <summary>An answer and what the log says of it.</summary>
        public sealed record Given(FhirBody Body, IReadOnlyList<AccessedResource> Resources, IReadOnlyList<long> Patients);

        /// <summary>Decides, does, and logs before the answer leaves.</summary>
        public async Task Answer(string operation, Func<Desk, Task<Given>> act)
        {
            interaction = new(operation, "Appointment");
            person = await services.GetRequiredService<Identification>().Of(request, Stop);
            permission = await control.Decide(request, interaction, Stop);
            Given given;
            try
            {
                if (permission.Refusal is { } refusal) throw new FaultException(refusal);
                given = await act(this);
            }
            catch (FaultException fault)
            {
                given = new(FhirBody.Outcome(fault.Faults), [], []);
            }
            catch (Storage.StorageException)
            {
                given = new(FhirBody.Outcome(new Fault(FaultKind.Unavailable, "transient", null, "The calendars cannot be reached now; nothing was booked. Try again.")), [], []);
            }
            await control.Log(new(permission.Agent, interaction, null, given.Resources, given.Body.Status) { Patients = given.Patients }, Stop);
            await given.Body.ExecuteAsync(request);
        }

        public async Task<Given> Find()
        {
            using var sent = await Parameters.Read(request);
            var clock = services.GetRequiredService<TimeProvider>();
            var query = new OfferQuery
            {
                From = sent.Time("start") ?? clock.GetUtcNow(), To = sent.Time("end") ?? (sent.Time("start") ?? clock.GetUtcNow()).AddDays(31),
                Services = [.. sent.References("healthcare-service").Select(reference => reference[(reference.IndexOf('/', StringComparison.Ordinal) + 1)..])],
                Types = sent.Texts("visit-type"), Specialties = sent.Texts("specialty"), Organizations = sent.References("organization"), Actors = sent.References("practitioner"), Places = sent.References("location-reference"),
                Languages = sent.Texts("language"), IsStaff = person.Kind != PrincipalKind.Patient, HasReferral = sent.Has("referral-identifier") || sent.Has("referral-reference"), Count = sent.Number("_count", DefaultCount, LargestCount),
                IsVideo = sent.Text("video") switch { null => null, "true" => true, "false" => false, var other => throw Parameters.Unknown("video", other, "true or false") },
                TimeOfDay = (sent.Minute("time-from", 0), sent.Minute("time-to", 24 * 60)),
                After = sent.Text("_after") is { } after ? OfferId.Parse(after) ?? throw Parameters.Unknown("_after", after, "the id of a proposed appointment") : null,
            };
            if (query.To <= query.From) throw new FaultException(new Fault(FaultKind.Invalid, "value", "end", "The end lies before the start."));
            sent.RefuseOthers("start", "end", "healthcare-service", "visit-type", "specialty", "organization", "practitioner", "location-reference", "language", "referral-identifier", "referral-reference", "_count", "video", "time-from", "time-to", "_after", "patient-reference", "_format", "_pretty");
            var page = await services.GetRequiredService<Offers>().Find(query, Stop);
            var next = page.HasMore && page.Offers.Count > 0 ? sent.Link($"{server}/Appointment/$find", page.Offers[^1].Id) : null;
            return new(Bundle(page.Offers.Select(offer => ($"{server}/Appointment/{offer.Id}", AppointmentJson.Write(offer, offer.Id, "proposed", null, null, null))), page.Total, sent.Link($"{server}/Appointment/$find", null), next), [], []);
        }

        public async Task<Given> Hold()
        {
            using var sent = await Parameters.Read(request);
            sent.RefuseOthers("appointment-reference", "patient-reference", "referral-reference", "comment");
            var id = sent.Appointment();
            var wish = await Wish(sent);
            if (OfferId.Parse(id) is { } offer)
            {
                await DemandMayBook(offer, wish);
                return Answered(await desk.Hold(offer, wish, Owner, Key(), Stop), wish);
            }
            return Answered(await desk.Extend(id, wish, Owner, Stop), wish);
        }

        public async Task<Given> Book()
        {
            using var sent = await Parameters.Read(request);
            sent.RefuseOthers("appointment-reference", "appointment-resource", "patient-reference", "referral-reference", "comment", "new-appointment-reference");
            if (sent.Resource("appointment-resource") is { ValueKind: JsonValueKind.Object } changed && changed.TextAt("id") is { } existing && OfferId.Parse(existing) is null && changed.TextAt("status") is "cancelled" or "entered-in-error")
                return await Cancel(existing, changed);
            var id = sent.Appointment();
            if (sent.Reference("new-appointment-reference") is { } to) return await Move(id, to);
            var wish = await Wish(sent);
            if (OfferId.Parse(id) is { } offer)
            {
                await DemandMayBook(offer, wish);
                return Answered(await desk.Book(offer, wish, Owner, Key(), Stop), wish);
            }
            return Answered(await desk.BookHeld(id, wish, Owner, Stop), wish);
        }

        async Task<Given> Cancel(string id, JsonElement sent)
        {
            var stored = await Existing(id);
            var reason = sent.At("cancelationReason") is { ValueKind: JsonValueKind.Object } said ? JsonNode.Parse(said.GetRawText())!.AsObject() : null;
            return Of(await desk.Cancel(stored, reason, Stop), store.CompartmentsOf(stored));
        }

        async Task<Given> Move(string id, string to)
        {
            var stored = await Existing(id);
            var offer = OfferId.Parse(IdIn(to)) ?? throw new FaultException(new Fault(FaultKind.Invalid, "value", "new-appointment-reference", "A proposed appointment of $find was expected."));
            await DemandMayBook(offer, null);
            return Of(await desk.Move(stored, offer, Stop), store.CompartmentsOf(stored));
        }

        /// <summary>An appointment that the caller may see and change; what may not be seen never was.</summary>
        async Task<StoredResource> Existing(string id)
        {
            if (await store.Read("Appointment", id, permission.Filter, Stop) is not { IsDeleted: false } stored) throw new FaultException(new Fault(FaultKind.NotFound, "not-found", "appointment-reference", $"There is no Appointment/{id}."));
            if (control.MayWrite(permission, interaction, [.. store.CompartmentsOf(stored)]) is { } refusal) throw new FaultException(refusal);
            using var json = FhirJson.Parse(stored.Body);
            return json.RootElement.TextAt("status") is "booked" or "pending" or "proposed" or "waitlist" ? stored
                : throw new FaultException(new Fault(FaultKind.Unprocessable, "business-rule", "Appointment.status", $"This appointment is {json.RootElement.TextAt("status")}: it can no longer be changed."));
        }

        /// <summary>For whom: the caller, where nobody is named.</summary>
        async Task<BookingWish> Wish(Parameters sent)
        {
            var patient = sent.Reference("patient-reference") ?? (person.Kind == PrincipalKind.Patient ? person.LaunchPatient ?? person.Agent : null)
                ?? throw new FaultException(new Fault(FaultKind.Invalid, "required", "patient-reference", "For whom is the appointment? A reference to a Patient was expected."));
            if (patient.Split('/') is not ["Patient", { Length: > 0 } id]) throw Parameters.Unknown("patient-reference", patient, "Patient/id");
            // The same words whether there is such a patient or not.
            if (control.MayWrite(permission, interaction, [store.Keys.Reference(patient)]) is { } refusal) throw new FaultException(refusal);
            if (await store.Read("Patient", id, permission.Filter, Stop) is not { IsDeleted: false }) throw new FaultException(new Fault(FaultKind.Unprocessable, "not-found", "patient-reference", $"There is no {patient}."));
            var comment = sent.Text("comment");
            if (comment?.Length > LongestText) throw new FaultException(new Fault(FaultKind.Unprocessable, "too-long", "comment", $"A comment has at most {LongestText} characters."));
            return new(patient, null, sent.Reference("referral-reference"), comment, Owner);
        }

        async Task DemandMayBook(OfferId offer, BookingWish? wish)
        {
            if (await desk.WhyNot(offer, wish, person.Kind == PrincipalKind.Patient, permission.Filter, Stop) is { } why) throw new FaultException(why);
        }

        string? Key() => request.Request.Headers["Idempotency-Key"].ToString() switch
        {
            "" => null,
            { Length: > LongestKey } => throw new FaultException(new Fault(FaultKind.Invalid, "too-long", "Idempotency-Key", $"A key has at most {LongestKey} characters.")),
            var key => key,
        };

        Given Answered(BookingResult result, BookingWish wish) => Of(result, [store.Keys.Reference(wish.Patient)]);

        Given Of(BookingResult result, IReadOnlyList<long> patients)
        {
            if (result.IsDone)
            {
                if (result.Stored is { } stored) request.Response.Headers.ETag = $"W/\"{stored.Version}\"";
                return new(Bundle([($"{server}/Appointment/{result.Id}", result.Appointment)], 1, null, null), [new($"Appointment/{result.Id}", patients)], patients);
            }
            var fault = result.Outcome switch
            {
                BookingOutcome.Taken => new Fault(FaultKind.Conflict, "conflict", "appointment-reference", result.Alternatives.Count > 0 ? "Somebody else has this time. What else could be had is in this Bundle." : "Somebody else has this time."),
                BookingOutcome.Gone => new Fault(FaultKind.NotFound, "not-found", "appointment-reference", "There is no such offer or hold, or it has ended. Look for appointments again."),
                BookingOutcome.ReferralHeld => new Fault(FaultKind.Conflict, "business-rule", "referral-reference", "An appointment is held for this referral already."),
                BookingOutcome.ReferralBooked => new Fault(FaultKind.Conflict, "business-rule", "referral-reference", "This referral has an appointment already: move that one, or cancel it first."),
                BookingOutcome.TooManyHolds => new Fault(FaultKind.Conflict, "business-rule", null, "As many appointments are held by this caller as one may hold at a time."),
                BookingOutcome.TooManyExtensions => new Fault(FaultKind.Conflict, "business-rule", "appointment-reference", "This hold was made longer as often as one may."),
                _ => new Fault(FaultKind.Conflict, "duplicate", "Idempotency-Key", "This key was used for something else."),
            };
            // IHE: only an OperationOutcome says why. What else could be had comes with it.
            return new(Bundle([($"urn:uuid:{Guid.NewGuid()}", OperationOutcomes.Json([fault with { Severity = "fatal" }])), .. result.Alternatives.Select(offer => ($"{server}/Appointment/{offer.Id}", AppointmentJson.Write(offer, offer.Id, "proposed", null, null, null)))],
                result.Alternatives.Count, null, null, OperationOutcomes.Status(fault.Kind)), [], patients);
        }

        static FhirBody Bundle(IEnumerable<(string Address, byte[] Resource)> entries, int total, string? self, string? next, int status = StatusCodes.Status200OK) => FhirBody.Of(json =>
        {
            json.WriteStartObject();
            json.WriteString("resourceType", "Bundle");
            json.WriteString("type", "searchset");
            json.WriteNumber("total", total);
            json.WriteStartArray("link");
            foreach (var (relation, url) in ((string, string?)[])[("self", self), ("next", next)])
            {
                if (url is null) continue;
                json.WriteStartObject();
                json.WriteString("relation", relation);
                json.WriteString("url", url);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("entry");
            foreach (var (address, resource) in entries)
            {
                json.WriteStartObject();
                json.WriteString("fullUrl", address);
                json.WritePropertyName("resource");
                json.WriteRawValue(resource, skipInputValidation: true);
                json.WriteStartObject("search");
                json.WriteString("mode", resource.AsSpan().StartsWith("{\"resourceType\":\"OperationOutcome\""u8) ? "outcome" : "match");
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }, status);
    }

    static string IdIn(string reference) => reference[(reference.LastIndexOf('/') + 1)..];

    /// <summary>What was sent: a Parameters resource, or a query.</summary>
    sealed class Parameters : IDisposable
    {
        readonly JsonDocument? document;
        readonly List<(string Name, string? Text, JsonElement Json)> all = [];

        Parameters(JsonDocument? document) => this.document = document;

        public static async Task<Parameters> Read(HttpContext request)
        {
            // All of it may stand in the address.
            if (!HttpMethods.IsPost(request.Request.Method) || request.Request.ContentLength is null or 0 && !FhirBody.IsJson(request.Request)) return OfQuery(request);
            var document = await FhirBody.Sent(request, LongestBody, "Parameters", $"Parameters have at most {LongestBody} bytes.");
            var read = new Parameters(document);
            try
            {
                if (document.RootElement.TextAt("resourceType") != "Parameters") throw new FaultException(new Fault(FaultKind.Invalid, "value", "resourceType", "A Parameters resource was expected."));
                foreach (var parameter in document.RootElement.ItemsAt("parameter"))
                {
                    var name = parameter.TextAt("name") ?? throw new FaultException(new Fault(FaultKind.Invalid, "required", "Parameters.parameter.name", "Each parameter has a name."));
                    var value = parameter.ValueKind == JsonValueKind.Object ? parameter.EnumerateObject().FirstOrDefault(member => member.Name.StartsWith("value", StringComparison.Ordinal) || member.Name == "resource").Value : default;
                    read.all.Add((name, value.ValueKind == JsonValueKind.Object ? value.TextAt("reference") : value.AsText(), value));
                }
                return read;
            }
            catch
            {
                read.Dispose();
                throw;
            }
        }

        static Parameters OfQuery(HttpContext request)
        {
            var read = new Parameters(null);
            foreach (var (name, values) in request.Request.Query)
                foreach (var value in values) read.all.Add((name, value, default));
            return read;
        }

        public bool Has(string name) => all.Exists(one => one.Name == name);
        public string? Text(string name) => all.Find(one => one.Name == name).Text;
        public IReadOnlyList<string> Texts(string name) => [.. all.Where(one => one.Name == name).Select(one => one.Text).OfType<string>()];
        public JsonElement Resource(string name) => all.Find(one => one.Name == name).Json;

        /// <summary>A reference, whichever way it is addressed.</summary>
        public string? Reference(string name) => References(name) is [var first, ..] ? first : null;
        public IReadOnlyList<string> References(string name) => [.. Texts(name).Select(text => text.Split('/') is [.., var type, var id] && type.Length > 0 && id.Length > 0 ? $"{type}/{id}" : throw Unknown(name, text, "a reference, Type/id"))];

        /// <summary>The id of the Appointment that is meant, by reference or as a resource.</summary>
        public string Appointment() => Text("appointment-reference") is { } reference ? IdIn(reference) : Resource("appointment-resource").TextAt("id")
            ?? throw new FaultException(new Fault(FaultKind.Invalid, "required", "appointment-reference", "Which appointment? A reference to one that $find proposed, or that is held, was expected."));

        public DateTimeOffset? Time(string name) => Text(name) is not { } text ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw Unknown(name, text, "a date or a time, such as 2026-12-01T08:00:00+02:00");

        public int Number(string name, int otherwise, int largest) => Text(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 0, largest) : throw Unknown(name, text, "a whole number");

        public int Minute(string name, int otherwise) => Text(name) is not { } text ? otherwise
            : TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time) ? (time.Hour * 60) + time.Minute : throw Unknown(name, text, "a time of day, such as 14:30");

        public void RefuseOthers(params ReadOnlySpan<string> known)
        {
            foreach (var (name, text, _) in all)
                if (!known.Contains(name)) throw Unknown(name, text, string.Join(", ", known.ToArray()));
        }

        /// <summary>The same question as an address, for pages.</summary>
        public string Link(string address, string? after) =>
            address + QueryString.Create([.. all.Where(one => one.Name != "_after" && one.Text is not null).Select(one => KeyValuePair.Create(one.Name, one.Text)), .. after is null ? [] : (KeyValuePair<string, string?>[])[new("_after", after)]]);

        public static FaultException Unknown(string name, string? value, string expected) => new(new Fault(FaultKind.Invalid, "not-supported", name, $"{name}={value} is not understood; expected {expected}."));

        public void Dispose() => document?.Dispose();
    }
}
