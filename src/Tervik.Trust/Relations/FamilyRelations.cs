using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust.Consent;

namespace Tervik.Trust.Relations;

/// <summary>Why somebody may read another patient's record.</summary>
public enum FamilyKind
{
    /// <summary>As parent or guardian of a child: reads, acts for it, and sees who has looked.</summary>
    Guardian,
    /// <summary>As an adult who was let in: reads, and books appointments where the patient said so.</summary>
    LetIn,
}

/// <summary>Another patient whose record may be read.</summary>
/// <param name="Patient">Who, <c>Patient/id</c>.</param>
/// <param name="Compartment">Key of it.</param>
/// <param name="Kind">Why.</param>
/// <param name="SinceUs">Since when, microseconds since 1970-01-01 UTC; 0 when only the record says so.</param>
/// <param name="UntilUs">Likewise: no longer from then on; 0 when it has no end.</param>
/// <param name="Scope">Resource types that may be read; null for all.</param>
/// <param name="Hidden">Sensitive categories that may not: of a child that decides on them alone.</param>
/// <param name="Books">Whether appointments may be booked, moved and cancelled for them.</param>
public sealed record FamilyMember(string Patient, long Compartment, FamilyKind Kind, long SinceUs, long UntilUs, FrozenSet<string>? Scope, IReadOnlyList<string> Hidden, bool Books);

/// <summary>Whose records a patient may read besides the own: young children of theirs, and adults who let them in.</summary>
/// <remarks>Derived from facts: a RelatedPerson of the child, a parent or guardian by its relationship, who bears the parent's national number; and the choices in <see cref="Sharing"/>.</remarks>
public sealed class FamilyRelations(RecordStore store, SearchEngine search, Sharing sharing, TimeProvider clock)
{
    const int MostKept = 10_000;
    const string RoleCodes = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

    // As in CareRelations.
    static readonly NewestOf NewestFact = new("RelatedPerson", "Patient", "Organization");

    /// <summary>Relationships that come with custody: parents by birth or adoption, and guardians. Step- and foster parents have it only as guardians.</summary>
    static readonly FrozenSet<string> Custody = FrozenSet.ToFrozenSet(["GUARD", "PRN", "MTH", "FTH", "NPRN", "NMTH", "NFTH", "ADOPTP", "ADOPTF", "ADOPTM"]);

    /// <summary>Systems of national numbers, for identifiers whose type does not say that they are one: Denmark, Estonia, and the sample and demonstration data.</summary>
    static readonly FrozenSet<string> NationalSystems = FrozenSet.ToFrozenSet(["urn:oid:1.2.208.176.1.2", "https://fhir.ee/sid/pid/est/ni", "urn:tervik:sample:national-id", "urn:tervik:demo:kr-resident-number"]);

    /// <summary>From which ages on a child decides.</summary>
    /// <param name="Sensitive">On sensitive matters: parents no longer see those categories.</param>
    /// <param name="Alone">On everything: parents no longer see the record.</param>
    readonly record struct Ages(int Sensitive, int Alone);

    static readonly Ages Usual = new(12, 15);
    /// <summary>By country of the institution that keeps the record.</summary>
    static readonly FrozenDictionary<string, Ages> AgesByCountry = new Dictionary<string, Ages> { ["DK"] = new(15, 15), ["EE"] = new(14, 18), ["KR"] = new(14, 14) }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>What parents no longer see from the age of <see cref="Ages.Sensitive"/>.</summary>
    static readonly string[] OfTheChildAlone = ["MH", "SUD", "SEX", "STD"];

    sealed record Derived(long NewestFactUs, long CheckAgainUs, IReadOnlyList<FamilyMember> Children);

    readonly ConcurrentDictionary<string, Derived> kept = new(StringComparer.Ordinal);

    /// <summary>Whose records <c>Patient/id</c> may read besides the own.</summary>
    public async ValueTask<IReadOnlyList<FamilyMember>> Of(string patient, CancellationToken stop)
    {
        var children = await Children(patient, stop);
        var letIn = await sharing.LettingIn(patient, stop);
        if (letIn.Count == 0) return children;
        var members = children.ToList();
        foreach (var choice in letIn.Where(choice => choice.Patient != patient && children.All(child => child.Patient != choice.Patient)))
            members.Add(new(choice.Patient, store.Keys.Reference(choice.Patient), FamilyKind.LetIn, choice.MadeUs, choice.EndsUs, ScopeOf(choice), await OptOuts(choice.Patient, stop), choice.Books));
        return members;
    }

    /// <summary>What a patient opted out of holds for everybody but themselves: whom they let in may be whom they have to fear.</summary>
    async ValueTask<IReadOnlyList<string>> OptOuts(string patient, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        string[] whats = [.. (await sharing.Of(patient, stop)).Where(choice => choice.Kind == SharingKind.OptOut && choice.HoldsAt(nowUs)).Select(choice => choice.What).Distinct().Order(StringComparer.Ordinal)];
        return whats.Length == 0 ? [] : Kept.GetOrAdd(string.Join(' ', whats), whats);
    }

    /// <summary>One object for each combination, so that members who did not change are equal.</summary>
    static readonly ConcurrentDictionary<string, IReadOnlyList<string>> Kept = new(StringComparer.Ordinal);

    /// <summary>One object for each of the few combinations of classes.</summary>
    static readonly ConcurrentDictionary<string, FrozenSet<string>> Scopes = new(StringComparer.Ordinal);

    static FrozenSet<string>? ScopeOf(SharingChoice choice) => choice.Classes is not { Count: > 0 } classes ? null
        : Scopes.GetOrAdd(string.Join(' ', classes), _ => FrozenSet.ToFrozenSet(classes.Where(DataClasses.ForAdults.Contains).SelectMany(DataClasses.Of).Append("Patient")));

    /// <summary>National numbers of a Patient or RelatedPerson: system and value.</summary>
    public static IEnumerable<(string System, string Value)> NationalNumbers(JsonElement person)
    {
        foreach (var identifier in Items(person, "identifier"))
            if (Text(identifier, "system") is { } system && Text(identifier, "value") is { } value && Text(identifier, "use") != "old" && (NationalSystems.Contains(system) || IsNational(identifier)))
                yield return (system, value);
    }

    // NI: national unique individual identifier, NNxxx the same with a country, SB and SS: social beneficiary and social security number (table 0203 of HL7 v2).
    static bool IsNational(JsonElement identifier) => identifier.TryGetProperty("type", out var type)
        && Items(type, "coding").Any(coding => Text(coding, "code") is "NI" or "SB" or "SS" or ['N', 'N', _, _, _] && Text(coding, "system") == "http://terminology.hl7.org/CodeSystem/v2-0203");

    async ValueTask<IReadOnlyList<FamilyMember>> Children(string patient, CancellationToken stop)
    {
        var newestFactUs = await store.Database.ReadOnce(NewestFact.In, stop);
        var nowUs = clock.NowUs();
        if (kept.TryGetValue(patient, out var known) && known.NewestFactUs == newestFactUs && nowUs < known.CheckAgainUs) return known.Children;
        var derived = await Derive(patient, newestFactUs, nowUs, stop);
        if (kept.Count >= MostKept) kept.Clear();
        kept[patient] = derived;
        return derived.Children;
    }

    async ValueTask<Derived> Derive(string patient, long newestFactUs, long nowUs, CancellationToken stop)
    {
        var (children, checkAgainUs) = (new List<FamilyMember>(), long.MaxValue);
        foreach (var (system, value) in await NumbersOf(patient, stop))
        {
            var found = await search.Search(new("RelatedPerson", [new("identifier", $"{SearchSyntax.Escape(system)}|{SearchSyntax.Escape(value)}"), new("_count", "200")], Strict: true), AccessFilter.Everything, stop);
            foreach (var match in found.Matches)
            {
                using var json = JsonDocument.Parse(match.Body);
                if (ChildOf(json.RootElement) is not { } child || child == patient || children.Exists(one => one.Patient == child)) continue;
                var (startsUs, endsUs) = PeriodOf(json.RootElement);
                if (await ComesOfAgeUs(child, stop) is not var (sensitiveUs, aloneUs)) continue;
                endsUs = Math.Min(endsUs, aloneUs);
                if (nowUs >= endsUs) continue;
                checkAgainUs = Math.Min(checkAgainUs, nowUs < startsUs ? startsUs : nowUs < sensitiveUs ? Math.Min(sensitiveUs, endsUs) : endsUs);
                if (nowUs >= startsUs) children.Add(new(child, store.Keys.Reference(child), FamilyKind.Guardian, SinceUs: 0, endsUs, Scope: null, nowUs >= sensitiveUs ? OfTheChildAlone : [], Books: true));
            }
        }
        return new(newestFactUs, checkAgainUs, children);
    }

    async ValueTask<List<(string, string)>> NumbersOf(string patient, CancellationToken stop)
    {
        if (await store.Read("Patient", patient["Patient/".Length..], AccessFilter.Everything, stop) is not { IsDeleted: false } stored) return [];
        using var json = JsonDocument.Parse(stored.Body);
        return [.. NationalNumbers(json.RootElement)];
    }

    /// <summary>The child that a RelatedPerson has custody of; null when it has none.</summary>
    static string? ChildOf(JsonElement related)
    {
        if (related.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.False) return null;
        var hasCustody = Items(related, "relationship").SelectMany(relationship => Items(relationship, "coding"))
            .Any(coding => Text(coding, "system") == RoleCodes && Text(coding, "code") is { } code && Custody.Contains(code));
        return hasCustody && related.TryGetProperty("patient", out var patient) && Text(patient, "reference") is { } reference && reference.StartsWith("Patient/", StringComparison.Ordinal) ? reference : null;
    }

    static (long StartsUs, long EndsUs) PeriodOf(JsonElement related)
    {
        if (!related.TryGetProperty("period", out var period)) return (long.MinValue, long.MaxValue);
        // A last day without a time is a whole one.
        return (Time(Text(period, "start")) ?? long.MinValue, Time(Text(period, "end")) is { } end ? end + (Text(period, "end")!.Length <= 10 ? (long)TimeSpan.FromDays(1).TotalMicroseconds : 0) : long.MaxValue);
    }

    /// <summary>When this child decides on sensitive matters and on everything; null when it is no patient or its birth date is not known.</summary>
    async ValueTask<(long SensitiveUs, long AloneUs)?> ComesOfAgeUs(string child, CancellationToken stop)
    {
        if (await store.Read("Patient", child["Patient/".Length..], AccessFilter.Everything, stop) is not { IsDeleted: false } stored) return null;
        using var json = JsonDocument.Parse(stored.Body);
        if (Text(json.RootElement, "birthDate") is not { } birth || !DateTime.TryParseExact(birth, ["yyyy-MM-dd", "yyyy-MM", "yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var born)) return null;
        var country = await CountryOf(json.RootElement, stop);
        var ages = country is null ? Usual : AgesByCountry.GetValueOrDefault(country, Usual);
        return (Us(born.AddYears(ages.Sensitive)), Us(born.AddYears(ages.Alone)));
    }

    async ValueTask<string?> CountryOf(JsonElement patient, CancellationToken stop)
    {
        if (patient.TryGetProperty("managingOrganization", out var organization) && Text(organization, "reference")?.Split('/') is ["Organization", var id]
            && await store.Read("Organization", id, AccessFilter.Everything, stop) is { IsDeleted: false } stored)
        {
            using var json = JsonDocument.Parse(stored.Body);
            if (Items(json.RootElement, "address").Select(address => Text(address, "country")).FirstOrDefault(country => country is not null) is { } its) return its;
        }
        return Items(patient, "address").Select(address => Text(address, "country")).FirstOrDefault(country => country is not null);
    }

    static long? Time(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Us(time.UtcDateTime) : null;
    static long Us(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    static string? Text(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    static JsonElement.ArrayEnumerator Items(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;
}
