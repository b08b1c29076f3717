using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Care;
using Tervik.Care.Hl7;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;

namespace Tervik.Conformance.Suites;

/// <summary>Messages of HL7 v2, good and bad, through the intake into a record: every good one of ADT and SIU is answered AA, with the types, identifiers, codes and times that another converter's bundles have; every other and every bad one AE or AR; none is a crash or a wait.</summary>
public static class Hl7v2
{
    /// <summary>A message that takes longer hangs.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>What a file is.</summary>
    enum Kind
    {
        /// <summary>AA.</summary>
        Good,
        /// <summary>AE or AR.</summary>
        Bad,
        /// <summary>Of another type than those that are taken: AR with code 200.</summary>
        Other,
    }

    internal static IEnumerable<Case> Run(string path) => Task.Run(async () =>
    {
        var cases = new List<Case>();
        var expected = Expectations(Path.Combine(path, "fhir-converter-expected.zip"));
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".zip", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var (name, bytes) = (Path.GetRelativePath(path, file), await File.ReadAllBytesAsync(file));
            cases.Add(await Suite.Attempt(name, () => Judge(name, bytes, expected.GetValueOrDefault(Path.GetFileNameWithoutExtension(file)))));
        }
        // Pairs of another project: the messages are laboratory results, of which only the form is asked here.
        if (Path.Combine(path, "reportstream-mapping.zip") is var pairs && File.Exists(pairs))
        {
            using var zip = ZipFile.OpenRead(pairs);
            foreach (var entry in zip.Entries.Where(entry => entry.FullName.EndsWith(".hl7", StringComparison.Ordinal)))
            {
                using var content = entry.Open();
                using var buffer = new MemoryStream();
                await content.CopyToAsync(buffer);
                cases.Add(await Suite.Attempt($"reportstream-mapping {entry.FullName}", () => Judge(entry.FullName, buffer.ToArray(), null)));
            }
        }
        return cases;
    }).GetAwaiter().GetResult();

    static async Task<string?> Judge(string name, byte[] bytes, JsonObject? expected)
    {
        await using var house = await Hl7House.Open();
        var taking = house.Take(bytes);
        if (await Task.WhenAny(taking, Task.Delay(Longest)) != taking) return $"no answer within {Longest.TotalSeconds} s";
        var answer = await taking;
        foreach (var one in answer.Messages)
        {
            if (WhyNoAnswer(one.Answer) is { } wrong) return wrong;
            var kind = KindOf(name, one.Message);
            if (kind == Kind.Good && one.Code != "AA") return $"{one.Code}: {string.Join("; ", one.Faults.Select(fault => $"{fault.Where} {fault.What}"))}";
            if (kind != Kind.Good && one.Code == "AA") return "AA for what is not to be taken";
            if (kind == Kind.Other && one.Faults.All(fault => fault.Code is not (Hl7Error.UnsupportedType or Hl7Error.Required or Hl7Error.Sequence))) return $"not as an unsupported type: {one.Answer}";
        }
        if (answer.Messages is not [{ Code: "AA" }]) return null;
        // The same once more: the same answer, and nothing changed.
        var before = await house.Versions();
        var again = await house.Take(bytes);
        if (again.Text != answer.Text) return "the same message has another answer the second time";
        if (await house.Versions() != before) return "the same message changed something the second time";
        return expected is null ? null : await Missing(house, expected);
    }

    static Kind KindOf(string name, Hl7Message? message) => name.Contains("BadInputs", StringComparison.Ordinal) || message is null ? Kind.Bad : message.Type is "ADT" or "SIU" ? Kind.Good : Kind.Other;

    /// <summary>An acknowledgment is a message itself.</summary>
    static string? WhyNoAnswer(string answer)
    {
        var read = Hl7Message.Parse(answer);
        return read.Type == "ACK" && read.Segments.Count >= 2 && read.Segments[1].Name == "MSA" && read.Segments[1][1].Text is "AA" or "AE" or "AR" && read.ControlId.Length > 0 ? null : $"no acknowledgment: {answer}";
    }

    static Dictionary<string, JsonObject> Expectations(string zip)
    {
        var found = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        if (!File.Exists(zip)) return found;
        using var archive = ZipFile.OpenRead(zip);
        foreach (var entry in archive.Entries.Where(entry => entry.Name.EndsWith("-expected.json", StringComparison.Ordinal)))
        {
            using var content = entry.Open();
            found[entry.Name[..^"-expected.json".Length]] = JsonNode.Parse(content)!.AsObject();
        }
        return found;
    }

    /// <summary>Types that we map; the others (MessageHeader, Account, EpisodeOfCare …) are that engine's.</summary>
    static readonly string[] Types = ["Patient", "Encounter", "Appointment", "AllergyIntolerance", "Condition", "Procedure", "Coverage", "RelatedPerson", "Observation", "Practitioner", "Location", "Organization"];

    /// <summary>What an expected bundle has and the record has not: values of identifiers, codes, names, dates and moments of the types that both know.</summary>
    static async Task<string?> Missing(Hl7House house, JsonObject expected)
    {
        var stored = await house.All();
        var missing = new List<string>();
        foreach (var resource in expected["entry"]!.AsArray().Select(entry => entry!["resource"]!.AsObject()))
        {
            var type = resource["resourceType"]!.GetValue<string>();
            if (!Types.Contains(type)) continue;
            var ours = stored.Where(one => one["resourceType"]!.GetValue<string>() == type).ToList();
            if (ours.Count == 0)
            {
                // Organizations and places of messages are also named without a resource of their own.
                missing.Add($"no {type}");
                continue;
            }
            if (type is "Location" or "Organization") continue;
            var facts = Facts(type, resource).ToList();
            var best = ours.Select(one => facts.Except(Facts(type, one)).ToList()).OrderBy(left => left.Count).First();
            missing.AddRange(best.Select(fact => $"{type} without {fact}"));
        }
        return missing.Count == 0 ? null : string.Join("; ", missing.Distinct().Take(12));
    }

    /// <summary>What both must agree on, as texts.</summary>
    static IEnumerable<string> Facts(string type, JsonObject resource)
    {
        foreach (var identifier in Items(resource, "identifier"))
            if (Text(identifier, "value") is { } value && value.Trim().Length > 0 && type is "Patient" or "Encounter" or "Appointment" or "Practitioner") yield return $"identifier {Text(identifier, "value")}";
        foreach (var name in Items(resource, "name"))
            if (Text(name, "family") is { } family) yield return $"family {family.Trim()}";
        foreach (var path in new[] { "code", "maritalStatus" })
            foreach (var coding in Items(resource[path], "coding"))
                if (Text(coding, "code") is { } code) yield return $"{path} {code.Trim()}";
        if (resource["class"] is JsonObject kind && Text(kind, "code") is { } which) yield return $"class {which}";
        foreach (var path in new[] { "gender", "birthDate", "status" })
            if (Text(resource, path) is { } value && (path != "status" || type is "Appointment" or "Encounter")) yield return $"{path} {value}";
        foreach (var (path, value) in new[] { ("start", Text(resource, "start")), ("end", Text(resource, "end")), ("period.start", Text(resource["period"], "start")), ("period.end", Text(resource["period"], "end")), ("onset", Text(resource, "onsetDateTime")), ("effective", Text(resource, "effectiveDateTime")) })
            if (value is not null && type is "Appointment" or "Encounter" or "Condition" or "Observation" or "AllergyIntolerance") yield return $"{path} {Moment(value!)}";
    }

    /// <summary>One moment has one form; a date stays as it is.</summary>
    static string Moment(string value) => value.Length > 10 ? DateTimeOffset.Parse(value, System.Globalization.CultureInfo.InvariantCulture).UtcDateTime.ToString("s", System.Globalization.CultureInfo.InvariantCulture) : value;

    static IEnumerable<JsonNode> Items(JsonNode? node, string name) => (node as JsonObject)?[name] is JsonArray array ? array.OfType<JsonNode>() : [];
    static string? Text(JsonNode? node, string name) => (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

/// <summary>The intake on an empty embedded record; who sends may do everything.</summary>
sealed class Hl7House : IAsyncDisposable, IAccessControl
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tervik-hl7-");
    Database database = null!;
    RecordStore store = null!;
    Hl7Intake intake = null!;

    public static async Task<Hl7House> Open()
    {
        var house = new Hl7House();
        house.database = await Database.Open(new(Path.Combine(house.folder.FullName, "record.db"), 2), RecordStore.RecordMigrations, CancellationToken.None);
        await CareRoom.Migrations.Apply(house.database, CancellationToken.None);
        house.store = await RecordStore.Open(house.database, CancellationToken.None);
        house.intake = new(house.store, new SearchEngine(house.store), house, new(house.database, TimeProvider.System), new(), TimeProvider.System, NullLogger<Hl7Intake>.Instance);
        return house;
    }

    public Task<IntakeAnswer> Take(byte[] bytes) => intake.Take(new DefaultHttpContext(), bytes, null, CancellationToken.None);

    public async Task<IReadOnlyList<JsonObject>> All() => [.. (await store.Page(long.MinValue, 10_000, CancellationToken.None)).Where(one => !one.IsDeleted).Select(one => JsonNode.Parse(one.Body)!.AsObject())];

    public async Task<long> Versions() => (await store.Page(long.MinValue, 10_000, CancellationToken.None)).Sum(one => (long)one.Version);

    public ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop) => new(new Permission("client/suite", AccessFilter.Everything, null));
    public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments) => null;
    public ValueTask Log(AccessEvent access, CancellationToken stop) => default;

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
