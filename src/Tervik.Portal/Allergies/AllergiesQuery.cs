using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Allergies;

/// <summary>What is known about allergies.</summary>
public enum Knowledge
{
    /// <summary>Nothing is recorded: nobody knows.</summary>
    NothingRecorded,
    /// <summary>Somebody recorded that it is not known.</summary>
    Unknown,
    /// <summary>Somebody asked, and there is none.</summary>
    NoneKnown,
    /// <summary>There are some.</summary>
    Some,
}

/// <summary>The allergies page.</summary>
/// <param name="Section">The lists.</param>
/// <param name="Knowledge">What an empty list means.</param>
/// <param name="Statements">Entries that say that there is none, or that nothing is known.</param>
public sealed record AllergiesModel(SectionModel Section, Knowledge Knowledge, IReadOnlyList<SectionLine> Statements);

/// <summary>Reads the allergies of a patient: those that count now, the severe first; then those that no longer do.</summary>
static class AllergiesQuery
{
    const int MostAllergies = 500;

    public static async Task<AllergiesModel> Load(Section section)
    {
        var found = await section.All("AllergyIntolerance", MostAllergies, ("_sort", "-date"));
        await section.Mentions.Add(found);
        var all = found.Select(stored => section.Take(stored, shown => (Line: Line(shown), IsNow: IsNow(shown.Json), Rank: Rank(shown.Json), Says: Says(shown.Json)))).Where(one => one.Line is not null).ToList();
        var current = all.Where(one => one.Says == Knowledge.Some && one.IsNow).OrderBy(one => one.Rank).Select(one => one.Line!).ToList();
        var past = all.Where(one => one.Says == Knowledge.Some && !one.IsNow).Select(one => one.Line!).ToList();
        var statements = all.Where(one => one.Says != Knowledge.Some && one.IsNow).ToList();
        var knowledge = current.Count > 0 ? Knowledge.Some : statements.Any(one => one.Says == Knowledge.NoneKnown) ? Knowledge.NoneKnown : statements.Count > 0 ? Knowledge.Unknown : Knowledge.NothingRecorded;
        return new(section.Model(new("current", Words.Of("Allergies now"), current, null), new("past", Words.Of("No longer an allergy"), past, null)), knowledge, [.. statements.Select(one => one.Line!)]);
    }

    /// <summary>What an entry says: an allergy, that there is none, or that nothing is known.</summary>
    public static Knowledge Says(JsonElement allergy) => KnownAllergies.SaysNone(allergy) ? Knowledge.NoneKnown : KnownAllergies.SaysUnknown(allergy) ? Knowledge.Unknown : Knowledge.Some;

    static bool IsNow(JsonElement allergy) => !Codes.Has(allergy.At("clinicalStatus"), "inactive", "resolved") && !Codes.Has(allergy.At("verificationStatus"), "refuted");

    static int Rank(JsonElement allergy) => allergy.TextAt("criticality") == "high" || allergy.ItemsAt("reaction").Any(reaction => reaction.TextAt("severity") == "severe") ? 0 : allergy.TextAt("criticality") == "low" ? 2 : 1;

    /// <summary>An allergy in a line; null when it was entered in error.</summary>
    public static SectionLine? Line(Shown shown)
    {
        var json = shown.Json;
        if (Codes.Has(json.At("verificationStatus"), "entered-in-error")) return null;
        var onset = FhirDate.Of(json, "onsetDateTime", "onsetPeriod");
        var recorded = FhirDate.Of(json, "recordedDate", "assertedDate");
        return shown.Line(onset ?? recorded,
            onset is { } began ? Words.Of("since {0}", began.Day) : Values.Write(json, "onset") is { } age ? json.At("onsetString").Exists() ? age : Words.Of("fact at the age of {0}", age) : recorded is { } written ? Words.Of("fact recorded {0}", written.Day) : null,
            [CriticalityTag(json), VerifiedTag(json), Codes.Code(json.At("clinicalStatus")) is { } state && state != "active" ? new(States.Of(json.At("clinicalStatus"))!) : null],
            [
                .. json.ItemsAt("reaction").Select(reaction => Reaction(reaction) is { } words ? new Fact(Words.Of("fact Reaction"), words) : null),
                Title(shown) == shown.Title && Substances(json) is { } substances && substances != shown.Title ? new(Words.Of("fact Substance"), substances) : null,
                json.TextAt("type") is { } type ? new(Words.Of("fact Kind"), Words.OfCode("allergy type", type)) : null,
                .. json.ItemsAt("category").Select(category => category.AsText()).OfType<string>().Select(category => new Fact(Words.Of("fact Caused by what kind"), Words.OfCode("allergy category", category))),
                FhirDate.Of(json, "lastOccurrence") is { } last ? new(Words.Of("fact Last time"), last.Day) : null,
                shown.FirstReference(Words.Of("fact Recorded by"), "recorder", "asserter"),
                .. shown.Notes(),
            ], Title(shown));
    }

    static string Title(Shown shown) => Codes.Write(shown.Json.At("code")) ?? Substances(shown.Json) ?? Words.Of("Allergy without a name");

    static string? Substances(JsonElement allergy) => allergy.ItemsAt("reaction").Select(reaction => Codes.Write(reaction.At("substance"))).OfType<string>().FirstOrDefault();

    /// <summary>"Rash, itching (severe)".</summary>
    public static string? Reaction(JsonElement reaction)
    {
        var signs = string.Join(", ", reaction.ItemsAt("manifestation").Select(Codes.Write).OfType<string>().Distinct());
        var what = signs.Length > 0 ? signs : reaction.TextAt("description");
        var how = reaction.TextAt("severity") is { } severity ? Words.OfCode("reaction severity", severity) : null;
        return (what, how) switch { (null, null) => null, ({ } seen, null) => seen, (null, { } bad) => bad, ({ } seen, { } bad) => $"{seen} ({bad})" };
    }

    static Tag? CriticalityTag(JsonElement allergy) => allergy.TextAt("criticality") switch
    {
        "high" => new(Words.Of("criticality high"), "danger"), "low" => new(Words.Of("criticality low")), "unable-to-assess" => new(Words.Of("criticality unable-to-assess"), "warning"), _ => null,
    };

    static Tag VerifiedTag(JsonElement allergy) => Codes.Code(allergy.At("verificationStatus")) is { } state ? new(States.Of(allergy.At("verificationStatus"))!, state == "confirmed" ? "success" : "info") : new(Words.Of("not said whether verified"), "info");
}
