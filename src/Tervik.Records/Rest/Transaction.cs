using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Model;
using Tervik.Records.Patch;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Records.Rest;

/// <summary>A transaction: identities first, then references, then all writes in one commit, then its reads (http.html#trules).</summary>
sealed class Transaction(FhirServer server)
{
    const int MostAttempts = 5;

    readonly RecordStore store = server.Store;
    readonly Incoming incoming = server.Incoming;

    /// <summary>What an entry turned into.</summary>
    sealed class Plan(BundleEntry entry, Interaction interaction, Permission permission)
    {
        public BundleEntry Entry => entry;
        public RestRequest Request => entry.Request;
        public Interaction Interaction => interaction;
        public Permission Permission => permission;
        /// <summary>Type and id it will have or has; null for a conditional delete that finds nothing.</summary>
        public string? Id { get; set; }
        /// <summary>What is there before, as the caller of the store sees it; deleted counts as nothing.</summary>
        public StoredResource? Existing { get; set; }
        /// <summary>A conditional create that found something: nothing is written.</summary>
        public bool IsMet { get; set; }
        public Write? Write { get; set; }
        /// <summary>What a conditional entry may find.</summary>
        public AccessFilter? Findable { get; init; }
        /// <summary>What the caller may read, for a patch.</summary>
        public AccessFilter? Readable { get; init; }
        /// <summary>What a conditional entry looks for.</summary>
        public string? Criteria { get; set; }
        public string Name => $"{interaction.Type}/{Id}";
    }

    public async Task<RestAnswer> Answer(RestRequest request, List<JsonElement> sent)
    {
        var entries = sent.Select((entry, index) => Bundles.Read(request, entry, index)).ToList();
        var plans = new List<Plan>();
        foreach (var entry in entries)
            if (entry.Request.Method is not ("GET" or "HEAD")) plans.Add(await Decided(entry));
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            foreach (var entry in entries)
                if (entry.Request.Method is "GET" or "HEAD") await CheckRead(entry, plans);
            if (await TryCommit(plans, request.Http.RequestAborted) is { } answers)
            {
                // Reads come last and see what was written.
                foreach (var entry in entries)
                    if (entry.Request.Method is "GET" or "HEAD") answers[entry.Index] = await Read(entry);
                return Bundles.Response("transaction-response", [.. entries.Select(entry => answers[entry.Index])]);
            }
        }
        throw new FaultException(new Fault(FaultKind.Conflict, "conflict", null, "Others change the same resources all the time; nothing was written. Try again."));
    }

    /// <summary>A read that will fail fails the transaction, so that nothing is written: all entries succeed, or none.</summary>
    async Task CheckRead(BundleEntry entry, List<Plan> plans)
    {
        var request = entry.Request;
        if (request.Path is [var searched] && Schema.R4.Find(searched) is { Kind: FhirTypeKind.Resource } && request.Parameter("_cursor") is null)
            try
            {
                server.Searches.Check(Searching.Read(request, searched));
            }
            catch (FaultException fault)
            {
                throw new FaultException([.. fault.Faults.Select(one => Incoming.Located(one, entry.Where))]);
            }
        if (request.Path is not [var type, var id] || !FhirIds.IsId(id) || Schema.R4.Find(type) is not { Kind: FhirTypeKind.Resource }) return;
        var change = plans.Find(plan => plan.Interaction.Type == type && plan.Interaction.Id == id);
        var decided = await server.Access.Decide(request.Http, new("read", type, id), request.Http.RequestAborted);
        var isThere = change is not null ? change.Request.Method != "DELETE" : await store.Read(type, id, decided.Filter, request.Http.RequestAborted) is { IsDeleted: false };
        if (!isThere) throw new FaultException(Incoming.Located(Reading.Absent(new("read", type, id)).Faults[0], entry.Where));
    }

    async Task<Plan> Decided(BundleEntry entry)
    {
        var interaction = InteractionOf(entry);
        var own = await server.Access.Decide(entry.Request.Http, interaction, entry.Request.Http.RequestAborted);
        if (own.Refusal is { } refusal) throw new FaultException(Incoming.Located(refusal, entry.Request.Entry));
        var isConditional = entry.Request.Method == "POST" ? entry.Request.IfNoneExist is not null : interaction.Id is null;
        return new(entry, interaction, own)
        {
            Findable = isConditional ? await Writing.Findable(server.Access, entry.Request, interaction.Type) : null,
            Readable = entry.Request.Method == "PATCH" ? await Writing.Readable(server.Access, entry.Request, interaction, "A patch shows what was there") : null,
        };
    }

    static Interaction InteractionOf(BundleEntry entry)
    {
        var (request, where) = (entry.Request, $"{entry.Request.Entry}.request.url");
        if (Schema.R4.Find(request.Path[0]) is not { Kind: FhirTypeKind.Resource, IsAbstract: false }) throw Bundles.Bad(where, $"{request.Path[0]} is not a resource type of FHIR R4.");
        if (request.Path is [_, var id] && !FhirIds.IsId(id)) throw Bundles.Bad(where, $"{id} is no id.");
        return (request.Method, request.Path) switch
        {
            ("POST", [var type]) => new("create", type),
            ("PUT", [var type]) => new("update", type),
            ("PUT", [var type, var known]) => new("update", type, known),
            ("PATCH", [var type, ..]) when request.Path.Length <= 2 => new("patch", type, request.Path.ElementAtOrDefault(1)),
            ("DELETE", [var type, ..]) when request.Path.Length <= 2 => new("delete", type, request.Path.ElementAtOrDefault(1)),
            _ => throw Bundles.Bad(where, $"{request.Method} {string.Join('/', request.Path)} cannot be part of a transaction."),
        };
    }

    /// <summary>One attempt.</summary>
    /// <returns>Answers by index; null when something changed between looking and writing.</returns>
    async Task<Dictionary<int, RestAnswer>?> TryCommit(List<Plan> plans, CancellationToken stop)
    {
        var guards = new List<Guard>();
        await store.Database.Read(async session =>
        {
            foreach (var plan in plans) await Identify(plan, session, guards, stop);
            return 0;
        }, stop);
        CheckIdentities(plans);
        await Rewrite(plans, stop);
        // The order of the specification: DELETE, POST, PUT and PATCH.
        var ordered = plans.Where(plan => plan.Write is not null).OrderBy(plan => plan.Request.Method switch { "DELETE" => 0, "POST" => 1, _ => 2 }).ToList();
        var result = await store.Commit(ordered.ConvertAll(plan => plan.Write!), guards, stop);
        if (result.Outcome != CommitOutcome.Done) return null;
        var stored = ordered.Zip(result.Results).ToDictionary(pair => pair.First, pair => pair.Second);
        // Together, so that they share a commit.
        await Task.WhenAll(plans.Select(plan => server.Access.Log(new(plan.Permission.Agent, plan.Interaction with { Id = plan.Id }, null,
            (stored.GetValueOrDefault(plan) ?? plan.Existing) is { } version ? AccessedResource.Of(store, [version]) : [], 200), stop).AsTask()));
        var answers = new Dictionary<int, RestAnswer>();
        foreach (var plan in plans) answers[plan.Entry.Index] = await Answer(plan, stored.GetValueOrDefault(plan));
        return answers;
    }

    /// <summary>Finds or makes the identity of an entry.</summary>
    async ValueTask Identify(Plan plan, Storage.Session session, List<Guard> guards, CancellationToken stop)
    {
        var (request, type) = (plan.Request, plan.Interaction.Type!);
        (plan.IsMet, plan.Existing, plan.Write) = (false, null, null);
        plan.Id = plan.Interaction.Id;
        var criteria = request.Method == "POST" ? request.IfNoneExist is { } text ? RestRequest.ParseQuery(text) : null : plan.Id is null ? request.Query : null;
        if (criteria is not null)
        {
            plan.Criteria = string.Join('&', criteria.Select(one => $"{one.Key}={one.Value}").Order(StringComparer.Ordinal));
            var search = Writing.Criteria(type, criteria, $"{request.Entry}.request").Search;
            var found = await server.Searches.Match(session, search, plan.Findable!, stop);
            if (found.Count > 1) throw new FaultException(new Fault(FaultKind.PreconditionFailed, "multiple-matches", $"{request.Entry}.request", $"Several resources of {type} meet the criteria; one at most was expected."));
            guards.Add(Writing.Guard(server.Searches, search, plan.Findable!, (found.Count == 1 ? found[0].Id : null)));
            plan.Id = (found.Count == 1 ? found[0].Id : null);
            plan.IsMet = request.Method == "POST" && plan.Id is not null;
            if (request.Method == "PATCH" && plan.Id is null) throw new FaultException(new Fault(FaultKind.NotFound, "not-found", $"{request.Entry}.request.url", $"Nothing of {type} meets the criteria."));
        }
        if (plan.Id is null && request.Method is "POST" or "PUT" && !plan.IsMet) plan.Id ??= request.Method == "PUT" && SentId(request) is { } sent ? sent : Incoming.NewId();
        if (plan.Id is not null && request.Method != "POST" || plan.IsMet)
            plan.Existing = await store.Read(session, type, plan.Id!, plan.Permission.Filter) is { IsDeleted: false } existing ? existing : null;
        if (plan is { Readable: { } readable, Existing: { } patched } && (await store.Visible(session, [patched], readable)).Count == 0) plan.Existing = null;
    }

    static string? SentId(RestRequest request)
    {
        using var json = FhirJson.Parse(request.Body);
        return Incoming.IdOf(json.RootElement);
    }

    static void CheckIdentities(List<Plan> plans)
    {
        var seen = new Dictionary<string, Plan>(StringComparer.Ordinal);
        var (urls, seenCriteria) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var plan in plans)
        {
            if (plan.Id is not null && !plan.IsMet && !seen.TryAdd(plan.Name, plan))
                throw Bundles.Bad(plan.Request.Entry, $"{plan.Name} is changed by another entry too ({seen[plan.Name].Request.Entry}); a transaction changes each resource once.");
            // Two entries that look for the same resource mean the same one, even when it does not exist yet.
            if (plan.Criteria is { } criteria && !seenCriteria.Add($"{plan.Interaction.Type}?{criteria}"))
                throw Bundles.Bad(plan.Request.Entry, $"Another entry has the criteria {criteria} too; a transaction changes each resource once.");
            if (plan.Entry.FullUrl is { Length: > 0 } url && plan.Request.Method is "POST" && !urls.Add(url))
                throw Bundles.Bad($"{plan.Request.Entry}.fullUrl", $"Another entry has the fullUrl {url} too.");
        }
    }

    /// <summary>Resolves references between entries and conditional ones, then prepares every write.</summary>
    async Task Rewrite(List<Plan> plans, CancellationToken stop)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var plan in plans)
            if (plan.Id is not null && plan.Entry.FullUrl is { Length: > 0 } url) names[url] = plan.Name;
        var conditional = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var plan in plans) await Resolve(plan, conditional, stop);
        foreach (var plan in plans.Where(plan => plan is { Existing: null, Id: not null, Request.Method: "PUT", Permission.Filter.SeesAllPatients: true }))
        {
            using var json = FhirJson.Parse(plan.Request.Body);
            await PersonIds.Check(store, plan.Interaction.Type!, plan.Id!, json.RootElement, stop);
        }
        foreach (var plan in plans) plan.Write = plan.IsMet || plan.Id is null ? null : await Prepare(plan, text => names.GetValueOrDefault(text) ?? conditional.GetValueOrDefault(text));
    }

    /// <summary>References such as <c>Patient?identifier=…</c>.</summary>
    async Task Resolve(Plan plan, Dictionary<string, string> resolved, CancellationToken stop)
    {
        if (plan.Request.Body.IsEmpty || plan.Request.Method == "DELETE") return;
        foreach (var reference in ConditionalReferences.In(plan.Request.Body))
        {
            if (resolved.ContainsKey(reference) || ConditionalReferences.Search(reference, plan.Request.Base) is not { } search) continue;
            var visible = await Writing.Findable(server.Access, plan.Request, search.Type);
            var found = await store.Database.Read(session => server.Searches.Match(session, search, visible, stop), stop);
            resolved[reference] = found.Count == 1 ? $"{search.Type}/{found[0].Id}" : throw new FaultException(new Fault(FaultKind.PreconditionFailed, found.Count == 0 ? "not-found" : "multiple-matches",
                plan.Entry.Where, $"The conditional reference {reference} finds {(found.Count == 0 ? "nothing" : "several resources")}; one was expected."));
        }
    }

    async ValueTask<Write?> Prepare(Plan plan, Func<string, string?> replacement)
    {
        var (request, interaction, existing) = (plan.Request, plan.Interaction, plan.Existing);
        try
        {
            if (existing is not null) incoming.MayReplace(existing, plan.Permission, interaction);
            else if (request.Method == "DELETE") return null;
            else if (request.Method == "PUT" && (interaction.Id ?? SentId(request)) is { } chosen) Writing.MayChooseId(plan.Permission, interaction with { Id = chosen });
            var expected = Writing.CheckIfMatch(request, existing) ?? (existing?.Version ?? 0);
            var write = new Write { Method = request.Method, Type = interaction.Type!, Id = plan.Id!, ExpectedVersion = expected };
            if (request.Method == "DELETE") return write;
            if (request.Method == "PUT" && request.IfNoneMatch?.Trim() == "*" && existing is not null) throw new FaultException(new Fault(FaultKind.PreconditionFailed, "conflict", null, $"{plan.Name} exists already."));
            var body = ReferenceRewriter.Rewrite(request.Body, (text, _) => Replace(text, replacement));
            if (request.Method == "PATCH")
                body = ResourcePatch.Apply((existing ?? throw new FaultException(new Fault(FaultKind.NotFound, "not-found", null, $"There is no {plan.Name}."))).Body, body, request.ContentType);
            using var json = FhirJson.Parse(body);
            Incoming.CheckType(json.RootElement, interaction.Type!);
            if (request.Method == "PUT" && Incoming.IdOf(json.RootElement) is var sent && sent != plan.Id && (sent is not null || interaction.Id is not null))
                throw new FaultException(new Fault(FaultKind.Invalid, "value", $"{interaction.Type}.id", $"The resource has the id {sent ?? "(none)"}, the address {plan.Id}."));
            return write with { Draft = await incoming.Prepare(request, json.RootElement, plan.Id!, plan.Permission, interaction, () => new(existing)) };
        }
        catch (FaultException fault)
        {
            throw new FaultException([.. fault.Faults.Select(one => Incoming.Located(one, plan.Entry.Where))]);
        }
    }

    /// <summary>A reference may carry a fragment (<c>urn:uuid:…#part</c>), which stays.</summary>
    static string? Replace(string text, Func<string, string?> replacement)
    {
        if (replacement(text) is { } whole) return whole;
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        return hash > 0 && replacement(text[..hash]) is { } part ? part + text[hash..] : null;
    }

    async ValueTask<RestAnswer> Answer(Plan plan, StoredResource? stored)
    {
        if (plan.Request.Method == "DELETE") return new(204) { Version = stored?.Version };
        var version = stored ?? plan.Existing!;
        return new(plan.IsMet || plan.Existing is not null ? 200 : 201)
        {
            Body = plan.Request.Return != ReturnPreference.Minimal && await Writing.MayRead(server.Access, store, plan.Request, version) ? version.Body : default,
            Version = version.Version, AtUs = version.AtUs, Location = $"{version.Type}/{version.Id}/_history/{version.Version}",
            Resources = AccessedResource.Of(store, [version]),
        };
    }

    async Task<RestAnswer> Read(BundleEntry entry)
    {
        try
        {
            return await server.Answer(entry.Request);
        }
        catch (FaultException fault)
        {
            return OperationOutcomes.Answer(fault.Faults);
        }
    }
}
