using Tervik.Portal.Access;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Marks;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust.Consent;
using Tervik.Trust.Decision;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Sharing;

/// <summary>The page on which a patient hides a part of the record, in three steps: what, from whom, and what that does.</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="What">The part; null while it is not chosen.</param>
/// <param name="WhatInWords">The part in words.</param>
/// <param name="Actor">From whom; null while it is not chosen.</param>
/// <param name="ActorInWords">Their name.</param>
/// <param name="IsException">It allows instead of hiding.</param>
/// <param name="Categories">Sensitive categories and how many entries each has.</param>
/// <param name="Actors">Whom one can choose: reference and name.</param>
/// <param name="Name">Name that was searched for.</param>
/// <param name="Hidden">Entries of the part, newest first.</param>
/// <param name="Count">How many there are.</param>
public sealed record HideModel(PatientHeader Patient, string? What, string WhatInWords, string? Actor, string ActorInWords, bool IsException, IReadOnlyList<(string Category, int Count)> Categories,
    IReadOnlyList<(string Value, string Words)> Actors, string Name, IReadOnlyList<RecordEntry> Hidden, int Count);

/// <summary>How much of each kind a professional sees.</summary>
/// <param name="Kind">Words of the kind.</param>
/// <param name="Seen">Entries they see.</param>
/// <param name="All">Entries there are.</param>
public sealed record SeenPart(string Kind, int Seen, int All);

/// <summary>The record as somebody else sees it.</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Who">Who sees.</param>
/// <param name="Parts">By kind.</param>
/// <param name="Hidden">What they do not see, newest first.</param>
public sealed record SeenAsModel(PatientHeader Patient, Staff Who, IReadOnlyList<SeenPart> Parts, IReadOnlyList<RecordEntry> Hidden);

/// <summary>Shows what a choice would do before it is made, and what professionals see after it.</summary>
sealed class HideQuery(RecordStore store, SearchEngine search, CareRelations care, ProfessionalAccess professionals, StaffQuery staff, StaffRegister register, RecordQuery record)
{
    const int MostShown = 12, MostFound = 20, MostRoles = 500, PageSize = 1000;

    public async Task<HideModel> Load(PatientHeader patient, string? what, string? actor, bool isException, string name, CancellationToken stop)
    {
        var reference = $"Patient/{patient.Id}";
        if (what is not null && !ConsentRules.IsPart(what)) what = null;
        var words = actor is null ? null : await ActorInWords(actor, stop);
        if (words is null) actor = null;
        // A mark hides nothing until a choice says so; one on what is not the patient's own is not made.
        if (what is not null && actor is not null && !await store.Marks.Mark(reference, what, stop)) what = null;
        var categories = new List<(string, int)>();
        if (what is null)
            foreach (var category in SensitiveCodes.Categories) categories.Add((category, (await store.Marks.Marked(reference, category, stop)).Count));
        var hidden = what is not null && actor is not null ? await Entries(reference, what, stop) : [];
        return new(patient, what, what is null ? "" : await WhatInWords(patient.Id, what, stop), actor, words ?? "", isException, categories,
            what is null || actor is not null ? [] : await Actors(reference, name, stop), name, [.. hidden.Take(MostShown)], hidden.Count);
    }

    /// <summary>A part of a record in words.</summary>
    public async Task<string> WhatInWords(string patient, string what, CancellationToken stop)
    {
        if (what == SharingChoice.Everything) return Words.Of("the whole record");
        if (what.Split(' ') is ["period", var from, var to]) return Words.Of("what is dated from to", FhirDate.Read(from)?.Day ?? from, FhirDate.Read(to)?.Day ?? to);
        if (what.Split(' ') is not ["item", var item]) return Words.Of($"category {what}");
        return item.Split('/') is [var type, var id] && await store.Read(type, id, AccessFilter.Everything, stop) is { IsDeleted: false } stored && store.CompartmentsOf(stored).Contains(record.Compartment(patient))
            ? stored.Take(json => RecordEntry.Read(type, id, json).Title) : Words.Of("one entry");
    }

    /// <summary>Those whom a choice can name, in words; null for what is nobody.</summary>
    public async Task<string?> ActorInWords(string actor, CancellationToken stop) => actor == SharingChoice.Everybody ? Words.Of("all professionals")
        : actor.StartsWith("role ", StringComparison.Ordinal) ? (await Roles(stop)).FirstOrDefault(role => role.Value == actor).Words
        : actor.Split('/') is [("Practitioner" or "Organization"), { Length: > 0 }] && await staff.NameOf(actor, stop) is { } name
            ? actor.StartsWith('P') && (await staff.Of(actor, stop)).Position is { } position ? $"{name}, {position}" : name : null;

    async Task<List<RecordEntry>> Entries(string patient, string what, CancellationToken stop)
    {
        if (what == SharingChoice.Everything) return [];
        var marked = (await store.Marks.Marked(patient, what, stop)).ToHashSet();
        return Sorted((await Whole(patient, stop)).Where(stored => marked.Contains($"{stored.Type}/{stored.Id}")));
    }

    /// <summary>What a professional sees of a record, and what not; null when there is none of this reference.</summary>
    public async Task<SeenAsModel?> SeenAs(PatientHeader patient, string practitioner, CancellationToken stop)
    {
        if (practitioner.Split('/') is not ["Practitioner", _] || await staff.NameOf(practitioner, stop) is null) return null;
        var all = await Whole($"Patient/{patient.Id}", stop);
        var seen = await store.Visible(all, (await professionals.Of(practitioner, stop)).Seeing, stop);
        var visible = seen.Select(stored => stored.Pk).ToHashSet();
        var parts = all.GroupBy(stored => RecordEntry.KindOf(stored.Type)).OrderBy(group => group.Key)
            .Select(group => new SeenPart(Words.Of(group.Key.ToString()), group.Count(stored => visible.Contains(stored.Pk)), group.Count())).ToList();
        return new(patient, await staff.Of(practitioner, stop), parts, [.. Sorted(all.Where(stored => !visible.Contains(stored.Pk))).Take(MostShown)]);
    }

    static List<RecordEntry> Sorted(IEnumerable<StoredResource> some) =>
        [.. some.Where(stored => stored.Type is not ("Provenance" or "Binary")).Select(stored => stored.Take(json => RecordEntry.Read(stored.Type, stored.Id, json))).OrderByDescending(entry => entry.Date?.Local ?? DateTime.MinValue)];

    /// <summary>Everything in a patient's compartment but the person.</summary>
    Task<List<StoredResource>> Whole(string patient, CancellationToken stop) =>
        search.All(new(null, [new("_count", $"{PageSize}")], Strict: true) { Compartment = patient }, AccessFilter.Everything, stop).Where(stored => stored.Type != "Patient").ToListAsync(stop).AsTask();

    // All, then those who can see the record now, their institutions, the roles of the register, and who was found by name.
    async Task<List<(string, string)>> Actors(string patient, string name, CancellationToken stop)
    {
        var actors = new List<(string Value, string Words)> { (SharingChoice.Everybody, Words.Of("all professionals")) };
        foreach (var carer in (await care.Around(patient, stop)).Select(carer => carer.Who).Distinct())
        {
            if (await ActorInWords(carer, stop) is { } words) actors.Add((carer, words));
            if (carer.StartsWith("Practitioner/", StringComparison.Ordinal))
                foreach (var unit in (await register.Of(carer, stop)).Units)
                    if (await ActorInWords(unit, stop) is { } its) actors.Add((unit, its));
        }
        foreach (var word in name.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 0 ? [] : (string[])["Organization", "Practitioner"])
            foreach (var match in (await search.Search(new(word, [new("_count", $"{MostFound}"), .. name.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => KeyValuePair.Create(word == "Organization" ? "name:contains" : "name", SearchSyntax.Escape(part)))], Strict: true), AccessFilter.Everything, stop)).Matches)
                if (await ActorInWords($"{word}/{match.Id}", stop) is { } words) actors.Add(($"{word}/{match.Id}", words));
        if (name.Length == 0) actors.AddRange(await Roles(stop));
        return [.. actors.DistinctBy(actor => actor.Value)];
    }

    /// <summary>Roles of the register: <c>role system|code</c> and its words.</summary>
    async Task<List<(string Value, string Words)>> Roles(CancellationToken stop)
    {
        var roles = await search.Search(new("PractitionerRole", [new("_count", $"{MostRoles}")], Strict: true), AccessFilter.Everything, stop);
        return [.. roles.Matches.SelectMany(stored => stored.Take(json => json.ItemsAt("code").SelectMany(code => code.ItemsAt("coding")).Select(coding => ($"role {coding.TextAt("system")}|{coding.TextAt("code")}", Words.Of("everybody who is", coding.TextAt("display") ?? coding.TextAt("code") ?? ""))).ToList()))
            .DistinctBy(role => role.Item1).OrderBy(role => role.Item2, StringComparer.Ordinal)];
    }
}
