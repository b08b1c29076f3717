using System.Collections.Frozen;
using System.Globalization;
using System.Resources;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Lives;
using Tervik.Demo.People;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Notes;

/// <summary>Kinds of notes.</summary>
enum NoteKind { None, Progress, Discharge, Imaging, Nursing }

/// <summary>Codes of the kinds.</summary>
static class NoteKinds
{
    static readonly Term Progress = Term.Loinc("11506-3", "Progress note"), Discharge = Term.Loinc("18842-5", "Discharge letter"), Imaging = Term.Loinc("18748-4", "Imaging report"), Nursing = Term.Loinc("34746-8", "Nursing note");

    public static Term Type(this NoteKind kind) => kind switch { NoteKind.Discharge => Discharge, NoteKind.Imaging => Imaging, NoteKind.Nursing => Nursing, _ => Progress };
}

/// <summary>The words of one language, and the notes made of them.</summary>
sealed class NoteWords
{
    static readonly FrozenDictionary<string, NoteWords> Languages = ((string[])["en", "da", "et", "ko"]).ToFrozenDictionary(language => language, language => new NoteWords(language), StringComparer.Ordinal);

    /// <summary>Markers that are written alike everywhere.</summary>
    static readonly FrozenDictionary<string, string> Short = new Dictionary<string, string>
    {
        ["hba1c"] = "HbA1c", ["ldl"] = "LDL", ["hdl"] = "HDL", ["egfr"] = "eGFR", ["sodium"] = "Na", ["acr"] = "U-ACR", ["crp"] = "CRP", ["wbc"] = "WBC", ["tsh"] = "TSH", ["ft4"] = "fT4", ["alt"] = "ALT", ["psa"] = "PSA", ["cea"] = "CEA",
        ["ca153"] = "CA 15-3", ["probnp"] = "NT-proBNP", ["troponin"] = "hs-TnT", ["fev1"] = "FEV1", ["phq9"] = "PHQ-9", ["mmse"] = "MMSE", ["saturation"] = "SpO2", ["bmi"] = "BMI", ["ferritin"] = "Ferritin", ["pth"] = "PTH",
    }.ToFrozenDictionary();

    // Letters of all languages stay letters.
    static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    readonly string language;
    readonly FrozenDictionary<string, string> words;

    NoteWords(string language)
    {
        this.language = language;
        var set = new ResourceManager("Tervik.Demo.Notes.NoteWords", typeof(NoteWords).Assembly).GetResourceSet(CultureInfo.GetCultureInfo(language), createIfNotExists: true, tryParents: language == "en")!;
        words = set.Cast<System.Collections.DictionaryEntry>().ToFrozenDictionary(entry => (string)entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);
    }

    public static NoteWords In(string language) => Languages[language];

    /// <summary>The keys that are there, for tests.</summary>
    public IReadOnlyCollection<string> Keys => words.Keys;

    public string this[string key, params ReadOnlySpan<string> values]
    {
        get
        {
            var text = words[key];
            for (var i = 0; i < values.Length; i++) text = text.Replace($"{{{i}}}", values[i], StringComparison.Ordinal);
            return text;
        }
    }

    public string Title(NoteKind kind) => this[kind switch { NoteKind.Discharge => "title.discharge", NoteKind.Imaging => "title.imaging", NoteKind.Nursing => "title.nursing", _ => "title.progress" }];

    string Illness(Ailment ailment) => this[$"i.{ailment.Illness.Key}"];

    /// <summary>What the patient says, what was found, what it means, what comes next.</summary>
    public string Progress(Visit visit)
    {
        var note = new StringBuilder();
        note.Append(this[$"c.{visit.Complaint}"]);
        if (visit.Remark is { } remark) note.Append(CultureInfo.InvariantCulture, $" ({remark})");
        note.Append("\n\n");
        if (Findings(visit) is { Length: > 0 } findings) note.Append(CultureInfo.InvariantCulture, $"{this["h.findings"]}: {findings}\n");
        if (visit.Reasons.Count > 0) note.Append(CultureInfo.InvariantCulture, $"{this["h.assessment"]}: {string.Join("; ", visit.Reasons.Select(Illness))}.\n");
        if (visit.Plan.Count > 0) note.Append(CultureInfo.InvariantCulture, $"{this["h.plan"]}: {Plan(visit)}\n");
        note.Append(CultureInfo.InvariantCulture, $"\n{visit.Clinician.Link.Display}");
        return note.ToString();
    }

    string Findings(Visit visit)
    {
        var parts = new List<string>();
        if (visit.Found.TryGetValue(Marker.Of("systolic"), out var systolic)) parts.Add($"{this["m.bp"]} {Number(systolic)}/{Number(visit.Found[Marker.Of("diastolic")])} mmHg");
        foreach (var (marker, value) in visit.Found)
        {
            if ((Short.GetValueOrDefault(marker.Key) ?? words.GetValueOrDefault($"m.{marker.Key}")) is not { } name) continue;
            parts.Add($"{name} {Number(value)}{(marker.Ucum == "{score}" || marker.Unit.Length == 0 ? "" : $" {marker.Unit}")}");
        }
        return parts.Count == 0 ? "" : string.Join(", ", parts) + ".";
    }

    // A decimal comma where the language has one.
    string Number(decimal value) => value.ToString(CultureInfo.InvariantCulture) is var text && language is "da" or "et" ? text.Replace('.', ',') : text;

    string Plan(Visit visit) => string.Join(' ', visit.Plan.Select(step => step.Key switch
    {
        "refer" => this["p.refer", Department(step.Values[0])],
        "missed" => this["p.missed", Marker.All.First(one => one.Code.Display == step.Values[0]) is var marker && Short.TryGetValue(marker.Key, out var name) ? name : marker.Key == "systolic" ? this["m.bp"] : words.GetValueOrDefault($"m.{marker.Key}") ?? step.Values[0]],
        _ => this[$"p.{step.Key}", step.Values],
    }));

    string Department(string name) => words.GetValueOrDefault($"s.{Specialty.Departments.First(one => one.Name == name).Key}") ?? name;

    /// <summary>HTML: why, what was found and done, the medicines, what happens next.</summary>
    public string Discharge(Person person, Visit visit, DateTimeOffset end, IEnumerable<Drug> drugs, IReadOnlyCollection<Allergy> allergies)
    {
        var note = new StringBuilder();
        Heading(this["title.discharge"], "h1");
        Paragraph($"{person.Name}, {person.NationalId}");
        Paragraph(this["d.course", Date(visit.Start), Date(end)]);
        Heading(this["h.reason"]);
        Paragraph($"{string.Join("; ", visit.Reasons.Select(Illness))}. {this[$"c.{visit.Complaint}"]}");
        Heading(this["h.course"]);
        Paragraph(Findings(visit));
        Heading(this["h.allergies"]);
        Paragraph(allergies.Count == 0 ? this["none"] : string.Join("; ", allergies.Select(one => one.Kind.Code.Display)));
        Heading(this["h.medicines"]);
        note.Append("<ul>");
        foreach (var drug in drugs) note.Append(CultureInfo.InvariantCulture, $"<li>{Html.Encode(drug.Name)}: {Html.Encode(drug.Text)}</li>");
        note.Append("</ul>");
        Heading(this["h.follow"]);
        Paragraph(Plan(visit));
        Paragraph($"{visit.Clinician.Link.Display}, {Institution.Name(visit.Clinician.Country, visit.Clinician.Organization)}");
        return note.ToString();

        void Heading(string text, string level = "h2") => note.Append(CultureInfo.InvariantCulture, $"<{level}>{Html.Encode(text)}</{level}>");
        void Paragraph(string text) => note.Append(CultureInfo.InvariantCulture, $"<p>{Html.Encode(text)}</p>");
    }

    string Date(DateTimeOffset at) => at.ToString(language switch { "ko" => "yyyy. M. d.", "en" => "d MMMM yyyy", _ => "d.M.yyyy" }, CultureInfo.InvariantCulture);

    /// <summary>Findings and conclusion of a picture.</summary>
    public (string Findings, string Conclusion) Picture(Picture picture, Ailment ailment) => (this[$"x.{picture.Key}"], $"{this[$"x.{picture.Key}.end"]} ({Illness(ailment)})");

    public string Imaging(Picture picture, Ailment ailment, Clinician radiologist)
    {
        var (findings, conclusion) = Picture(picture, ailment);
        return $"{this["h.indication"]}: {Illness(ailment)}.\n\n{this["h.findings"]}: {findings}\n\n{this["h.conclusion"]}: {conclusion}\n\n{radiologist.Link.Display}";
    }

    public string Nursing(Clinician helper, int sleep, int pain, decimal temperature) =>
        $"{this[$"n.sleep.{sleep}"]} {this["n.pain", pain.ToString(CultureInfo.InvariantCulture), Number(temperature)]}\n{this["n.body"]}\n\n{helper.Link.Display}";
}
