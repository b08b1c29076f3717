using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Record;

/// <summary>Names of what entries refer to: people and places of the directory by name, entries of the same patient by title and with the address of their page.
/// What the reader may not see has no name here other than the one the referring entry itself gives.</summary>
public sealed class Mentions
{
    const int MostMentions = 500, Batch = 100, DeepestElement = 12;
    // Lists of parts that a line does not show: a report's results, a document's sections.
    static readonly string[] Parts = ["result", "contained", "hasMember", "derivedFrom", "entry"];

    readonly PatientHeader? patient;
    readonly SearchEngine? search;
    readonly RecordStore? store;
    readonly AccessFilter filter;
    readonly CancellationToken stop;
    readonly Dictionary<string, Named?> known = new(StringComparer.Ordinal);
    readonly List<StoredResource> read = [];

    /// <summary>Knows nobody: entries are read with what they themselves say.</summary>
    public static Mentions None { get; } = new();

    Mentions() => filter = AccessFilter.Nothing;

    internal Mentions(PatientHeader patient, SearchEngine search, RecordStore store, AccessFilter filter, CancellationToken stop)
    {
        (this.patient, this.search, this.store, this.filter, this.stop) = (patient, search, store, filter, stop);
        known[$"Patient/{patient.Id}"] = new(patient.Name, null, []);
    }

    /// <param name="Name">In one line.</param>
    /// <param name="Href">Its page, when it is an entry of this patient.</param>
    /// <param name="Contacts">Telephone, e-mail.</param>
    public sealed record Named(string Name, string? Href, IReadOnlyList<string> Contacts);

    /// <summary>What was looked up, for the log.</summary>
    internal IEnumerable<StoredResource> Read => read;

    /// <summary>What is known of a reference's target; null when nothing is.</summary>
    public Named? Of(JsonElement reference) => reference.TextAt("reference") is { } target && known.TryGetValue(WithoutVersion(target), out var named) ? named : null;

    /// <summary>The name a reference gives, or its target has; null when there is neither.</summary>
    /// <param name="reference">A Reference.</param>
    /// <param name="container">The resource it stands in, for what is contained there.</param>
    public string? NameOf(JsonElement reference, JsonElement container = default)
    {
        if (reference.TextAt("display") is { } display) return display;
        if (reference.TextAt("reference") is ['#', .. var local])
            foreach (var contained in container.ItemsAt("contained"))
                if (contained.TextAt("id") == local) return NameOf(contained.TextAt("resourceType") ?? "", local, contained);
        return Of(reference)?.Name ?? reference.At("identifier").TextAt("value");
    }

    /// <summary>The page of a reference's target when it is an entry of this patient.</summary>
    public string? HrefOf(JsonElement reference) => Of(reference)?.Href;

    /// <summary>Looks up what these entries refer to.</summary>
    /// <param name="resources">The entries.</param>
    /// <param name="withParts">Whether also the parts of which an entry consists, such as the results of a report.</param>
    internal async Task Add(IEnumerable<StoredResource> resources, bool withParts = false)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var resource in resources)
        {
            using var json = JsonDocument.Parse(resource.Body);
            Collect(json.RootElement, wanted, withParts, 0);
        }
        await LookUp(wanted);
    }

    async Task LookUp(HashSet<string> wanted)
    {
        var roles = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in wanted.Where(target => !known.ContainsKey(target)).Take(MostMentions).GroupBy(target => target[..target.IndexOf('/', StringComparison.Ordinal)]).ToList())
            foreach (var batch in type.Chunk(Batch))
            {
                foreach (var target in batch) known[target] = null;
                var ids = string.Join(',', batch.Select(target => target[(type.Key.Length + 1)..]));
                foreach (var stored in (await search!.Search(new(type.Key, [new("_id", ids), new("_count", $"{Batch}")]), filter, stop)).Matches)
                {
                    using var json = JsonDocument.Parse(stored.Body);
                    known[$"{stored.Type}/{stored.Id}"] = Name(stored, json.RootElement);
                    read.Add(stored);
                    if (stored.Type == "PractitionerRole" && json.RootElement.At("practitioner").TextAt("reference") is { } practitioner && IsRelative(practitioner)) roles.Add(practitioner);
                }
            }
        if (roles.Count == 0) return;
        // A role is called by who has it.
        await LookUp(roles);
        foreach (var stored in read.Where(one => one.Type == "PractitionerRole").ToList())
        {
            using var json = JsonDocument.Parse(stored.Body);
            if (NameOf(json.RootElement.At("practitioner")) is { } name) known[$"PractitionerRole/{stored.Id}"] = known[$"PractitionerRole/{stored.Id}"]! with { Name = name };
        }
    }

    Named Name(StoredResource stored, JsonElement json)
    {
        var name = NameOf(stored.Type, stored.Id, json);
        var isOwn = store!.CompartmentsOf(stored).Contains(store.Keys.Reference($"Patient/{patient!.Id}"));
        return new(name, isOwn ? $"/patients/{Uri.EscapeDataString(patient.Id)}/entry/{stored.Type}/{Uri.EscapeDataString(stored.Id)}" : null,
            [.. json.ItemsAt("telecom").Where(contact => contact.TextAt("use") is not ("old" or "home")).Select(contact => contact.TextAt("value")).OfType<string>()]);
    }

    static string NameOf(string type, string id, JsonElement json) => type switch
    {
        "Patient" or "Practitioner" or "RelatedPerson" or "Person" => Names.OfPerson(json),
        "Organization" or "Location" or "HealthcareService" or "CareTeam" or "Group" => json.TextAt("name") ?? json.TextAt("description") ?? Codes.Write(json.FirstAt("type")) ?? ElementWords.Type(type),
        "PractitionerRole" => json.At("practitioner").TextAt("display") ?? Codes.Write(json.FirstAt("code")) ?? ElementWords.Type(type),
        _ => RecordEntry.Read(type, id, json).Title,
    };

    static void Collect(JsonElement json, HashSet<string> wanted, bool withParts, int depth)
    {
        if (depth > DeepestElement) return;
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) Collect(item, wanted, withParts, depth + 1);
            return;
        }
        if (json.ValueKind != JsonValueKind.Object) return;
        foreach (var member in json.EnumerateObject())
            if (member.NameEquals("reference") && member.Value.ValueKind == JsonValueKind.String)
            {
                if (WithoutVersion(member.Value.GetString()!) is var target && IsRelative(target)) wanted.Add(target);
            }
            else if (withParts || !Parts.Contains(member.Name)) Collect(member.Value, wanted, withParts, depth + 1);
    }

    static string WithoutVersion(string reference) => reference.IndexOf("/_history/", StringComparison.Ordinal) is > 0 and var at ? reference[..at] : reference;

    /// <summary><c>Type/id</c>.</summary>
    static bool IsRelative(string reference) => reference.Split('/') is [{ Length: > 0 } type, { Length: > 0 and <= 64 } id]
        && char.IsAsciiLetterUpper(type[0]) && type.All(char.IsAsciiLetter) && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.');
}
