using Tervik.Portal.Access;
using Tervik.Portal.Reading;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Emergency;

/// <summary>An access out of the ordinary in a line, as patients and leads read it.</summary>
/// <param name="Access">The access.</param>
/// <param name="Text">Who, when, why, in one sentence.</param>
/// <param name="Outcome">What the review found, in words; null while it waits.</param>
/// <param name="FollowUp">Of a declared relation: whether the record holds a fact for it by now, in words.</param>
public sealed record OpenedLine(ExceptionalAccess Access, string Text, string? Outcome, string? FollowUp);

/// <summary>Puts accesses out of the ordinary into words.</summary>
sealed class OpenedQuery(ExceptionalAccesses accesses, StaffQuery staff, CareRelations care, RecordStore store)
{
    /// <summary>All of a patient, newest first.</summary>
    public async Task<IReadOnlyList<OpenedLine>> Of(string patient, CancellationToken stop) => await Lines(await accesses.OfPatient($"Patient/{patient}", stop), stop);

    /// <summary>In words.</summary>
    public async Task<IReadOnlyList<OpenedLine>> Lines(IEnumerable<ExceptionalAccess> some, CancellationToken stop)
    {
        var lines = new List<OpenedLine>();
        foreach (var one in some)
        {
            var who = await staff.Of(one.Practitioner, stop);
            var name = string.Join(", ", new[] { who.Name, who.Position }.OfType<string>());
            var at = Clock.Time(one.MadeUs).LocalDateTime.ToString(Words.Of("format of day and time"), Shell.Language.Reader);
            lines.Add(new(one, Words.Of(one.Kind == ExceptionalKind.Glass ? "opened by glass" : "opened by declaration", name, at, Words.Of($"reason {one.Reason}"), one.Note.Length > 0 ? $"“{one.Note}”" : ""),
                one.Review == ReviewState.Waits ? null : Words.Of(one.Review == ReviewState.Justified ? "review justified" : "review not justified", Clock.Time(one.ReviewedUs).LocalDateTime.ToString(Words.Of("format of day"), Shell.Language.Reader)), await FollowUp(one, stop)));
        }
        return lines;
    }

    // What was declared is held against what the record says later.
    async Task<string?> FollowUp(ExceptionalAccess one, CancellationToken stop) => one.Kind != ExceptionalKind.Declared ? null
        : Words.Of((await care.Of(one.Practitioner, stop)).Relations.Any(relation => relation.Compartment == store.Keys.Reference(one.Patient)) ? "relation confirmed" : "relation not confirmed");
}
