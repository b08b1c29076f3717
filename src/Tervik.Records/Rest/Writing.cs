using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Patch;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Records.Rest;

/// <summary>create, update, patch and delete, also by condition (http.html#create, #update, #patch, #delete, #ccreate, #cond-update).</summary>
/// <remarks>What was found before the commit is checked again inside it; when it no longer holds, the interaction starts over.</remarks>
sealed class Writing(RecordStore store, SearchEngine searches, IAccessControl access, Incoming incoming)
{
    /// <summary>So often an interaction starts over when others are faster.</summary>
    const int MostAttempts = 8;

    public async ValueTask<RestAnswer> Create(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, []);
        using var json = Parse(request, interaction);
        var draft = await incoming.Prepare(request, json.RootElement, Incoming.NewId(), permission, interaction, Incoming.Nothing);
        var condition = request.IfNoneExist is { } criteria ? Criteria(interaction.Type!, RestRequest.ParseQuery(criteria), "If-None-Exist") : null;
        return await Repeat(async () =>
        {
            if (condition is not null && await Find(condition, request) is { } existing) return await Answer(request, existing, 200);
            var result = await store.Commit([new() { Method = "POST", Type = draft.Type, Id = draft.Id, Draft = draft, ExpectedVersion = 0 }], await Guards(condition, request), request.Http.RequestAborted);
            return result.Outcome == CommitOutcome.Done ? await Answer(request, result.Results[0]!, 201) : null;
        });
    }

    public async ValueTask<RestAnswer> Update(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, []);
        using var json = Parse(request, interaction);
        if (Incoming.IdOf(json.RootElement) is var id && id != interaction.Id)
            throw new FaultException(new Fault(FaultKind.Invalid, "value", $"{interaction.Type}.id", id is null ? $"The resource has no id; {interaction.Id}, as in the address, was expected." : $"The resource has the id {id}, the address {interaction.Id}."));
        var draft = await incoming.Prepare(request, json.RootElement, interaction.Id!, permission, interaction, () => store.Read(interaction.Type!, interaction.Id!, permission.Filter, request.Http.RequestAborted));
        if (permission.Filter.SeesAllPatients) await PersonIds.Check(store, draft.Type, draft.Id, json.RootElement, request.Http.RequestAborted);
        return await Repeat(() => TryUpdate(request, permission, interaction, draft, null, isChosen: true));
    }

    /// <param name="isChosen">The caller chose the id.</param>
    async ValueTask<RestAnswer?> TryUpdate(RestRequest request, Permission permission, Interaction interaction, Draft draft, Condition? condition, bool isChosen)
    {
        var existing = await store.Read(draft.Type, draft.Id, permission.Filter, request.Http.RequestAborted);
        if (existing is null && isChosen) MayChooseId(permission, interaction with { Id = draft.Id });
        if (existing is { IsDeleted: false })
        {
            incoming.MayReplace(existing, permission, interaction);
            if (request.IfNoneMatch?.Trim() == "*") throw new FaultException(new Fault(FaultKind.PreconditionFailed, "conflict", "If-None-Match", $"{draft.Type}/{draft.Id} exists already."));
        }
        var expected = CheckIfMatch(request, existing) ?? (permission.Filter.SeesEverything ? null : Present(existing));
        var result = await store.Commit([new() { Method = "PUT", Type = draft.Type, Id = draft.Id, Draft = draft, ExpectedVersion = expected }], await Guards(condition, request), request.Http.RequestAborted);
        return result.Outcome == CommitOutcome.Done ? await Answer(request, result.Results[0]!, existing is { IsDeleted: false } ? 200 : 201) : null;
    }

    /// <summary>Only who sees everything can choose the id of something new: to all others, an id that is taken by what they may not see must look like one that is free.</summary>
    internal static void MayChooseId(Permission permission, Interaction interaction)
    {
        if (!permission.Filter.SeesAllPatients) throw Reading.Absent(interaction);
    }

    public async ValueTask<RestAnswer> ConditionalUpdate(RestRequest request, Permission permission, Interaction interaction)
    {
        using var json = Parse(request, interaction);
        var condition = Criteria(interaction.Type!, request.Query, "query");
        return await Repeat(async () =>
        {
            var found = await Find(condition, request);
            var sent = Incoming.IdOf(json.RootElement);
            if (found is not null && sent is not null && sent != found.Id)
                throw new FaultException(new Fault(FaultKind.Invalid, "value", $"{interaction.Type}.id", $"The resource has the id {sent}, but the criteria find {found.Id}."));
            var id = found?.Id ?? sent ?? Incoming.NewId();
            if (!FhirIds.IsId(id)) throw new FaultException(new Fault(FaultKind.Invalid, "value", $"{interaction.Type}.id", $"{id} is no id."));
            var draft = await incoming.Prepare(request, json.RootElement, id, permission, interaction, () => store.Read(interaction.Type!, id, permission.Filter, request.Http.RequestAborted));
            if (permission.Filter.SeesAllPatients) await PersonIds.Check(store, draft.Type, draft.Id, json.RootElement, request.Http.RequestAborted);
            return await TryUpdate(request, permission, interaction, draft, condition with { Expected = found?.Id }, isChosen: sent is not null);
        });
    }

    public async ValueTask<RestAnswer> Patch(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, []);
        return await Repeat(() => TryPatch(request, permission, interaction, interaction.Id!, null));
    }

    public async ValueTask<RestAnswer> ConditionalPatch(RestRequest request, Permission permission, Interaction interaction)
    {
        var condition = Criteria(interaction.Type!, request.Query, "query");
        return await Repeat(async () =>
        {
            var found = await Find(condition, request)
                ?? throw new FaultException(new Fault(FaultKind.NotFound, "not-found", null, $"Nothing of {interaction.Type} meets the criteria."));
            return await TryPatch(request, permission, interaction, found.Id, condition with { Expected = found.Id });
        });
    }

    async ValueTask<RestAnswer?> TryPatch(RestRequest request, Permission permission, Interaction interaction, string id, Condition? condition)
    {
        // First, so that who may not read is answered alike whether it exists or not.
        var readable = await Readable(access, request, interaction with { Id = id }, "A patch shows what was there");
        var existing = await Existing(request, permission, interaction with { Id = id });
        if ((await store.Visible([existing], readable, request.Http.RequestAborted)).Count == 0) throw Reading.Absent(interaction with { Id = id });
        incoming.MayReplace(existing, permission, interaction);
        CheckIfMatch(request, existing);
        var patched = ResourcePatch.Apply(existing.Body, request.Body, request.ContentType);
        using var json = FhirJson.Parse(patched);
        Incoming.CheckType(json.RootElement, existing.Type);
        if (Incoming.IdOf(json.RootElement) != id) throw new FaultException(new Fault(FaultKind.Unprocessable, "business-rule", $"{existing.Type}.id", "A patch may not change the id."));
        var draft = await incoming.Prepare(request, json.RootElement, id, permission, interaction, () => new(existing));
        var result = await store.Commit([new() { Method = "PATCH", Type = draft.Type, Id = id, Draft = draft, ExpectedVersion = existing.Version }], await Guards(condition, request), request.Http.RequestAborted);
        return result.Outcome == CommitOutcome.Done ? await Answer(request, result.Results[0]!, 200) : null;
    }

    public async ValueTask<RestAnswer> Delete(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, []);
        return await Repeat(() => TryDelete(request, permission, interaction, interaction.Id!, null));
    }

    public async ValueTask<RestAnswer> ConditionalDelete(RestRequest request, Permission permission, Interaction interaction)
    {
        var condition = Criteria(interaction.Type!, request.Query, "query");
        return await Repeat(async () => await Find(condition, request) is { } found
            ? await TryDelete(request, permission, interaction, found.Id, condition with { Expected = found.Id })
            : new(204));
    }

    async ValueTask<RestAnswer?> TryDelete(RestRequest request, Permission permission, Interaction interaction, string id, Condition? condition)
    {
        var existing = await store.Read(interaction.Type!, id, permission.Filter, request.Http.RequestAborted);
        CheckIfMatch(request, existing);
        if (existing is null or { IsDeleted: true }) return new RestAnswer(204) { Version = existing?.Version };
        incoming.MayReplace(existing, permission, interaction);
        var result = await store.Commit([new() { Method = "DELETE", Type = existing.Type, Id = id, ExpectedVersion = existing.Version }], await Guards(condition, request), request.Http.RequestAborted);
        if (result.Outcome != CommitOutcome.Done) return null;
        return new RestAnswer(204) { Version = result.Results[0]!.Version, Resources = AccessedResource.Of(store, [existing]) };
    }

    /// <summary>The current version; absent, hidden and deleted are faults.</summary>
    async ValueTask<StoredResource> Existing(RestRequest request, Permission permission, Interaction interaction)
    {
        var existing = await store.Read(interaction.Type!, interaction.Id!, permission.Filter, request.Http.RequestAborted) ?? throw Reading.Absent(interaction);
        return existing.IsDeleted ? throw new FaultException(new Fault(FaultKind.Gone, "deleted", null, $"{interaction.Type}/{interaction.Id} was deleted.")) : existing;
    }

    /// <summary>Search criteria of a conditional interaction, and which resource they must find at the commit (null: none).</summary>
    internal sealed record Condition(SearchRequest Search, string? Expected);

    internal static Condition Criteria(string type, IReadOnlyList<KeyValuePair<string, string>> criteria, string where)
    {
        var parameters = criteria.Where(parameter => !Formats.Parameters.Contains(parameter.Key)).ToList();
        if (parameters.Count == 0) throw new FaultException(new Fault(FaultKind.PreconditionFailed, "required", where, "The condition is empty; search criteria such as identifier=system|value were expected."));
        return new(new SearchRequest(type, parameters, Strict: true), null);
    }

    /// <summary>The one match; null when there is none.</summary>
    /// <exception cref="FaultException">412: several.</exception>
    async ValueTask<StoredResource?> Find(Condition condition, RestRequest request)
    {
        var visible = await Findable(access, request, condition.Search.Type);
        var found = await store.Database.Read(session => searches.Match(session, condition.Search, visible, request.Http.RequestAborted), request.Http.RequestAborted);
        return found.Count > 1
            ? throw new FaultException(new Fault(FaultKind.PreconditionFailed, "multiple-matches", null, $"Several resources of {condition.Search.Type} meet the criteria; one at most was expected."))
            : found.Count == 1 ? found[0] : null;
    }

    /// <summary>What the caller finds of a type: the condition of a write is a search, and who may only write does not search.</summary>
    /// <exception cref="FaultException">The caller may not search.</exception>
    internal static async ValueTask<AccessFilter> Findable(IAccessControl access, RestRequest request, string? type) =>
        await access.Decide(request.Http, new("search-type", type), request.Http.RequestAborted) is { Refusal: null } searching ? searching.Filter
            : throw new FaultException(new Fault(FaultKind.Forbidden, "forbidden", null, $"A condition looks for {type}, which this credential may not search."));

    /// <summary>What the caller may read: what a patch tests, and what comes of it, tells what was there.</summary>
    /// <param name="why">What would be told; the beginning of the sentence of a refusal.</param>
    /// <exception cref="FaultException">The caller may not read.</exception>
    internal static async ValueTask<AccessFilter> Readable(IAccessControl access, RestRequest request, Interaction interaction, string why) =>
        await access.Decide(request.Http, new("read", interaction.Type, interaction.Id), request.Http.RequestAborted) is { Refusal: null } reading ? reading.Filter
            : throw new FaultException(new Fault(FaultKind.Forbidden, "forbidden", null, $"{why}, and this credential may not read {interaction.Type}."));

    /// <summary>Whether the caller may be given a stored version as the answer of a write.</summary>
    internal static async ValueTask<bool> MayRead(IAccessControl access, RecordStore store, RestRequest request, StoredResource stored) =>
        await access.Decide(request.Http, new("read", stored.Type, stored.Id), request.Http.RequestAborted) is { Refusal: null } reading
        && (await store.Visible([stored], reading.Filter, request.Http.RequestAborted)).Count > 0;

    async ValueTask<List<Guard>> Guards(Condition? condition, RestRequest request) =>
        condition is null ? [] : [Guard(searches, condition.Search, await Findable(access, request, condition.Search.Type), condition.Expected)];

    /// <summary>The criteria find this resource alone, or nothing, also inside the commit.</summary>
    internal static Guard Guard(SearchEngine searches, SearchRequest criteria, AccessFilter visible, string? expected) => new(async session =>
    {
        var found = await searches.Match(session, criteria, visible, CancellationToken.None);
        return expected is null ? found.Count == 0 : found.Count == 1 && found[0].Id == expected;
    });

    static int Present(StoredResource? existing) => existing is { IsDeleted: false } ? existing.Version : 0;

    /// <summary>The version that If-Match demands; null without that header.</summary>
    /// <exception cref="FaultException">412: the current version is another one.</exception>
    internal static int? CheckIfMatch(RestRequest request, StoredResource? existing)
    {
        if (request.IfMatch is not { } tag) return null;
        if (tag.Trim() == "*" && existing is { IsDeleted: false }) return existing.Version;
        if (existing is { IsDeleted: false } && Tags.Version(tag) == existing.Version) return existing.Version;
        throw new FaultException(new Fault(FaultKind.PreconditionFailed, "conflict", "If-Match", $"The current version is {(existing is { IsDeleted: false } ? existing.Version : 0)}, not {tag}. Read it again and repeat the change."));
    }

    static async ValueTask<RestAnswer> Repeat(Func<ValueTask<RestAnswer?>> attempt)
    {
        for (var i = 0; i < MostAttempts; i++)
            if (await attempt() is { } answer) return answer;
        throw new FaultException(new Fault(FaultKind.Conflict, "conflict", null, "Others change the same resource all the time; nothing was written. Try again."));
    }

    static JsonDocument Parse(RestRequest request, Interaction interaction)
    {
        if (request.Body.IsEmpty) throw new FaultException(new Fault(FaultKind.Invalid, "required", null, $"The request has no body; a {interaction.Type} was expected."));
        var json = FhirJson.Parse(request.Body);
        try
        {
            Incoming.CheckType(json.RootElement, interaction.Type!);
            return json;
        }
        catch
        {
            json.Dispose();
            throw;
        }
    }

    /// <summary>With the stored resource only for those who may read it.</summary>
    async ValueTask<RestAnswer> Answer(RestRequest request, StoredResource stored, int status)
    {
        var isGiven = request.Return == ReturnPreference.Representation && await MayRead(access, store, request, stored);
        return new(status)
        {
            Body = isGiven ? stored.Body
                : request.Return == ReturnPreference.OperationOutcome ? OperationOutcomes.Json([OperationOutcomes.Fine($"{stored.Type}/{stored.Id} is stored as version {stored.Version}.")])
                : default,
            IsResource = isGiven,
            Version = stored.Version, AtUs = stored.AtUs, Location = $"{stored.Type}/{stored.Id}/_history/{stored.Version}",
            Resources = AccessedResource.Of(store, [stored]),
        };
    }
}
