using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Vaccinations;

/// <summary>One vaccination, or one that was not given.</summary>
/// <param name="Against">Diseases, in words; the vaccine's name where none is said.</param>
/// <param name="Vaccine">Name of the vaccine.</param>
/// <param name="IsGiven">False when it was not given; see <paramref name="Reason"/>.</param>
/// <param name="Number">Which dose of how many, in words, or null.</param>
/// <param name="Reason">Why not, or null.</param>
/// <param name="Line">Date, place, lot.</param>
public sealed record Dose(IReadOnlyList<string> Against, string Vaccine, bool IsGiven, string? Number, string? Reason, SectionLine Line);

/// <summary>All doses against one disease, newest first.</summary>
public sealed record Protection(string Disease, IReadOnlyList<SectionLine> Lines);

/// <summary>The vaccinations page.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Due">What is recommended, the earliest first.</param>
/// <param name="Protections">By disease or vaccine, the latest first.</param>
/// <param name="NotGiven">Newest first.</param>
/// <param name="IsCut">More than could be shown.</param>
public sealed record VaccinationsModel(PatientHeader Patient, IReadOnlyList<SectionLine> Due, IReadOnlyList<Protection> Protections, IReadOnlyList<SectionLine> NotGiven, bool IsCut);

/// <summary>Reads the vaccinations of a patient.</summary>
static class VaccinationsQuery
{
    // A life's vaccinations are some sixty; they are grouped by disease, so all are read at once.
    const int MostDoses = 500, MostRecommendations = 20;

    public static async Task<VaccinationsModel> Load(Section section)
    {
        var found = await section.All("Immunization", MostDoses, ("_sort", "-date"));
        var recommended = await section.All("ImmunizationRecommendation", MostRecommendations, ("_sort", "-date"));
        await section.Mentions.Add([.. found, .. recommended]);
        var doses = found.Select(stored => section.Take(stored, Read)).OfType<Dose>().ToList();
        var due = recommended.SelectMany(stored => section.Take(stored, shown => Due(shown, section.Day).ToList())).DistinctBy(line => line.Title).OrderBy(line => line.Date?.Instant ?? DateTimeOffset.MaxValue).ToList();
        return new(section.Patient, due, ByDisease(doses), [.. doses.Where(dose => !dose.IsGiven).Select(dose => dose.Line)], found.Count == MostDoses);
    }

    /// <summary>Groups given doses by what they protect against; a combined vaccine stands in each of its groups.</summary>
    public static List<Protection> ByDisease(IEnumerable<Dose> doses) => [.. doses.Where(dose => dose.IsGiven)
        .SelectMany(dose => dose.Against.Select(disease => (disease, dose)))
        .GroupBy(one => one.disease, StringComparer.OrdinalIgnoreCase)
        .Select(group => new Protection(group.Key, [.. group.Select(one => one.dose.Line).OrderByDescending(line => line.Date?.Instant ?? DateTimeOffset.MinValue)]))
        .OrderByDescending(protection => protection.Lines[0].Date?.Instant ?? DateTimeOffset.MinValue)];

    /// <summary>One Immunization; null when it was entered in error.</summary>
    public static Dose? Read(Shown shown)
    {
        var json = shown.Json;
        if (json.TextAt("status") == "entered-in-error") return null;
        var vaccine = Codes.Write(json.At("vaccineCode")) ?? Words.Of("Vaccine without a name");
        var protocols = json.ItemsAt("protocolApplied").ToList();
        string[] diseases = [.. protocols.SelectMany(protocol => protocol.ItemsAt("targetDisease")).Select(Codes.Write).OfType<string>().Distinct()];
        var number = protocols.Select(Number).OfType<string>().FirstOrDefault();
        var isGiven = json.TextAt("status") != "not-done";
        var reason = isGiven ? null : Codes.Write(json.At("statusReason")) ?? Codes.First(json, "reasonCode");
        var date = FhirDate.Of(json, "occurrenceDateTime") ?? FhirDate.Of(json, "recorded");
        var line = shown.Line(date, FhirDate.Of(json, "occurrenceDateTime")?.Day ?? json.TextAt("occurrenceString") ?? (date is { } recorded ? Words.Of("fact recorded {0}", recorded.Day) : null),
            [isGiven ? null : new(Words.Of("fact Not given"), "warning"), json.At("primarySource").ValueKind == JsonValueKind.False ? new(Words.Of("Reported, not given here"), "info") : null, json.At("isSubpotent").ValueKind == JsonValueKind.True ? new(Words.Of("Too weak to count"), "warning") : null],
            [
                number is null ? null : new(Words.Of("fact Dose"), number),
                reason is null ? null : new(Words.Of("fact Why not"), reason),
                isGiven || diseases.Length == 0 ? null : new(Words.Of("fact Against"), string.Join(", ", diseases)),
                json.TextAt("lotNumber") is { } lot ? new(Words.Of("fact Lot"), lot) : null,
                shown.Reference(Words.Of("fact Manufacturer"), json.At("manufacturer")),
                shown.Reference(Words.Of("fact Place"), json.At("location")),
                json.ItemsAt("performer").Select(performer => shown.Reference(Words.Of("fact Given by"), performer.At("actor"))).OfType<Fact>().FirstOrDefault(),
                .. json.ItemsAt("reaction").Select(reaction => shown.Reference(Words.Of("fact Reaction"), reaction.At("detail"))),
                .. shown.Notes(),
            ], vaccine);
        return new(diseases.Length > 0 ? diseases : [vaccine], vaccine, isGiven, number, reason, line);
    }

    static string? Number(JsonElement protocol)
    {
        var dose = protocol.TextAt("doseNumberPositiveInt") ?? protocol.TextAt("doseNumberString");
        var of = protocol.TextAt("seriesDosesPositiveInt") ?? protocol.TextAt("seriesDosesString");
        return (dose, of) switch { (null, _) => null, ({ } which, null) => Words.Of("fact dose {0}", which), ({ } which, { } all) => Words.Of("fact dose {0} of {1}", which, all) };
    }

    /// <summary>What an ImmunizationRecommendation says is to come; what is complete or not for this person is not due.</summary>
    public static IEnumerable<SectionLine> Due(Shown shown, string today)
    {
        foreach (var recommendation in shown.Json.ItemsAt("recommendation"))
        {
            var status = Codes.Code(recommendation.At("forecastStatus"));
            if (status is "complete" or "immune" or "contraindicated") continue;
            var vaccine = Codes.First(recommendation, "vaccineCode") ?? Codes.Write(recommendation.At("targetDisease")) ?? Words.Of("Vaccine without a name");
            // LOINC 30980-7 is the date due, 30981-5 the earliest.
            var criteria = recommendation.ItemsAt("dateCriterion").ToList();
            var date = Criterion(criteria, "30980-7") ?? Criterion(criteria, "30981-5") ?? criteria.Select(one => FhirDate.Read(one.TextAt("value"))).FirstOrDefault(value => value is not null);
            var isLate = status == "overdue" || date is { } day && string.CompareOrdinal(day.Text.Length > 10 ? day.Text[..10] : day.Text, today) < 0;
            yield return shown.Line(date, date is { } when ? Words.Of("fact due {0}", when.Day) : null, [isLate ? new(Words.Of("fact Late"), "warning") : null],
                [
                    Number(recommendation) is { } number ? new(Words.Of("fact Dose"), number) : null,
                    Codes.Write(recommendation.At("targetDisease")) is { } disease && disease != vaccine ? new(Words.Of("fact Against"), disease) : null,
                    Codes.First(recommendation, "forecastReason") is { } reason ? new(Words.Of("fact Why"), reason) : null,
                    recommendation.TextAt("description") is { } description ? new(null, description) : null,
                ], vaccine);
        }
    }

    static FhirDate? Criterion(List<JsonElement> criteria, string code) => criteria.Where(one => Codes.Has(one.At("code"), code)).Select(one => FhirDate.Read(one.TextAt("value"))).FirstOrDefault(value => value is not null);
}
