using System.Text.Json;
using Tervik.Trust.SealedLog;

namespace Tervik.Portal.Access;

/// <summary>A proof as JSON: <c>key</c>, <c>checkpoint</c> (a C2SP checkpoint), <c>consistency</c> and <c>accesses</c>, each with <c>event</c>, <c>leaf</c>, <c>path</c> and <c>items</c>; bytes in base64. How it is checked stands in <c>seal.js</c>.</summary>
static class SealJson
{
    public static byte[] Write(SealProof proof)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("key", proof.Key.ToString());
            json.WriteString("checkpoint", proof.Checkpoint?.Note);
            Hashes(json, "consistency", proof.Consistency);
            json.WriteStartArray("accesses");
            foreach (var access in proof.Accesses)
            {
                json.WriteStartObject();
                json.WriteNumber("event", access.Event);
                if (access.Where is { } where)
                {
                    json.WriteNumber("leaf", where.Leaf);
                    Hashes(json, "path", where.Path);
                }
                json.WriteStartArray("items");
                foreach (var item in access.Items)
                {
                    json.WriteStartObject();
                    if (item.Text is { } text)
                    {
                        json.WriteString("text", text);
                        json.WriteBase64String("salt", item.Salt);
                    }
                    else json.WriteBase64String("hash", item.Hash);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    static void Hashes(Utf8JsonWriter json, string name, IReadOnlyList<byte[]> hashes)
    {
        json.WriteStartArray(name);
        foreach (var hash in hashes) json.WriteBase64StringValue(hash);
        json.WriteEndArray();
    }
}
