using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Records.Search;
using Tervik.Records.Validation;
using Tervik.Trust.Decision;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Consent;

/// <summary>The choices of patients as FHIR Consent, for themselves and for applications they allowed it:
/// <c>GET /fhir/Consent?_tag=urn:tervik:consent|choice</c>, <c>GET</c> and <c>PUT /fhir/Consent/choice-…</c>, <c>POST /fhir/Consent</c>.</summary>
/// <remarks>To everybody else there are no such Consents, in the words for what never was: that something is hidden is hidden too (EHDS, article 8).
/// Consents that others bring into the record, as documents, are the record's.</remarks>
static class ConsentEndpoints
{
    const string Path = "/fhir/Consent";
    const int LongestBody = 64 << 10, DefaultCount = 50, LargestCount = 500;

    /// <summary>Maps them, before the general FHIR routes: a request that is not about choices goes on to these.</summary>
    public static void MapConsents(this WebApplication app) => app.Use((request, next) =>
        request.Request.Path.StartsWithSegments(Path, StringComparison.Ordinal, out var rest) ? AnswerOrGoOn(request, rest.Value ?? "", next) : next(request));

    static async Task AnswerOrGoOn(HttpContext request, string rest, RequestDelegate next)
    {
        if (await Answer(request, rest) is { } answer) await answer.ExecuteAsync(request);
        else await next(request);
    }

    static async ValueTask<IResult?> Answer(HttpContext request, string rest)
    {
        var (method, id) = (request.Request.Method, rest.StartsWith('/') ? rest[1..] : null);
        var isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        var isChoice = id is not null && id.StartsWith(ConsentJson.IdPrefix, StringComparison.Ordinal) && !id.Contains('/');
        if (!(isChoice && (isRead || HttpMethods.IsPut(method)) || string.IsNullOrEmpty(id) && (HttpMethods.IsPost(method) || isRead && IsAboutChoices(request.Request.Query)))) return null;
        var services = request.RequestServices;
        var person = await services.GetRequiredService<Identification>().Of(request, request.RequestAborted);
        // The patients themselves; and of an application, no more than it was granted, whole.
        if (person is not { Kind: PrincipalKind.Patient, Agent: { } patient } || person.LaunchPatient is { } launch && launch != patient) return null;
        if (person.Granted is { } granted && !granted.Any(scope => scope.Type is "*" or "Consent" && scope.Criteria.Count == 0)) return null;
        var desk = new Desk(request, person, patient, services);
        if (!isChoice) return isRead ? await desk.Answer(new("search-type", "Consent"), desk.Search) : await desk.Answer(new("create-own", "Consent"), desk.Create);
        if (await services.GetRequiredService<Sharing>().Find(id![ConsentJson.IdPrefix.Length..], patient, request.RequestAborted) is not { } choice) return null;
        return isRead ? await desk.Answer(new("read", "Consent", id), () => desk.Read(choice)) : await desk.Answer(new("update-own", "Consent", id), () => desk.End(choice));
    }

    static bool IsAboutChoices(IQueryCollection query) => query["_tag"].Any(tag => tag is $"{ConsentJson.TagSystem}|{ConsentJson.TagCode}");

    /// <summary>One request about the choices of one patient.</summary>
    sealed class Desk(HttpContext request, Principal person, string patient, IServiceProvider services)
    {
        readonly IAccessControl control = services.GetRequiredService<IAccessControl>();
        readonly Sharing sharing = services.GetRequiredService<Sharing>();
        readonly RecordStore store = services.GetRequiredService<RecordStore>();
        readonly long nowUs = services.GetRequiredService<TimeProvider>().NowUs();
        readonly string server = FhirEndpoints.Address(request.Request);

        CancellationToken Stop => request.RequestAborted;

        /// <summary>An answer and what it gives out.</summary>
        public sealed record Given(FhirBody Body, IReadOnlyList<SharingChoice> Choices, string? Query = null);

        /// <summary>Decides, does, and logs before the answer leaves.</summary>
        public async Task<IResult> Answer(Interaction interaction, Func<Task<Given>> act)
        {
            var compartment = store.Keys.Reference(patient);
            var permission = await control.Decide(request, interaction, Stop);
            Given given;
            try
            {
                if (permission.Refusal is { } refusal) throw new FaultException(refusal);
                if (Policy.Writes(interaction.Name) && control.MayWrite(permission, interaction, [compartment]) is { } notHere) throw new FaultException(notHere);
                given = await act();
            }
            catch (FaultException fault)
            {
                given = new(FhirBody.Outcome(fault.Faults), []);
            }
            await control.Log(new(permission.Agent, interaction, given.Query, [.. given.Choices.Select(choice => new AccessedResource($"Consent/{ConsentJson.Id(choice)}", [compartment]))], given.Body.Status), Stop);
            return given.Body;
        }

        public Task<Given> Read(SharingChoice choice) => Task.FromResult(Show(choice, StatusCodes.Status200OK));

        Given Show(SharingChoice choice, int status)
        {
            request.Response.Headers.ETag = Tag(choice);
            return new(new(request.Request.Headers["Prefer"].ToString().Contains("return=minimal", StringComparison.OrdinalIgnoreCase) && status != StatusCodes.Status200OK ? default : ConsentJson.Resource(choice, nowUs), status), [choice]);
        }

        public async Task<Given> Search()
        {
            var (query, count, after) = (request.Request.Query, DefaultCount, (string?)null);
            IEnumerable<SharingChoice> found = await sharing.Of(patient, Stop);
            foreach (var (name, value) in query.SelectMany(parameter => parameter.Value.Select(value => (parameter.Key, value ?? ""))))
            {
                switch (name)
                {
                    case "patient":
                        if (value != patient && $"Patient/{value}" != patient) found = [];
                        break;
                    case "status":
                        found = found.Where(choice => value.Split(',').Contains(choice.HoldsAt(nowUs) ? "active" : "inactive"));
                        break;
                    case "_id":
                        found = found.Where(choice => value.Split(',').Contains(ConsentJson.Id(choice)));
                        break;
                    case "_count":
                        count = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 0, LargestCount) : throw Unknown(name, value, "a whole number");
                        break;
                    case "_after":
                        after = value;
                        break;
                    case "_tag":
                        if (value != $"{ConsentJson.TagSystem}|{ConsentJson.TagCode}") found = [];
                        break;
                    case "_format" or "_pretty": break;
                    default: throw Unknown(name, value, "patient, status, _id, _tag, _count");
                }
            }
            var all = found.ToList();
            var rest = after is null ? all : all[(all.FindIndex(choice => choice.Id == after) + 1)..];
            var page = rest.Take(count).ToList();
            var address = $"{server}/Consent";
            List<(string, string)> links = [("self", address + request.Request.QueryString)];
            if (page.Count > 0 && rest.Count > page.Count) links.Add(("next", address + QueryString.Create(query.Where(parameter => parameter.Key != "_after")).Add("_after", page[^1].Id)));
            return new(new(ConsentJson.Found(page, all.Count, links, server, nowUs)), page, request.Request.QueryString.Value!.TrimStart('?'));
        }

        public async Task<Given> Create()
        {
            StepUpOrRefuse();
            var id = Guid.CreateVersion7().ToString("N");
            var choice = await Sent(id);
            if (request.Request.Headers.ContainsKey("If-None-Exist")) throw new FaultException(new Fault(FaultKind.NotSupported, "not-supported", "If-None-Exist", "Choices are not made by condition: one about the same part and person takes the place of the one before."));
            if (!await IsSomebody(choice.Actor)) throw new FaultException(new Fault(FaultKind.Unprocessable, "not-found", "Consent.provision.actor", $"{choice.Actor} is nobody in the directory; a Practitioner, an Organization or the role of one was expected."));
            if (!await sharing.Make(id, choice.Kind, patient, choice.Actor, choice.EndsUs, Stop, choice.What))
                throw new FaultException(new Fault(FaultKind.Unprocessable, "not-found", "Consent.provision.data", "There is no such entry in this record."));
            var made = await sharing.Find(id, patient, Stop) ?? choice;
            request.Response.Headers.Location = $"{server}/Consent/{ConsentJson.Id(made)}/_history/1";
            return Show(made, StatusCodes.Status201Created);
        }

        /// <summary>Ends a choice: the same Consent, no longer active. What else it says is not changed, so that the past stays as it was.</summary>
        public async Task<Given> End(SharingChoice choice)
        {
            StepUpOrRefuse();
            if (request.Request.Headers.IfMatch.ToString() is { Length: > 0 } tag && tag != Tag(choice))
                throw new FaultException(new Fault(FaultKind.PreconditionFailed, "conflict", "If-Match", $"The current version is {ConsentJson.Version(choice)}, not {tag}. Read it again and repeat the change."));
            using var json = await Body();
            if (!json.RootElement.TryGetProperty("id"u8, out var id) || id.GetString() != ConsentJson.Id(choice)) throw new FaultException(new Fault(FaultKind.Invalid, "value", "Consent.id", $"The resource has another id than the address, {ConsentJson.Id(choice)}."));
            if (json.RootElement.GetProperty("status"u8).GetString() is not ("inactive" or "rejected" or "entered-in-error"))
                throw new FaultException(new Fault(FaultKind.Unprocessable, "business-rule", "Consent.status", "A choice is ended, not changed: send it with the status inactive, and make another."));
            await sharing.End(choice.Id, patient, Stop);
            return Show(await sharing.Find(choice.Id, patient, Stop) ?? choice, StatusCodes.Status200OK);
        }

        /// <summary>As in the portal, whoever changes what is shared has lately shown who they are (RFC 9470).</summary>
        void StepUpOrRefuse()
        {
            if (!StepUp.IsNeeded(person, SensitiveAction.ChangeSharing, nowUs)) return;
            var (least, within) = StepUp.Of(SensitiveAction.ChangeSharing);
            request.Response.Headers.WWWAuthenticate = string.Create(CultureInfo.InvariantCulture,
                $"Bearer error=\"insufficient_user_authentication\", error_description=\"Sign in again to change what is shared\", acr_values=\"{least.ToString().ToLowerInvariant()}\", max_age=\"{within.TotalSeconds:0}\"");
            throw new FaultException(new Fault(FaultKind.Unauthenticated, "login", "Authorization", "Changing what is shared needs a sign-in of the last half hour with two factors: let the patient allow this application again."));
        }

        async Task<SharingChoice> Sent(string id)
        {
            using var json = await Body();
            if (json.RootElement.GetProperty("status"u8).GetString() != "active") throw new FaultException(new Fault(FaultKind.Unprocessable, "business-rule", "Consent.status", "A choice that is made is active."));
            var choice = ConsentJson.Read(json.RootElement, id, nowUs);
            return choice.Patient == patient ? choice : throw new FaultException(new Fault(FaultKind.Forbidden, "forbidden", "Consent.patient", "Patients make choices about their own record alone."));
        }

        /// <summary>A valid Consent. The caller disposes it.</summary>
        async Task<System.Text.Json.JsonDocument> Body()
        {
            var json = await FhirBody.Sent(request, LongestBody, "Choices", $"A choice has at most {LongestBody} bytes.");
            try
            {
                var resource = Node.Resource(json.RootElement);
                if (resource.Type.Name != "Consent") throw new FaultException(new Fault(FaultKind.Invalid, "value", "resourceType", $"A {resource.Type.Name} was sent to Consent."));
                var faults = ResourceValidator.Validate(resource, ValidationDepth.Invariants).Where(fault => fault.Severity is "error" or "fatal").ToList();
                return faults.Count == 0 ? json : throw new FaultException(faults);
            }
            catch
            {
                json.Dispose();
                throw;
            }
        }

        async ValueTask<bool> IsSomebody(string actor)
        {
            if (actor == SharingChoice.Everybody) return true;
            if (actor.Split('/') is [("Practitioner" or "Organization") and var type, var id]) return await store.Read(type, id, AccessFilter.Everything, Stop) is { IsDeleted: false };
            var role = actor["role ".Length..].Split('|');
            return (await services.GetRequiredService<SearchEngine>().Search(new("PractitionerRole", [new("role", $"{SearchSyntax.Escape(role[0])}|{SearchSyntax.Escape(role[1])}"), new("_count", "1")], Strict: true), AccessFilter.Everything, Stop)).Matches.Count > 0;
        }

        static string Tag(SharingChoice choice) => $"W/\"{ConsentJson.Version(choice)}\"";
        static FaultException Unknown(string name, string value, string expected) => new(new Fault(FaultKind.Invalid, "not-supported", name, $"{name}={value} is not understood of choices; expected {expected}."));
    }
}
