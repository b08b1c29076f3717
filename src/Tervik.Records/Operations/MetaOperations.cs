using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Rest;

namespace Tervik.Records.Operations;

/// <summary><c>$meta</c>, <c>$meta-add</c>, <c>$meta-delete</c>: profiles, tags and security labels (resource-operations.html).</summary>
sealed class MetaOperations(RecordStore store, IAccessControl access, Incoming incoming)
{
    const int MostAttempts = 8;
    static readonly string[] Lists = ["profile", "security", "tag"];

    public async ValueTask<RestAnswer> Read(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, []);
        var found = await Existing(request, permission, interaction);
        return Answer(found, 200);
    }

    public async ValueTask<RestAnswer> Change(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, []);
        using var json = FhirJson.Parse(request.Body);
        var sent = Meta(json.RootElement);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var existing = await Existing(request, permission, interaction);
            incoming.MayReplace(existing, permission, interaction);
            var resource = JsonNode.Parse(existing.Body)!.AsObject();
            foreach (var list in Lists) Merge(resource["meta"]!.AsObject(), sent, list, isAddition: interaction.Name == "$meta-add");
            using var changed = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(resource, NodeJson.Default.JsonObject));
            var draft = await incoming.Prepare(request, changed.RootElement, existing.Id, permission, interaction, () => new(existing));
            var result = await store.Commit([new() { Method = "PUT", Type = existing.Type, Id = existing.Id, Draft = draft, ExpectedVersion = existing.Version }], [], request.Http.RequestAborted);
            if (result.Outcome != CommitOutcome.Done) continue;
            var answer = Answer(result.Results[0]!, 200);
            // It holds the labels and tags that were there before.
            return await Writing.MayRead(access, store, request, result.Results[0]!) ? answer : answer with { Body = default };
        }
        throw new FaultException(new Fault(FaultKind.Conflict, "conflict", null, "Others change the same resource all the time; nothing was written. Try again."));
    }

    async ValueTask<StoredResource> Existing(RestRequest request, Permission permission, Interaction interaction) =>
        await store.Read(interaction.Type!, interaction.Id!, permission.Filter, request.Http.RequestAborted) is { IsDeleted: false } found ? found : throw Reading.Absent(interaction);

    static JsonObject Meta(JsonElement parameters)
    {
        if (parameters.TryGetProperty("parameter"u8, out var list) && list.ValueKind == JsonValueKind.Array)
            foreach (var parameter in list.EnumerateArray())
                if (parameter.ValueKind == JsonValueKind.Object && parameter.TryGetProperty("name"u8, out var name) && name.ValueEquals("meta"u8) && parameter.TryGetProperty("valueMeta"u8, out var meta) && meta.ValueKind == JsonValueKind.Object)
                    return JsonObject.Create(meta)!;
        throw new FaultException(new Fault(FaultKind.Invalid, "required", "Parameters.parameter", "Parameters with a parameter meta (valueMeta) were expected."));
    }

    static void Merge(JsonObject meta, JsonObject sent, string list, bool isAddition)
    {
        if (sent[list] is not JsonArray changes) return;
        var present = meta[list] as JsonArray ?? [];
        var kept = present.Where(item => isAddition || !changes.Any(change => Same(item, change))).Select(item => item?.DeepClone()).ToList();
        if (isAddition) kept.AddRange(changes.Where(change => !present.Any(item => Same(item, change))).Select(change => change?.DeepClone()));
        if (kept.Count == 0) meta.Remove(list);
        else meta[list] = new JsonArray([.. kept]);
    }

    /// <summary>The same profile, or a coding of the same system and code.</summary>
    static bool Same(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (JsonObject x, JsonObject y) => Text(x["system"]) == Text(y["system"]) && Text(x["code"]) == Text(y["code"]),
        _ => Text(a) == Text(b),
    };

    static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    RestAnswer Answer(StoredResource stored, int status)
    {
        using var json = JsonDocument.Parse(stored.Body);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, JsonText.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("resourceType"u8, "Parameters"u8);
            writer.WriteStartArray("parameter"u8);
            writer.WriteStartObject();
            writer.WriteString("name"u8, "return"u8);
            writer.WritePropertyName("valueMeta"u8);
            json.RootElement.GetProperty("meta"u8).WriteTo(writer);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return new(status) { Body = output.WrittenMemory, Resources = AccessedResource.Of(store, [stored]) };
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonObject))]
sealed partial class NodeJson : System.Text.Json.Serialization.JsonSerializerContext;
