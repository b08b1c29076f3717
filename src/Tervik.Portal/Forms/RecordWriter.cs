using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Validation;

namespace Tervik.Portal.Forms;

/// <summary>One resource that a form writes.</summary>
/// <param name="Resource">FHIR; its id is set by the writer.</param>
/// <param name="Id">Id it will have.</param>
/// <param name="Version">Version it replaces; null makes a new one.</param>
/// <param name="Reason">Why, in the writer's words, when they were asked; it goes into the Provenance.</param>
public sealed record Change(JsonObject Resource, string Id, int? Version = null, string? Reason = null);

/// <summary>How writing ended.</summary>
public enum Written
{
    /// <summary>It is stored, now or by an earlier sending of the same form.</summary>
    Saved,
    /// <summary>Somebody else changed it: <see cref="WriteResult.Current"/>.</summary>
    Conflict,
    /// <summary>Not valid FHIR, or not the writer's to write: <see cref="WriteResult.Faults"/>.</summary>
    Refused,
}

/// <summary>What became of a form.</summary>
/// <param name="Outcome">Saved, or why not.</param>
/// <param name="Current">On a conflict: what is stored now; null when it was deleted.</param>
/// <param name="Faults">On a refusal: why.</param>
public sealed record WriteResult(Written Outcome, StoredResource? Current, IReadOnlyList<Fault> Faults)
{
    /// <summary>Whether it is not the writer's to write.</summary>
    public bool IsForbidden => Faults.Any(fault => fault.Kind == FaultKind.Forbidden);
    /// <summary>What is wrong, in the reader's words.</summary>
    public string Why => Words.Of("error not valid", string.Join("; ", Faults.Select(fault => fault.What)));
}

/// <summary>Writes what forms say into the record: valid, allowed, once, with who did it (Provenance) in the same commit, and in the access log before the answer.</summary>
sealed class RecordWriter(RecordStore store, FileAdmission admission, IHttpContextAccessor requests, TimeProvider clock)
{
    /// <summary>Writes all changes or none.</summary>
    /// <param name="visit">Of a form that was accepted; its permission covers the interaction.</param>
    /// <param name="patient">Whose record: logical id; null for what is no patient's.</param>
    /// <param name="view">For the access log: which form, in a word.</param>
    /// <param name="changes">In order; at least one.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<WriteResult> Write(Visit visit, string? patient, string view, IReadOnlyList<Change> changes, CancellationToken stop)
    {
        var writes = new List<Write>();
        var drafts = new List<Draft>();
        foreach (var change in changes)
        {
            var (draft, faults) = await Prepare(visit, change.Resource, change.Id, change.Version, stop);
            if (draft is null) return new(Written.Refused, null, faults);
            drafts.Add(draft);
            writes.Add(new() { Method = change.Version is null ? "POST" : "PUT", Type = draft.Type, Id = draft.Id, Draft = draft, ExpectedVersion = change.Version ?? 0 });
        }
        var note = Provenance(visit.Person, patient, changes, drafts);
        if (changes[0].Reason is { Length: > 0 } reason) note["reason"] = new JsonArray(new JsonObject { ["text"] = reason });
        var (provenance, wrong) = await Prepare(visit, note, $"{(patient is null ? NameOfNobodys(drafts[0]) : drafts[0].Id)}-v{(changes[0].Version ?? 0) + 1}", version: null, stop);
        if (provenance is null) return new(Written.Refused, null, wrong);
        writes.Add(new() { Method = "POST", Type = provenance.Type, Id = provenance.Id, Draft = provenance, ExpectedVersion = 0 });

        var result = await store.Commit(writes, [], stop);
        if (result.Outcome == CommitOutcome.Done)
        {
            await visit.Log(view, [.. result.Results.OfType<StoredResource>().Take(changes.Count)], patient is null ? [] : [store.Keys.Reference($"Patient/{patient}")], stop);
            return new(Written.Saved, null, []);
        }
        var failed = Math.Clamp(result.FailedWrite, 0, changes.Count - 1);
        var current = await store.Read(drafts[failed].Type, drafts[failed].Id, visit.Filter, stop);
        // The same form a second time: what it says stands there already.
        if (current is { IsDeleted: false } && current.Version == (changes[failed].Version ?? 0) + 1 && IsSame(drafts[failed], current)) return new(Written.Saved, null, []);
        return new(Written.Conflict, current is { IsDeleted: false } ? current : null, []);
    }

    // Ids in the directory are others' choice: long ones, and the same for several types.
    string NameOfNobodys(Draft draft) => $"{draft.Type}-{unchecked((ulong)store.Keys.Reference($"{draft.Type}/{draft.Id}")):x}";

    async Task<(Draft? Draft, IReadOnlyList<Fault> Faults)> Prepare(Visit visit, JsonObject resource, string id, int? version, CancellationToken stop)
    {
        resource["id"] = id;
        using var json = FhirJson.Parse(System.Text.Encoding.UTF8.GetBytes(resource.ToJsonString()));
        var faults = ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants, out var files);
        if (faults.Any(fault => fault.Severity is "error" or "fatal")) return (null, [.. faults]);
        var draft = Draft.Of(json.RootElement, id, store.Indexer);
        if (visit.MayWrite(draft.Type, draft.Entries.Compartments) is { } refusal) return (null, [refusal]);
        if (files.Count > 0 && await WhyNotTakenIn(visit, draft, version, files, stop) is { Count: > 0 } unfit) return (null, unfit);
        return (draft, []);
    }

    // As at the API: what the version before held is not asked about again.
    async Task<IReadOnlyList<Fault>> WhyNotTakenIn(Visit visit, Draft draft, int? version, IReadOnlyList<SentFile> files, CancellationToken stop)
    {
        if (version is not null && await store.Read(draft.Type, draft.Id, visit.Filter, stop) is { IsDeleted: false } before) files = FileAdmission.New(files, before.Body);
        try
        {
            admission.Check(requests.HttpContext!, files);
            await admission.Scan(requests.HttpContext!, visit.Permission!, files);
            return [];
        }
        catch (FaultException fault)
        {
            return fault.Faults;
        }
    }

    // The patient is a target too, so that the note of who wrote it lies in their record.
    JsonObject Provenance(SignedIn person, string? patient, IReadOnlyList<Change> changes, List<Draft> drafts) => new()
    {
        ["resourceType"] = "Provenance",
        ["target"] = new JsonArray([.. drafts.Select((draft, i) => Reference($"{draft.Type}/{draft.Id}/_history/{(changes[i].Version ?? 0) + 1}")), .. patient is null ? (JsonObject[])[] : [Reference($"Patient/{patient}")]]),
        ["recorded"] = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["activity"] = new JsonObject
        {
            ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-DataOperation", ["code"] = changes[0].Version is null ? "CREATE" : "UPDATE" }),
        },
        ["agent"] = new JsonArray(new JsonObject { ["who"] = new JsonObject { ["reference"] = person.Reference, ["display"] = person.Name } }),
    };

    static JsonObject Reference(string reference) => new() { ["reference"] = reference };

    static bool IsSame(Draft draft, StoredResource stored) => stored.Body.AsSpan().StartsWith(draft.Head) && stored.Body.AsSpan().EndsWith(draft.Tail);
}
