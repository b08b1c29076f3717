using Tervik.Portal.Access;
using Tervik.Portal.Emergency;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Search;
using Tervik.Trust;
using Tervik.Trust.Identity;
using Tervik.Trust.Consent;
using Tervik.Trust.Decision;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Sharing;

/// <summary>A professional who can see the record now.</summary>
/// <param name="Who">Name, role, unit.</param>
/// <param name="Because">The latest or next visit that makes the relation, in words.</param>
/// <param name="Facts">How many visits and appointments there are in all.</param>
public sealed record Seer(Staff Who, string Because, int Facts);

/// <summary>Somebody whom the patient let in or keeps out.</summary>
/// <param name="Choice">The choice.</param>
/// <param name="Name">Of the other person or institution.</param>
/// <param name="Position">Role and unit, or null.</param>
/// <param name="What">The part in words; null for the whole record.</param>
public sealed record ChoiceLine(SharingChoice Choice, string Name, string? Position, string? What = null);

/// <summary>A person or institution found by name.</summary>
public sealed record Found(string Reference, string Name, string? Position);

/// <summary>The page "sharing and hiding".</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Seers">Who can see it now.</param>
/// <param name="KeptOut">Who cannot, by the patient's choice.</param>
/// <param name="Ended">Closings that were taken back.</param>
/// <param name="LetIn">Adults who were let in.</param>
/// <param name="Parts">Parts that are hidden or allowed, newest first.</param>
/// <param name="Opened">What was opened out of the ordinary, newest first.</param>
/// <param name="Units">Units whose people can see it: name and why.</param>
/// <param name="Programs">Tokens that can read it.</param>
/// <param name="Name">What was searched for; empty when nothing was.</param>
/// <param name="Found">What was found.</param>
public sealed record SharingModel(PatientHeader Patient, IReadOnlyList<Seer> Seers, IReadOnlyList<ChoiceLine> KeptOut, IReadOnlyList<ChoiceLine> Ended, IReadOnlyList<ChoiceLine> LetIn,
    IReadOnlyList<ChoiceLine> Parts, IReadOnlyList<OpenedLine> Opened, IReadOnlyList<(string Name, string Why)> Units, IReadOnlyList<AccessToken> Programs, string Name, IReadOnlyList<Found> Found);

/// <summary>The page that explains a closing before it is done.</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Actor">Whom it would keep out.</param>
/// <param name="IsInstitution">Whether it is a whole institution.</param>
/// <param name="Concerned">Those who can see the record now and no longer would.</param>
public sealed record CloseModel(PatientHeader Patient, Found Actor, bool IsInstitution, IReadOnlyList<Seer> Concerned);

/// <summary>Reads who can see a record and why, from the facts that the decision itself is made of.</summary>
sealed class SharingQuery(HideQuery hiding, OpenedQuery opened, CareRelations care, ProfessionalAccess professionals, StaffRegister register, Trust.Consent.Sharing sharing, AccessTokens tokens, StaffQuery staff, SearchEngine search, RecordQuery record, TimeProvider clock)
{
    const int MostFound = 20;

    public async Task<SharingModel> Load(PatientHeader patient, string name, CancellationToken stop)
    {
        var reference = $"Patient/{patient.Id}";
        var nowUs = clock.NowUs();
        var (keptOut, ended, letIn, parts) = (new List<ChoiceLine>(), new List<ChoiceLine>(), new List<ChoiceLine>(), new List<ChoiceLine>());
        foreach (var choice in await sharing.Of(reference, stop))
        {
            var holds = choice.HoldsAt(nowUs);
            if (choice.Kind is SharingKind.Allow or SharingKind.OptOut || choice.Kind == SharingKind.KeepOut && (choice.What != SharingChoice.Everything || choice.Actor.Split('/') is not [_, _]))
            {
                if (holds) parts.Add(new(choice, await hiding.ActorInWords(choice.Actor, stop) ?? choice.Actor, null, await hiding.WhatInWords(patient.Id, choice.What, stop)));
                continue;
            }
            if (choice.Kind == SharingKind.LetIn && !holds) continue;
            (choice.Kind == SharingKind.LetIn ? letIn : holds ? keptOut : ended).Add(await Line(choice, choice.Actor, stop));
        }
        var programs = (await tokens.Of(reference, stop)).Where(token => token.RevokedUs == 0 && token.EndsUs > nowUs).ToList();
        return new(patient, await Seers(patient.Id, stop), keptOut, ended, letIn, parts, await opened.Of(patient.Id, stop), await Units(reference, stop), programs, name, name.Length == 0 ? [] : await Find(name, stop));
    }

    /// <summary>What a closing would do; null when there is nobody of this reference.</summary>
    public async Task<CloseModel?> Close(PatientHeader patient, string actor, CancellationToken stop)
    {
        if (actor.Split('/') is not [("Practitioner" or "Organization") and var type, { Length: > 0 }] || await staff.NameOf(actor, stop) is null) return null;
        var concerned = new List<Seer>();
        foreach (var seer in await Seers(patient.Id, stop))
            if (seer.Who.Reference == actor || (await register.Of(seer.Who.Reference, stop)).Units.Contains(actor)) concerned.Add(seer);
        return new(patient, await Named(actor, stop), type == "Organization", concerned);
    }

    /// <summary>A choice with the name of the other side.</summary>
    public async Task<ChoiceLine> Line(SharingChoice choice, string other, CancellationToken stop)
    {
        var (_, name, position) = await Named(other, stop);
        return new(choice, name, position);
    }

    async Task<Found> Named(string reference, CancellationToken stop)
    {
        if (!reference.StartsWith("Practitioner/", StringComparison.Ordinal)) return new(reference, await staff.NameOf(reference, stop) ?? reference, null);
        var who = await staff.Of(reference, stop);
        return new(reference, who.Name, who.Position);
    }

    async Task<List<(string, string)>> Units(string patient, CancellationToken stop)
    {
        var units = new List<(string, string)>();
        foreach (var carer in await care.Around(patient, stop))
            if (carer.Who.StartsWith("Organization/", StringComparison.Ordinal)) units.Add((await staff.NameOf(carer.Who, stop) ?? carer.Who, Words.Of($"relation {carer.Rule}")));
        return units;
    }

    // The decision itself says who sees the record; the facts say why.
    async Task<List<Seer>> Seers(string patient, CancellationToken stop)
    {
        var (seers, compartment, today) = (new List<Seer>(), record.Compartment(patient), record.Today);
        var visits = (await care.OfPatient($"Patient/{patient}", stop)).ToLookup(fact => fact.Practitioner);
        foreach (var relations in (await care.Around($"Patient/{patient}", stop)).Where(carer => carer.Who.StartsWith("Practitioner/", StringComparison.Ordinal)).GroupBy(carer => carer.Who))
        {
            if (Array.BinarySearch((await professionals.Of(relations.Key, stop)).Seeing.CompartmentsFor("Patient"), compartment) < 0) continue;
            var facts = visits[relations.Key].Select(AccessQuery.Fact).ToList();
            var nearest = facts.OrderBy(fact => fact.Date is { } date ? Math.Abs((date.Local - today).TotalDays) : double.MaxValue).FirstOrDefault();
            var standing = relations.FirstOrDefault(carer => carer.Rule is not ("encounter" or "appointment"));
            seers.Add(new(await staff.Of(relations.Key, stop), standing is not null ? Words.Of($"relation {standing.Rule}") : nearest.Date is { } when
                ? Words.Of(when.Local > today ? "because of coming" : "because of", nearest.Title, when.Day) : nearest.Title ?? "", facts.Count));
        }
        return [.. seers.OrderBy(seer => seer.Who.Name, StringComparer.Create(Shell.Language.Reader, ignoreCase: true))];
    }

    /// <summary>Professionals and institutions whose name has all the words. The directory is open to everyone who is signed in.</summary>
    async Task<List<Found>> Find(string name, CancellationToken stop)
    {
        var found = new List<Found>();
        foreach (var type in (string[])["Organization", "Practitioner"])
        {
            List<KeyValuePair<string, string>> parameters = [new("_count", $"{MostFound}")];
            foreach (var word in name.Split(' ', StringSplitOptions.RemoveEmptyEntries)) parameters.Add(new(type == "Organization" ? "name:contains" : "name", SearchSyntax.Escape(word)));
            foreach (var match in (await search.Search(new(type, parameters), AccessFilter.Everything, stop)).Matches)
                found.Add(await Named($"{type}/{match.Id}", stop));
        }
        return found;
    }
}
