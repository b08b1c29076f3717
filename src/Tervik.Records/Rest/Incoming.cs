using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Validation;

namespace Tervik.Records.Rest;

/// <summary>Turns what a client sent into a draft: parsed, of the type of the address, valid, and allowed to be written.</summary>
sealed class Incoming(RecordStore store, IAccessControl access, FileAdmission admission)
{
    /// <summary>Checks a resource and prepares it for the writer.</summary>
    /// <param name="request">It was sent with.</param>
    /// <param name="json">What was sent.</param>
    /// <param name="id">Id it will have.</param>
    /// <param name="permission">Of the caller.</param>
    /// <param name="interaction">What is done.</param>
    /// <param name="before">The version it replaces, as far as the caller sees it; asked for only when there are files.</param>
    public async ValueTask<Draft> Prepare(RestRequest request, JsonElement json, string id, Permission permission, Interaction interaction, Func<ValueTask<StoredResource?>> before)
    {
        var node = Node.Resource(json);
        var faults = ResourceValidator.Validate(node, ValidationDepth.Invariants, out var files);
        var isValid = true;
        foreach (var fault in faults) isValid &= fault.Severity is not ("error" or "fatal");
        if (!isValid) throw new FaultException(faults);
        var draft = Draft.Of(json, id, store.Indexer);
        if (access.MayWrite(permission, interaction, draft.Entries.Compartments) is { } refusal) throw new FaultException(refusal);
        if (files.Count == 0) return draft;
        if (await before() is { IsDeleted: false } replaced) files = FileAdmission.New(files, replaced.Body);
        admission.Check(request.Http, files);
        await admission.Scan(request.Http, permission, files);
        return draft;
    }

    /// <summary>Of what is new: it replaces no version.</summary>
    public static ValueTask<StoredResource?> Nothing() => default;

    /// <summary>Refuses a write to what exists already in compartments that are not the caller's.</summary>
    public void MayReplace(StoredResource existing, Permission permission, Interaction interaction)
    {
        if (permission.Filter.SeesEverything) return;
        if (access.MayWrite(permission, interaction, [.. store.CompartmentsOf(existing)]) is { } refusal) throw new FaultException(refusal);
    }

    /// <summary>The fault with the place of the bundle entry before its own.</summary>
    public static Fault Located(Fault fault, string? where)
    {
        if (where is null) return fault;
        // Patient.name[0] becomes Bundle.entry[3].resource.name[0].
        var rest = fault.Where is { } own && own.IndexOf('.', StringComparison.Ordinal) is var dot and > 0 && Schema.R4.Find(own[..dot]) is not null ? own[dot..] : fault.Where is null ? "" : $".{fault.Where}";
        return fault with { Where = where + rest };
    }

    /// <summary>Checks that a body is there and of the type of the address.</summary>
    public static void CheckType(JsonElement json, string type)
    {
        var sent = Node.Resource(json).Type.Name;
        if (sent != type) throw new FaultException(new Fault(FaultKind.Invalid, "value", "resourceType", $"A {sent} was sent to {type}."));
    }

    /// <summary>The id in a body, or null.</summary>
    public static string? IdOf(JsonElement json) => json.TryGetProperty("id"u8, out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;

    /// <summary>An id for a new resource: time-ordered and unique.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString("D");
}
