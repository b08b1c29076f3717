using Microsoft.AspNetCore.Http;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Files;
using Tervik.Records.Metadata;
using Tervik.Records.Operations;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Records.Rest;

/// <summary>Limits of one request.</summary>
public sealed record RestSettings
{
    /// <summary>Bytes of a request's body.</summary>
    public int LongestBody { get; init; } = 64 << 20;
    /// <summary>Entries of a batch or transaction.</summary>
    public int MostEntries { get; init; } = 50_000;
    /// <summary>Files inside resources.</summary>
    public FileSettings Files { get; init; } = new();
    /// <summary>Of searches; the sizes of pages and the longest query hold for history too.</summary>
    public SearchLimits Search { get; init; } = new();
}

/// <summary>Finds what a request asks for, has it decided, done and logged. HTTP requests and bundle entries take the same way.</summary>
sealed class FhirServer(RecordStore store, SearchEngine searches, SummaryDocuments documents, IAccessControl access, Incoming incoming, FileAdmission admission, RestSettings settings)
{
    readonly Reading reading = new(store, settings);
    readonly Writing writing = new(store, searches, access, incoming);
    readonly Searching searching = new(searches, store);
    readonly MetaOperations meta = new(store, access, incoming);
    readonly CompartmentOperations compartments = new(searches, store, settings);
    readonly SummaryOperation summaries = new(documents, searches, store);
    readonly CapabilityStatements capabilities = new();

    public RestSettings Settings => settings;
    public RecordStore Store => store;
    public SearchEngine Searches => searches;
    public IAccessControl Access => access;
    public Incoming Incoming => incoming;

    delegate ValueTask<RestAnswer> Handler(RestRequest request, Permission permission, Interaction interaction);

    /// <summary>Answers one request.</summary>
    /// <exception cref="FaultException">It cannot be done; the faults say why.</exception>
    public async Task<RestAnswer> Answer(RestRequest request)
    {
        var (interaction, handler) = Route(request);
        var stop = request.Http.RequestAborted;
        var permission = await access.Decide(request.Http, interaction, stop);
        RestAnswer answer;
        try
        {
            if (permission.Refusal is { } refusal) throw new FaultException(refusal);
            answer = await handler(request, permission, interaction);
        }
        catch (FaultException fault) when (interaction.Name != "capabilities")
        {
            await Log(request, permission, interaction, new RestAnswer(OperationOutcomes.Status(fault.Faults[0].Kind)));
            throw;
        }
        if (interaction.Name is not ("capabilities" or "batch" or "transaction")) await Log(request, permission, interaction, answer);
        return answer;
    }

    /// <summary>Decides before the body is read whether it may be sent at all; the decision itself follows, once it is known what it holds.</summary>
    /// <exception cref="FaultException">It may not; the attempt is logged.</exception>
    public async ValueTask Admit(RestRequest request)
    {
        var interaction = request is { Method: "POST", Path: [] } ? new Interaction("batch", null) : Route(request).Item1;
        var permission = await access.Decide(request.Http, interaction, request.Http.RequestAborted);
        if (permission.Refusal is not { } refusal) return;
        // What follows is not waited for.
        if (HttpProtocol.IsHttp11(request.Http.Request.Protocol)) request.Http.Response.Headers.Connection = "close";
        await Log(request, permission, interaction, new RestAnswer(OperationOutcomes.Status(refusal.Kind)));
        throw new FaultException(refusal);
    }

    ValueTask Log(RestRequest request, Permission permission, Interaction interaction, RestAnswer answer)
    {
        var logging = access.Log(Event(request, permission, interaction, answer), request.Http.RequestAborted);
        if (request.Logging is not { } later) return logging;
        later.Add(logging.AsTask());
        return default;
    }

    static AccessEvent Event(RestRequest request, Permission permission, Interaction interaction, RestAnswer answer) =>
        // What somebody asked who may not is no business of the log's readers.
        new(permission.Agent, interaction, request.Query.Count == 0 || permission.Refusal is not null ? null : string.Join('&', request.Query.Select(parameter => $"{parameter.Key}={parameter.Value}")),
            answer.Resources, answer.Status);

    /// <summary>The RESTful API of FHIR R4 as a table: path and method give interaction and handler (http.html#summary).</summary>
    (Interaction, Handler) Route(RestRequest request) => (request.Method, request.Path) switch
    {
        ("GET" or "HEAD", ["metadata"]) => (new("capabilities", null), (r, _, _) => new(capabilities.Answer(r.Base))),
        ("POST", []) => (new(Bundles.Kind(request), null), (r, permission, _) => new Bundles(this).Answer(r, permission)),
        ("GET" or "HEAD", []) => (new("search-system", null), searching.Answer),
        ("POST", ["_search"]) => (new("search-system", null), searching.Answer),
        ("GET" or "HEAD", ["_history"]) => (new("history-system", null), reading.History),
        (_, [var operation]) when operation.StartsWith('$') => Operation(request, operation, null, null),
        (_, [var type, ..]) when Schema.R4.Find(type) is not { Kind: FhirTypeKind.Resource, IsAbstract: false } => throw Unknown(type),
        ("GET" or "HEAD", [var type]) => (new("search-type", type), searching.Answer),
        ("POST", [var type, "_search"]) => (new("search-type", type), searching.Answer),
        ("GET" or "HEAD", [var type, "_history"]) => (new("history-type", type), reading.History),
        ("POST", [var type]) => (new("create", type), writing.Create),
        ("PUT", [var type]) => (new("update", type), writing.ConditionalUpdate),
        ("PATCH", [var type]) => (new("patch", type), writing.ConditionalPatch),
        ("DELETE", [var type]) => (new("delete", type), writing.ConditionalDelete),
        (_, [var type, var operation]) when operation.StartsWith('$') => Operation(request, operation, type, null),
        (_, [_, var id, ..]) when !FhirIds.IsId(id) => throw new FaultException(new Fault(FaultKind.Invalid, "value", "id", $"{id} is no id: 1 to 64 letters, digits, hyphens and dots were expected.")),
        ("GET" or "HEAD", [var type, var id]) => (new("read", type, id), reading.Read),
        ("PUT", [var type, var id]) => (new("update", type, id), writing.Update),
        ("PATCH", [var type, var id]) => (new("patch", type, id), writing.Patch),
        ("DELETE", [var type, var id]) => (new("delete", type, id), writing.Delete),
        ("GET" or "HEAD", [var type, var id, "_history"]) => (new("history-instance", type, id), reading.History),
        ("GET" or "HEAD", [var type, var id, "_history", _]) => (new("vread", type, id), reading.ReadVersion),
        (_, [var type, var id, var operation]) when operation.StartsWith('$') => Operation(request, operation, type, id),
        ("GET" or "HEAD", [_, _, var member]) when IsMember(member) => (new("search-compartment", member == "*" ? null : member), searching.Answer),
        ("POST", [_, _, var member, "_search"]) when IsMember(member) => (new("search-compartment", member == "*" ? null : member), searching.Answer),
        _ => throw new FaultException(new Fault(FaultKind.NotSupported, "not-supported", null, $"{request.Method} is not offered at {string.Join('/', request.Path)}.")),
    };

    (Interaction, Handler) Operation(RestRequest request, string operation, string? type, string? id) => (request.Method, operation, type, id) switch
    {
        ("GET" or "HEAD" or "POST", "$everything", "Patient" or "Encounter", not null) => (new(operation, type, id), compartments.Everything),
        ("GET" or "HEAD" or "POST", "$summary", "Patient", _) => (new(operation, type, id), summaries.Answer),
        ("GET" or "HEAD" or "POST", "$lastn", "Observation", null) => (new(operation, type), compartments.LastN),
        ("POST", "$validate", not null, _) => (new(operation, type, id), (r, _, i) => Validating.Answer(admission, r, i)),
        ("GET" or "HEAD", "$validate", not null, not null) => (new(operation, type, id), (r, _, i) => Validating.Stored(store, access, admission, r, i)),
        ("GET" or "HEAD", "$meta", not null, not null) => (new(operation, type, id), meta.Read),
        ("POST", "$meta-add" or "$meta-delete", not null, not null) => (new(operation, type, id), meta.Change),
        _ => throw new FaultException(new Fault(FaultKind.NotSupported, "not-supported", null, $"{request.Method} {operation} is not offered here. The CapabilityStatement at metadata lists what is.")),
    };

    static FaultException Unknown(string type) => new(new Fault(FaultKind.NotFound, "not-supported", null, $"{type} is not a resource type of FHIR R4."));

    static bool IsMember(string name) => name == "*" || Schema.R4.Find(name) is { Kind: FhirTypeKind.Resource };
}
