using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Chart;

/// <summary>What must not be overlooked, in a line.</summary>
/// <param name="Kind">Words key <c>alert {Kind}</c>: allergy, directive, flag, pregnancy, anticoagulation, kidney.</param>
/// <param name="Title">What.</param>
/// <param name="Detail">More, or null.</param>
/// <param name="IsSevere">Whether it stands first and in the colour of danger.</param>
/// <param name="Entry">Where it comes from: type and id.</param>
public sealed record Alert(string Kind, string Title, string? Detail, bool IsSevere, (string Type, string Id) Entry);

/// <summary>Finds the warnings of a record: pure rules over what was read. They speak only of what is recorded; that nothing is found proves nothing.</summary>
static partial class Alerts
{
    /// <summary>A pregnancy status older than this says nothing about today.</summary>
    const int PregnancyDays = 300;
    /// <summary>mL/min/1.73 m²: below the first, doses may have to change (KDIGO stage G3); below the second, severely reduced (G4).</summary>
    const double ReducedFiltration = 60, SevereFiltration = 30;

    /// <summary>LOINC: estimated glomerular filtration rate, by the formulas in use.</summary>
    static readonly string[] Filtration = ["33914-3", "48642-3", "48643-1", "50044-7", "62238-1", "69405-9", "77147-7", "88293-6", "88294-4", "94677-2", "98979-8"];
    /// <summary>LOINC: pregnancy status.</summary>
    static readonly string[] PregnancyStatus = ["82810-3", "11449-6"];
    static readonly string[] Pregnant = ["77386006", "72892002", "47200007", "LA15173-0"]; // SNOMED CT and LOINC answers
    static readonly string[] DirectiveCategories = ["acd", "dnr", "hcd", "polst", "emrgonly"];
    static readonly string[] NoResuscitation = ["304253006", "dnr", "439569004"]; // SNOMED CT: not for resuscitation

    /// <summary>What to search for beside the latest results: <c>code</c> of Observation.</summary>
    public static string KeyObservations { get; } = string.Join(',', Filtration.Concat(PregnancyStatus).Select(code => $"http://loinc.org|{code}"));

    /// <summary>Allergies, the critical first.</summary>
    public static List<Alert> Allergies(IEnumerable<Parsed> standing) =>
        [.. standing.Where(Standing.IsAllergy).Select(one => Of("allergy", one, Standing.IsCriticalAllergy(one))).OrderBy(alert => alert.IsSevere ? 0 : 1)];

    /// <summary>Everything else, the severe first.</summary>
    public static List<Alert> Others(IReadOnlyList<Parsed> standing, IReadOnlyList<Parsed> medication, IReadOnlyList<Parsed> keyObservations, DateTime today)
    {
        var alerts = new List<Alert>();
        foreach (var one in standing)
            switch (one.Type)
            {
                case "Consent" when IsDirective(one.Json):
                    alerts.Add(new("directive", Codes.First(one.Json, "category") ?? one.Entry.Title, Codes.Write(one.Json.At("provision").FirstAt("code")), IsSevere: true, (one.Type, one.Stored.Id)));
                    break;
                case "Flag" when one.Json.TextAt("status") == "active" && !HasEnded(one.Json, today):
                    alerts.Add(Of("flag", one, Codes.Has(one.Json.At("code"), NoResuscitation)));
                    break;
                case "Condition" when Standing.IsActive(one) && IsPregnancy(one.Json):
                    alerts.Add(Of("pregnancy", one, isSevere: false));
                    break;
            }
        if (keyObservations.FirstOrDefault(one => Is(one, PregnancyStatus)) is { Json.ValueKind: JsonValueKind.Object } status && Codes.Has(status.Json.At("valueCodeableConcept"), Pregnant)
            && FhirDate.Of(status.Json, "effectiveDateTime", "issued") is { } stated && (today - stated.Local).TotalDays < PregnancyDays && !alerts.Exists(alert => alert.Kind == "pregnancy"))
            alerts.Add(new("pregnancy", Words.Of("Pregnant"), stated.Short, IsSevere: false, (status.Type, status.Stored.Id)));
        foreach (var one in medication)
            if (IsAnticoagulant(one)) alerts.Add(Of("anticoagulation", one, isSevere: false));
        if (keyObservations.FirstOrDefault(one => Is(one, Filtration)) is { Json.ValueKind: JsonValueKind.Object } filtration
            && Result.Read(filtration.Stored.Id, filtration.Json).FirstOrDefault() is { Number: < ReducedFiltration } result)
            alerts.Add(new("kidney", result.Value, result.Date?.Short, result.Number < SevereFiltration, (filtration.Type, filtration.Stored.Id)));
        return [.. alerts.DistinctBy(alert => (alert.Kind, alert.Title)).OrderBy(alert => alert.IsSevere ? 0 : 1)];
    }

    static Alert Of(string kind, Parsed one, bool isSevere) => one.Entry is var entry ? new(kind, entry.Title, entry.Detail, isSevere, (entry.Type, entry.Id)) : null!;

    static bool Is(Parsed observation, string[] codes) => observation.Json.TextAt("status") is not ("entered-in-error" or "cancelled") && Codes.Has(observation.Json.At("code"), codes);

    static bool HasEnded(JsonElement flag, DateTime today) => FhirDate.Read(flag.At("period").TextAt("end")) is { } end && end.Local < today;

    static bool IsDirective(JsonElement consent) => consent.TextAt("status") == "active"
        && (Codes.Has(consent.At("scope"), "adr") || consent.ItemsAt("category").Any(category => Codes.Has(category, DirectiveCategories)));

    // ICD-10: Z33 pregnant state, Z34 and Z35 supervision of pregnancy, O09 to O48 while it lasts.
    static bool IsPregnancy(JsonElement condition)
    {
        if (Codes.Has(condition.At("code"), Pregnant)) return true;
        foreach (var coding in condition.At("code").ItemsAt("coding"))
            if (coding.TextAt("system")?.Contains("icd-10", StringComparison.OrdinalIgnoreCase) == true && coding.TextAt("code") is { } code && PregnancyCode().IsMatch(code)) return true;
        return false;
    }

    /// <summary>Whether a medication thins the blood: by its ATC code, else by the international name of a substance.</summary>
    static bool IsAnticoagulant(Parsed one)
    {
        foreach (var coding in one.Json.At("medicationCodeableConcept").ItemsAt("coding"))
            if (coding.TextAt("system") == "http://www.whocc.no/atc") return coding.TextAt("code") is { } code && AnticoagulantCode().IsMatch(code);
        return AnticoagulantName().IsMatch(one.Entry.Title);
    }

    [GeneratedRegex("^(?:Z3[345]|O(?:09|[1-4][0-9]))", RegexOptions.CultureInvariant)]
    private static partial Regex PregnancyCode();

    // B01AC (platelets) is left out: it is no anticoagulant. B01AX05 is fondaparinux.
    [GeneratedRegex("^B01A(?:A|B|E|F|X05)", RegexOptions.CultureInvariant)]
    private static partial Regex AnticoagulantCode();

    [GeneratedRegex(@"\b(?:warfarin|phenprocoumon|acenocoumarol|apixaban|rivaroxaban|edoxaban|dabigatran|fondaparinux|argatroban|bivalirudin|\w*heparin|(?:dalte|enoxa|tinza|nadro)parin)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex AnticoagulantName();
}
