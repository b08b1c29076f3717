using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>A note, as DocumentReference with its text inside.</summary>
public sealed class NoteForm : EntryForm
{
    const int LongestNote = 50_000;

    /// <summary>Kinds by their words <c>note {key}</c>: LOINC code and display.</summary>
    public static readonly (string Key, string Code, string Display)[] Kinds =
    [
        ("progress", "11506-3", "Progress note"), ("nursing", "34746-8", "Nurse note"), ("consultation", "11488-4", "Consultation note"),
        ("discharge", "18842-5", "Discharge summary"), ("telephone", "34748-4", "Telephone encounter note"),
    ];

    public static readonly string[] States = ["final", "preliminary"];

    public override string Key => "note";
    public override string Type => "DocumentReference";
    public override Type Fields => typeof(NoteFields);

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["kind"] = "progress", ["state"] = "final" };

    public override Dictionary<string, string> Values(JsonElement stored) => new()
    {
        ["kind"] = KindOf(stored), ["title"] = Raw(stored, "description"), ["text"] = TextOf(stored) ?? "", ["state"] = stored.TextAt("docStatus") == "preliminary" ? "preliminary" : "final",
    };

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var (resource, stored) = (target.Resource, target.Stored);
        // A document of another kind, such as a scanned letter, keeps it.
        var kind = form.Choice("kind", Kinds.Select(one => one.Key), isRequired: KindOf(stored).Length > 0 || !stored.Exists());
        var title = form.Text("title", ShortText, isRequired: false);
        var text = form.Text("text", LongestNote, isRequired: !stored.At("content").Exists() || TextOf(stored) is not null);
        var state = form.Choice("state", States);
        var takenBack = TakenBack(form);

        var isChange = target.Version is not null;
        resource["status"] = takenBack is null ? stored.TextAt("status") is { } status && status != "entered-in-error" ? status : "current" : "entered-in-error";
        // A signed note that is changed is an amended one; the versions before stay readable.
        resource["docStatus"] = takenBack is not null ? "entered-in-error" : state == "final" && isChange && stored.TextAt("docStatus") is "final" or "amended" && state == "final" ? "amended" : state;
        if (kind.Length > 0 && kind != KindOf(stored))
        {
            var (_, code, display) = Kinds.First(one => one.Key == kind);
            resource["type"] = Elements.Coded(Catalogue.Loinc, code, display);
        }
        resource["subject"] ??= situation.Subject;
        resource["date"] ??= situation.Now;
        if (resource["author"] is null) resource["author"] = new JsonArray(Elements.Author(situation.Author));
        resource.Put("description", title);
        if (text.Length > 0 && text != TextOf(stored)) PutText(resource, text, situation);
        if (!stored.Exists() && situation.Encounter is var (reference, name)) resource["context"] = new JsonObject { ["encounter"] = new JsonArray(Elements.Reference(reference, name)) };
        return new([target.Change with { Reason = takenBack }], []);
    }

    static string KindOf(JsonElement stored) => Kinds.FirstOrDefault(kind => Codes.Has(stored.At("type"), kind.Code)).Key ?? "";

    static string? TextOf(JsonElement stored)
    {
        foreach (var content in stored.ItemsAt("content"))
            if (content.At("attachment") is var attachment && IsText(attachment.TextAt("contentType")) && attachment.TextAt("data") is { } data)
                try
                {
                    return Encoding.UTF8.GetString(Convert.FromBase64String(data));
                }
                catch (FormatException)
                {
                    return null; // Foreign data: no text that could be shown.
                }
        return null;
    }

    static bool IsText(string? contentType) => contentType?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) == true;

    static void PutText(JsonObject resource, string text, Situation situation)
    {
        var data = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        if (resource["content"] is not JsonArray contents) resource["content"] = contents = [];
        if (contents.Select(content => content?["attachment"]).OfType<JsonObject>().FirstOrDefault(one => IsText(one["contentType"]?.ToString())) is { } attachment)
        {
            attachment["data"] = data;
            // They described the text before.
            foreach (var old in (string[])["size", "hash", "url"]) attachment.Remove(old);
            return;
        }
        contents.Insert(0, new JsonObject { ["attachment"] = new JsonObject { ["contentType"] = "text/plain; charset=utf-8", ["data"] = data, ["creation"] = situation.Now } });
    }
}
