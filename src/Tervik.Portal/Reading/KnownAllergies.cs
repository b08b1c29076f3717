using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>Tells apart three things that records write as an AllergyIntolerance: an allergy, that there is none, and that nothing is known.</summary>
static class KnownAllergies
{
    // SNOMED CT, and the International Patient Summary's absent-unknown-uv-ips.
    static readonly string[] None =
    [
        "716186003", "409137002", "428607008", "429625007", "428197003", "716184000", "716220001",
        "no-known-allergies", "no-known-medication-allergies", "no-known-environmental-allergies", "no-known-food-allergies",
    ];

    /// <summary>Somebody asked, and there is none.</summary>
    public static bool SaysNone(JsonElement allergy) => Codes.Has(allergy.At("code"), None);

    /// <summary>Nobody knows.</summary>
    public static bool SaysUnknown(JsonElement allergy) => Codes.Has(allergy.At("code"), "no-allergy-info", "1631000175102", "787481004");
}
