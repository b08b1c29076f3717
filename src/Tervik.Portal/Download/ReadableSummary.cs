using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Records.Operations;

namespace Tervik.Portal.Download;

/// <summary>An International Patient Summary as a person reads it: the sections of the document, in the reader's language.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Made">When the document was made.</param>
/// <param name="Sections">In the order of the document.</param>
public sealed record ReadableSummary(PatientHeader Patient, FhirDate Made, IReadOnlyList<ReadableSection> Sections)
{
    /// <summary>System of the codes that say that something is absent or unknown.</summary>
    const string AbsentUnknown = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";

    /// <summary>Name and time, as they stand on each page.</summary>
    public string PageLine => $"{Patient.Name} · {Made.DayAndTime}";

    /// <summary>Reads a document; today is for the patient's age.</summary>
    public static ReadableSummary Read(SummaryDocument document, DateTime today)
    {
        using var json = JsonDocument.Parse(document.Body);
        var entries = json.RootElement.ItemsAt("entry").ToDictionary(entry => entry.TextAt("fullUrl") ?? "", entry => entry.At("resource"));
        var composition = entries.Values.First(resource => resource.TextAt("resourceType") == "Composition");
        var patient = entries[composition.At("subject").TextAt("reference")!];
        return new(PatientHeader.Read(patient, today), FhirDate.Read(composition.TextAt("date"))!.Value,
            [.. composition.ItemsAt("section").Select(section => Section(section, entries))]);
    }

    static ReadableSection Section(JsonElement section, Dictionary<string, JsonElement> entries)
    {
        var code = Codes.Code(section.At("code")) ?? "";
        var title = Words.Has($"summary section {code}") ? Words.Of($"summary section {code}") : section.TextAt("title") ?? code;
        var (tables, statements) = (new List<ReadableTable>(), new List<string>());
        foreach (var group in section.ItemsAt("entry").Select(entry => entries[entry.TextAt("reference")!]).GroupBy(entry => Kind(entry.TextAt("resourceType")!)))
        {
            var lines = new List<Line>();
            foreach (var entry in group)
                if (Absent(entry) is { } absent) statements.Add(absent);
                else lines.AddRange(Lines(entry, entries));
            if (lines.Count > 0) tables.Add(Table(group.Key, lines));
        }
        if (tables.Count == 0 && statements.Count == 0) statements.Add(Words.Of("Nothing recorded"));
        return new(code, title, tables, statements);
    }

    /// <summary>Medication that is prescribed and medication that is reported stand in one table.</summary>
    static string Kind(string type) => type == "MedicationStatement" ? "MedicationRequest" : type;

    /// <summary>What the guide's code for missing information says; null where something is recorded.</summary>
    static string? Absent(JsonElement entry)
    {
        foreach (var concept in (JsonElement[])[entry.At("code"), entry.At("medicationCodeableConcept"), entry.At("vaccineCode")])
            foreach (var coding in concept.ItemsAt("coding"))
                if (coding.TextAt("system") == AbsentUnknown && coding.TextAt("code") is { } code)
                    return Words.Has($"summary {code}") ? Words.Of($"summary {code}") : Words.Of("Nothing recorded");
        return null;
    }

    /// <summary>One line before it is known which columns the table needs.</summary>
    sealed record Line(string Title, string? Value, string? Detail, string? Status, string? Date);

    static IEnumerable<Line> Lines(JsonElement entry, Dictionary<string, JsonElement> entries)
    {
        var (type, id) = (entry.TextAt("resourceType")!, entry.TextAt("id") ?? "");
        if (type == "Observation")
        {
            foreach (var result in Result.Read(id, entry))
                yield return new(result.Name, result.Value, result.Reference, result.Flag == Flag.None ? null : Words.Of(result.Flag.ToString()), result.Date?.Short);
            yield break;
        }
        var line = RecordEntry.Read(type, id, entry);
        yield return new(Named(entry, entries) ?? line.Title, null, line.Detail, line.Status, line.Date?.Short);
    }

    // What is given or worn is a resource of its own in the document.
    static string? Named(JsonElement entry, Dictionary<string, JsonElement> entries)
    {
        foreach (var (member, name) in ((string, string)[])[("medicationReference", "code"), ("device", "type")])
            if (entry.At(member).TextAt("reference") is { } address && entries.TryGetValue(address, out var named) && Codes.Write(named.At(name)) is { } words) return words;
        return null;
    }

    static ReadableTable Table(string type, List<Line> lines)
    {
        (string Head, Func<Line, string?> Of)[] columns =
        [
            (Words.Of($"summary head {type}"), line => line.Title), (Words.Of("Value"), line => line.Value), (Words.Of(type == "Observation" ? "summary usual" : "summary details"), line => line.Detail),
            (Words.Of("summary status"), line => line.Status), (Words.Of("Date"), line => line.Date),
        ];
        var used = columns.Where(column => lines.Exists(line => column.Of(line) is not null)).ToList();
        return new([.. used.Select(column => column.Head)], [.. lines.Select(line => used.Select(column => column.Of(line) ?? "").ToArray())]);
    }
}

/// <summary>A section.</summary>
/// <param name="Code">LOINC.</param>
/// <param name="Title">Heading.</param>
/// <param name="Tables">One for each kind of entry.</param>
/// <param name="Statements">What is said instead of, or beside, tables.</param>
public sealed record ReadableSection(string Code, string Title, IReadOnlyList<ReadableTable> Tables, IReadOnlyList<string> Statements);

/// <summary>A table; every row has as many cells as there are heads.</summary>
public sealed record ReadableTable(IReadOnlyList<string> Heads, IReadOnlyList<string[]> Rows);
