using System.Text.Json;
using Tervik.Portal.Access;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Sharing;
using Tervik.Portal.Shell;
using Tervik.Portal.SignIn;
using Tervik.Records.Access;
using Tervik.Records.Search;
using Tervik.Trust;
using Tervik.Trust.Consent;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Family;

/// <summary>Another patient whose record the reader may open.</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Name">In one line.</param>
/// <param name="Age">Years, or null.</param>
/// <param name="SinceUs">Since when, microseconds since 1970-01-01 UTC; 0 when only the record says so.</param>
/// <param name="UntilUs">Until when; 0 when there is no end.</param>
public sealed record Relative(string Id, string Name, int? Age, long SinceUs, long UntilUs);

/// <summary>The page "family".</summary>
/// <param name="Patient">The reader.</param>
/// <param name="Children">Whom they have custody of.</param>
/// <param name="LetIn">Adults they let in.</param>
/// <param name="Ended">Those they had let in.</param>
/// <param name="LetMeIn">Adults who let them in.</param>
/// <param name="Offered">People of the demonstration to choose from: national number and name; empty where there is none.</param>
public sealed record FamilyModel(PatientHeader Patient, IReadOnlyList<Relative> Children, IReadOnlyList<ChoiceLine> LetIn, IReadOnlyList<ChoiceLine> Ended, IReadOnlyList<Relative> LetMeIn, IReadOnlyList<(string Value, string Words)> Offered);

/// <summary>Reads who may see whose record in a family.</summary>
sealed class FamilyQuery(RecordQuery record, SharingQuery lines, StaffQuery names, Trust.Consent.Sharing sharing, SearchEngine search, TimeProvider clock, IDemonstration? demonstration = null)
{
    public async Task<FamilyModel> Load(PatientHeader patient, Visit visit, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        var (children, letMeIn) = (new List<Relative>(), new List<Relative>());
        foreach (var member in visit.Person.Family)
        {
            var id = member.Patient["Patient/".Length..];
            if (await record.Patient(id, visit.Filter, stop) is not var (header, _)) continue;
            (member.Kind == FamilyKind.Guardian ? children : letMeIn).Add(new(id, header.Name, header.Age, member.SinceUs, member.UntilUs));
        }
        var (letIn, ended) = (new List<ChoiceLine>(), new List<ChoiceLine>());
        foreach (var choice in await sharing.Of(visit.Person.Reference, stop))
            if (choice.Kind == SharingKind.LetIn) (choice.HoldsAt(nowUs) ? letIn : ended).Add(await lines.Line(choice, choice.Actor, stop));
        return new(patient, children, letIn, ended, letMeIn, await Offered(visit.Person.Reference, stop));
    }

    /// <summary>The one patient who bears this national number; null when there is none, or more than one.</summary>
    public async Task<string?> ByNationalNumber(string number, CancellationToken stop)
    {
        var page = await search.Search(new("Patient", [new("identifier", SearchSyntax.Escape(number)), new("_count", "20")], Strict: true), AccessFilter.Everything, stop);
        var bearers = page.Matches.Where(match => match.Take(json => FamilyRelations.NationalNumbers(json).Any(one => one.Value == number))).ToList();
        return bearers.Count == 1 ? bearers[0].Id : null;
    }

    // The people of the tour are invented, and everybody is told about them.
    async Task<List<(string, string)>> Offered(string self, CancellationToken stop)
    {
        var offered = new List<(string, string)>();
        foreach (var (reference, name) in demonstration?.Patients ?? [])
            if (reference != self && await record.Patient(reference["Patient/".Length..], AccessFilter.Everything, stop) is var (_, stored)
                && stored.Take(json => FamilyRelations.NationalNumbers(json).Select(one => one.Value).FirstOrDefault()) is { } number)
                offered.Add((number, $"{number} – {await names.NameOf(reference, stop) ?? name}"));
        return offered;
    }
}
