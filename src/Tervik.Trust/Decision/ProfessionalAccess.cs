using System.Collections.Concurrent;
using System.Collections.Frozen;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Consent;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Decision;

/// <summary>Whose records a professional sees now, and why: relations of care, less what patients chose, and more for a while what was opened out of the ordinary.</summary>
/// <param name="Care">What the record says.</param>
/// <param name="Exceptional">What they opened out of the ordinary.</param>
/// <param name="Seeing">What may be seen.</param>
/// <param name="Writing">Where they may write: only where they treat.</param>
/// <param name="Effects">What patients of theirs chose about them, by key of the patient; those who chose nothing are left out.</param>
public sealed record ProfessionalView(CareView Care, IReadOnlyList<ExceptionalAccess> Exceptional, AccessFilter Seeing, AccessFilter Writing, IReadOnlyDictionary<long, ConsentEffect> Effects);

/// <summary>Puts together what the record, the patients and the professional themselves say. Asked with every request; the answer is kept while none of them has changed.</summary>
/// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
/// <param name="store">Gives the keys.</param>
/// <param name="care">What the record says.</param>
/// <param name="clock">Tells what has ended.</param>
public sealed class ProfessionalAccess(Database database, RecordStore store, CareRelations care, TimeProvider clock)
{
    const int MostKept = 10_000;

    /// <param name="Version">Of the choices it was made from.</param>
    /// <param name="CheckAgainUs">When something in it begins or ends.</param>
    sealed record Kept(ProfessionalView View, long Version, long CheckAgainUs);

    readonly ConcurrentDictionary<string, Kept> kept = new(StringComparer.Ordinal);

    /// <summary>What <c>Practitioner/id</c> may see now; the same object while nothing changed.</summary>
    public async ValueTask<ProfessionalView> Of(string practitioner, CancellationToken stop)
    {
        var facts = await care.Of(practitioner, stop);
        var nowUs = clock.NowUs();
        return await database.Read(async session =>
        {
            var version = await ChoiceVersion.Now(session);
            if (kept.TryGetValue(practitioner, out var known) && ReferenceEquals(known.View.Care, facts) && nowUs < known.CheckAgainUs)
            {
                if (known.Version == version) return known.View;
                if (!await Concerns(session, known))
                {
                    kept[practitioner] = known with { Version = version };
                    return known.View;
                }
            }
            var made = await Make(session, practitioner, facts, nowUs, version);
            if (kept.Count >= MostKept) kept.Clear();
            kept[practitioner] = made;
            return made.View;
        }, stop);
    }

    // What others changed meanwhile is most often about other patients.
    async ValueTask<bool> Concerns(Session session, Kept known)
    {
        var (patients, professionals) = await ChoiceVersion.Since(session, known.Version);
        return professionals.Contains(store.Keys.Reference(known.View.Care.Staff.Practitioner))
            || known.View.Care.Relations.Any(relation => patients.Contains(relation.Compartment)) || known.View.Exceptional.Any(one => patients.Contains(store.Keys.Reference(one.Patient)));
    }

    async ValueTask<Kept> Make(Session session, string practitioner, CareView facts, long nowUs, long version)
    {
        var open = facts.Staff.HoldsNone ? [] : await ExceptionalAccesses.OpenTo(session, store.Keys.Reference(practitioner), practitioner, nowUs);
        var opened = open.Select(one => store.Keys.Reference(one.Patient)).ToList();
        var choices = await Sharing.AboutProfessionals(session, [.. facts.Relations.Select(relation => relation.Compartment).Concat(opened).Distinct()]);
        var checkAgainUs = facts.CheckAgainUs;
        foreach (var endsUs in open.Select(one => one.EndsUs).Concat(choices.Values.SelectMany(own => own).Select(choice => choice.EndsUs)))
            if (endsUs > nowUs) checkAgainUs = Math.Min(checkAgainUs, endsUs);

        var identity = new ProfessionalIdentity(practitioner, facts.Staff.Units, facts.Staff.Codes);
        var effects = choices.ToDictionary(own => own.Key, own => ConsentRules.For(own.Value, identity, nowUs)).Where(own => own.Value != ConsentEffect.None).ToDictionary();
        var glass = open.Where(one => one.Kind == ExceptionalKind.Glass).Select(one => store.Keys.Reference(one.Patient)).ToHashSet();
        var declared = open.Where(one => one.Kind == ExceptionalKind.Declared).Select(one => store.Keys.Reference(one.Patient)).ToHashSet();
        bool IsClosed(long patient) => !glass.Contains(patient) && effects.TryGetValue(patient, out var effect) && effect.IsClosed;

        var treated = facts.Relations.Where(relation => relation.Scope is null && !IsClosed(relation.Compartment)).Select(relation => relation.Compartment).ToHashSet();
        var whole = treated.Union(glass).Union(declared.Where(patient => !IsClosed(patient))).ToHashSet();
        PartialAccess[] parts = [.. facts.Relations.Where(relation => relation.Scope is not null && !whole.Contains(relation.Compartment) && !IsClosed(relation.Compartment))
            .GroupBy(relation => relation.Scope!).Select(group => new PartialAccess(group.Key, [.. group.Select(relation => relation.Compartment).Distinct().Order()]))];
        long[] hidden = [.. effects.Where(effect => !IsClosed(effect.Key)).SelectMany(effect => (glass.Contains(effect.Key) ? effect.Value.Absolute : effect.Value.Hidden).Select(what => store.Keys.Mark(effect.Key, what))).Order()];
        var seeing = new AccessFilter { Compartments = [.. whole.Order()], Parts = parts, HiddenMarks = hidden, OpenTypes = Policy.Directory };
        // Reading is what an emergency needs; a declared relation is of one who treats.
        var writing = new AccessFilter { Compartments = [.. treated.Union(declared.Where(patient => !IsClosed(patient))).Order()], Parts = parts };
        return new(new(facts, open, seeing, writing, effects), version, checkAgainUs);
    }
}
