using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Records.Resources;

namespace Tervik.Portal.Record;

/// <summary>A resource that a page looks at more than once.</summary>
/// <param name="Stored">As it is stored.</param>
/// <param name="Json">Its JSON, as long as its <see cref="ParsedRecord"/> lives.</param>
readonly record struct Parsed(StoredResource Stored, JsonElement Json)
{
    public string Type => Stored.Type;
    public RecordEntry Entry => RecordEntry.Read(Stored.Type, Stored.Id, Json);
}

/// <summary>What a page reads of a record, each resource parsed once. What is shown is taken from it before it is disposed.</summary>
sealed class ParsedRecord : IDisposable
{
    readonly Dictionary<(string, string), (StoredResource Stored, JsonDocument Json)> all = [];

    /// <summary>All that was read, for the log.</summary>
    public IReadOnlyList<StoredResource> Read => [.. all.Values.Select(one => one.Stored)];

    /// <summary>Parses what a search found, in its order.</summary>
    public IReadOnlyList<Parsed> Add(IEnumerable<StoredResource> found)
    {
        var added = new List<Parsed>();
        foreach (var stored in found)
        {
            if (!all.TryGetValue((stored.Type, stored.Id), out var one)) all[(stored.Type, stored.Id)] = one = (stored, JsonDocument.Parse(stored.Body));
            added.Add(new(one.Stored, one.Json.RootElement));
        }
        return added;
    }

    public void Dispose()
    {
        foreach (var (_, json) in all.Values) json.Dispose();
    }
}

/// <summary>What counts today and what is history.</summary>
static class Standing
{
    /// <summary>Neither resolved, refuted, ended nor an error.</summary>
    public static bool IsActive(Parsed one) => !Codes.Has(one.Json.At("clinicalStatus"), "inactive", "resolved", "remission") && !Codes.Has(one.Json.At("verificationStatus"), "refuted", "entered-in-error")
        && one.Json.TextAt("status") is not ("inactive" or "entered-in-error" or "proposed" or "rejected") && one.Json.TextAt("lifecycleStatus") is null or "active" or "accepted" or "planned" or "on-hold";

    /// <summary>An entry that says that there is no allergy.</summary>
    public static bool SaysNoAllergy(Parsed allergy) => KnownAllergies.SaysNone(allergy.Json);

    /// <summary>An allergy to something, neither "none" nor "not known".</summary>
    public static bool IsAllergy(Parsed one) => one.Type == "AllergyIntolerance" && IsActive(one) && !KnownAllergies.SaysNone(one.Json) && !KnownAllergies.SaysUnknown(one.Json);

    public static bool IsCriticalAllergy(Parsed allergy) => allergy.Json.TextAt("criticality") == "high" || allergy.Json.ItemsAt("reaction").Any(reaction => reaction.TextAt("severity") == "severe");

    /// <summary>Medication that is taken now: prescribed, or said to be taken. A proposal is not.</summary>
    public static bool IsTaken(Parsed one) => one.Type switch
    {
        "MedicationRequest" => one.Json.TextAt("status") is "active" or "on-hold" && one.Json.TextAt("intent") is not ("proposal" or "option") && one.Json.At("doNotPerform").ValueKind != JsonValueKind.True,
        "MedicationStatement" => one.Json.TextAt("status") is "active" or "intended" or "on-hold",
        _ => false,
    };

    /// <summary>An encounter that goes on now.</summary>
    public static bool IsRunning(Parsed one) => one.Type == "Encounter" && one.Json.TextAt("status") is "in-progress" or "arrived" or "triaged" or "onleave";

    /// <summary>An encounter with a bed.</summary>
    public static bool IsStay(JsonElement encounter) => encounter.At("class").TextAt("code") is "IMP" or "ACUTE" or "NONAC" or "OBSENC" or "SS";

    /// <summary>A task that waits for somebody.</summary>
    public static bool IsOpenTask(Parsed one) => one.Type == "Task" && one.Json.TextAt("status") is "requested" or "received" or "accepted" or "ready" or "in-progress" or "on-hold";

    /// <summary>States in which a Task is open, for a search.</summary>
    public const string OpenTaskStates = "requested,received,accepted,ready,in-progress,on-hold";
    /// <summary>States of an Encounter that goes on.</summary>
    public const string RunningStates = "in-progress,arrived,triaged,onleave";
}
