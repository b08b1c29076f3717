using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Records.Validation;

namespace Tervik.Records.Operations;

/// <summary><c>$validate</c> (resource-operation-validate.html): says what is wrong with a resource, and stores nothing.</summary>
static class Validating
{
    /// <summary>Of a resource that is sent, alone or as parameter <c>resource</c>.</summary>
    public static ValueTask<RestAnswer> Answer(FileAdmission admission, RestRequest request, Interaction interaction)
    {
        if (request.Body.IsEmpty) throw new FaultException(new Fault(FaultKind.Invalid, "required", null, $"The request has no body; a {interaction.Type} or Parameters were expected."));
        using var json = FhirJson.Parse(request.Body);
        var resource = json.RootElement;
        if (interaction.Type != "Parameters" && resource.ValueKind == JsonValueKind.Object && resource.TryGetProperty("resourceType"u8, out var type) && type.ValueEquals("Parameters"u8)) resource = Inside(resource);
        return new(Checked(admission, resource, interaction.Type!, request.Parameter("mode")));
    }

    /// <summary>Of a stored resource.</summary>
    public static async ValueTask<RestAnswer> Stored(RecordStore store, IAccessControl access, FileAdmission admission, RestRequest request, Interaction interaction)
    {
        var readable = await Writing.Readable(access, request, interaction, "What is wrong with a stored resource tells of it");
        var found = await store.Read(interaction.Type!, interaction.Id!, readable, request.Http.RequestAborted);
        if (found is null or { IsDeleted: true }) throw Reading.Absent(interaction);
        using var json = FhirJson.Parse(found.Body);
        return Checked(admission, json.RootElement, interaction.Type!, null) with { Resources = AccessedResource.Of(store, [found]) };
    }

    static RestAnswer Checked(FileAdmission admission, JsonElement resource, string type, string? mode)
    {
        if (mode is not (null or "create" or "update" or "delete" or "profile")) throw new FaultException(new Fault(FaultKind.Invalid, "value", "mode", $"mode is {mode}; create, update, delete or profile was expected."));
        Incoming.CheckType(resource, type);
        List<Fault> faults = [.. ResourceValidator.Validate(Node.Resource(resource), ValidationDepth.Profiles, out var files)];
        // Only base64 can be read.
        if (faults.TrueForAll(fault => fault.Severity is not ("error" or "fatal"))) faults.AddRange(admission.Unfit(files));
        if (faults.TrueForAll(fault => fault.Severity is not ("error" or "fatal"))) faults.Add(OperationOutcomes.Fine("No errors were found."));
        return new(200) { Body = OperationOutcomes.Json(faults) };
    }

    static JsonElement Inside(JsonElement parameters)
    {
        if (parameters.TryGetProperty("parameter"u8, out var list) && list.ValueKind == JsonValueKind.Array)
            foreach (var parameter in list.EnumerateArray())
                if (parameter.ValueKind == JsonValueKind.Object && parameter.TryGetProperty("resource"u8, out var resource)) return resource;
        throw new FaultException(new Fault(FaultKind.Invalid, "required", "Parameters.parameter", "A parameter with a resource was expected."));
    }
}
