using Tervik.Care.Messages;

namespace Tervik.Care.Pathways;

/// <summary>How a step stands.</summary>
public enum StepState
{
    /// <summary>Others come first.</summary>
    ToCome,
    /// <summary>It is waited for now.</summary>
    Next,
    /// <summary>Done.</summary>
    Done,
    /// <summary>Left out by a professional.</summary>
    Skipped,
}

/// <summary>One step of the way.</summary>
/// <param name="Step">Of the template.</param>
/// <param name="State">How it stands.</param>
/// <param name="Owner">Who has it in hand; null when nobody is named.</param>
/// <param name="Done">Day on which it was done or skipped; null when it was not, or nobody knows.</param>
/// <param name="Promised">Day that was promised for it at the beginning, or null.</param>
/// <param name="Due">Day by which it is due, reckoned from what was really done.</param>
/// <param name="Since">Since when it is waited for; null when it is not.</param>
/// <param name="IsLate">Whether it is waited for and its day is over, or what is booked for it is after its day.</param>
public sealed record PathwayWayStep(PathwayStep Step, StepState State, Correspondent? Owner, DateOnly? Done, DateOnly? Promised, DateOnly Due, DateOnly? Since, bool IsLate)
{
    /// <summary>What in the record answered it; null where somebody said so, or nothing did.</summary>
    public Evidence? Answer { get; init; }
    /// <summary>What somebody said about it by hand, or null.</summary>
    public PathwayEvent? Mark { get; init; }
    /// <summary>Of a visit that is to come: the day that is booked.</summary>
    public DateOnly? Planned { get; init; }
    /// <summary>While it is waited for: who cannot go on before it is done, never its owner.</summary>
    public IReadOnlyList<Correspondent> WaitedForBy { get; init; } = [];
    /// <summary>The steps that come first and are not done yet.</summary>
    public IReadOnlyList<PathwayStep> After { get; init; } = [];
    /// <summary>Whether nothing more is to be done about it.</summary>
    public bool IsOver => State is StepState.Done or StepState.Skipped;
    /// <summary>Days that it is later than was promised: done, booked or due later, or not done until today; 0 when it is not.</summary>
    public int DaysLater { get; init; }
}

/// <summary>A pathway as patient and professional see it: every step, what is next, by when, and who waits for whom.</summary>
/// <param name="IsOpen">Whether it goes on.</param>
/// <param name="Steps">In their order.</param>
/// <param name="End">Day by which all of it is done, as reckoned now.</param>
/// <param name="DaysLater">Days that this is later than was promised at the beginning; 0 when it is not.</param>
public sealed record PathwayWay(bool IsOpen, IReadOnlyList<PathwayWayStep> Steps, DateOnly End, int DaysLater)
{
    /// <summary>Steps that are waited for now, the soonest due first.</summary>
    public IReadOnlyList<PathwayWayStep> Next { get; } = [.. Steps.Where(step => IsOpen && step.State == StepState.Next).OrderBy(step => step.Due)];
    /// <summary>Whether a step is late.</summary>
    public bool IsLate => Steps.Any(step => step.IsLate);
    /// <summary>Whether every step is done or skipped.</summary>
    public bool IsThrough => Steps.All(step => step.IsOver);

    /// <summary>Where a pathway is.</summary>
    /// <param name="pathway">The pathway.</param>
    /// <param name="evidence">What the reader may see of the record that may answer its steps.</param>
    /// <param name="today">Day of the reader.</param>
    public static PathwayWay Of(Pathway pathway, IEnumerable<Evidence> evidence, DateOnly today)
    {
        // In their order: whatever is asked of the steps before one is known by then.
        var steps = pathway.Template.Steps;
        var before = steps.ToDictionary(step => step.Id, step => DueDates.Before(steps, step).ToList(), StringComparer.Ordinal);
        var after = steps.ToDictionary(step => step.Id, step => steps.Where(other => before[other.Id].Contains(step)).ToList(), StringComparer.Ordinal);
        var marks = steps.ToDictionary(step => step.Id, pathway.Mark, StringComparer.Ordinal);
        var (answers, based) = Answer(pathway, evidence, today, before, marks, out var known);
        // Whoever was seen had a time, and what was measured was ordered.
        var implied = new Dictionary<string, DateOnly?>(StringComparer.Ordinal);
        foreach (var step in steps.Reverse())
            if (step.Answer.IsPreparation && !IsOver(step) && after[step.Id].Where(other => IsOver(other) && !IsSkipped(other)).ToList() is { Count: > 0 } others) implied[step.Id] = others.Min(other => DoneDay(other) ?? implied.GetValueOrDefault(other.Id));
        // What is left out takes no time: what comes after it waits for what came before it.
        var (open, ended) = (new Dictionary<string, IReadOnlyList<PathwayStep>>(StringComparer.Ordinal), new Dictionary<string, DateOnly?>(StringComparer.Ordinal));
        foreach (var step in steps)
        {
            open[step.Id] = [.. before[step.Id].SelectMany(other => IsSkipped(other) ? open[other.Id] : IsOver(other) ? [] : [other]).Distinct()];
            ended[step.Id] = !IsSkipped(step) ? DoneDay(step) ?? implied.GetValueOrDefault(step.Id) : open[step.Id].Count > 0 ? null : before[step.Id].Select(other => ended[other.Id]).Append(DoneDay(step)).Max();
        }
        var waiting = new Dictionary<string, IReadOnlyList<PathwayStep>>(StringComparer.Ordinal);
        foreach (var step in steps.Reverse()) waiting[step.Id] = [.. after[step.Id].SelectMany(other => IsSkipped(other) ? waiting[other.Id] : IsOver(other) ? [] : [other]).Distinct()];

        var receiver = answers.Values.FirstOrDefault(one => one.Unit is not null)?.Unit ?? known.Find(one => one.Unit is not null && based.Contains(one.Reference))?.Unit;
        var due = DueDates.Reckon([.. steps.Select(step => IsSkipped(step) ? WithoutTime(step) : step)], pathway.Start, step => ended[step.Id], pathway.IsOpen ? today : DateOnly.MinValue);
        var way = steps.Select(step =>
        {
            var state = IsSkipped(step) ? StepState.Skipped : IsOver(step) ? StepState.Done : open[step.Id].Count == 0 && pathway.IsOpen ? StepState.Next : StepState.ToCome;
            var (owner, promised) = (pathway.Owner(step, receiver), pathway.Promised(step));
            var planned = state is StepState.Next or StepState.ToCome && step.Answer.Kind == AnswerKind.Visit
                ? known.Where(one => one.Kind == AnswerKind.Appointment && one.Planned >= today && (based.Contains(one.Reference) || one.BasedOn.Any(based.Contains))).Min(one => one.Planned) : null;
            var isLate = state == StepState.Next && (due[step.Id] < today || planned > due[step.Id]);
            var last = state switch { StepState.Skipped => null, StepState.Done => DoneDay(step), _ when !pathway.IsOpen => null, _ => planned ?? (isLate ? today : due[step.Id]) };
            return new PathwayWayStep(step, state, owner, DoneDay(step), promised, due[step.Id], state == StepState.Next ? before[step.Id].Select(other => ended[other.Id]).Append(pathway.Start).Max() : null, isLate)
            {
                Answer = answers.GetValueOrDefault(step.Id), Mark = marks[step.Id], Planned = planned, After = state == StepState.ToCome ? open[step.Id] : [],
                WaitedForBy = state == StepState.Next ? Waiting(pathway, owner, waiting[step.Id].Select(other => pathway.Owner(other, receiver))) : [], DaysLater = Math.Max(0, (last?.DayNumber ?? 0) - (promised?.DayNumber ?? int.MaxValue)),
            };
        }).ToList();
        var end = way.Max(step => step.Done ?? step.Due);
        return new(pathway.IsOpen, way, end, Math.Max(0, end.DayNumber - (way.Max(step => step.Promised) ?? end).DayNumber));

        bool IsSkipped(PathwayStep step) => marks[step.Id]?.Act == "skip";
        bool IsOver(PathwayStep step) => marks[step.Id] is not null || answers.ContainsKey(step.Id) || implied.ContainsKey(step.Id);
        DateOnly? DoneDay(PathwayStep step) => marks[step.Id] is { } mark ? DayOf(mark, today) : answers.GetValueOrDefault(step.Id)?.Day;
    }

    /// <summary>Which step is answered by what: the earliest that fits, each once.</summary>
    static (Dictionary<string, Evidence> Answers, HashSet<string> Based) Answer(Pathway pathway, IEnumerable<Evidence> evidence, DateOnly today, Dictionary<string, List<PathwayStep>> before, Dictionary<string, PathwayEvent?> marks, out List<Evidence> known)
    {
        // What a day lies ahead of has not happened.
        known = [.. evidence.Where(one => one.Day <= today).OrderBy(one => one.Day).ThenBy(one => one.Reference, StringComparer.Ordinal)];
        var (answers, used) = (new Dictionary<string, Evidence>(StringComparer.Ordinal), new HashSet<(AnswerKind, string)>());
        HashSet<string> based = [pathway.Reference, .. pathway.Basis.Select(one => one.Reference)];
        // Since when what was not done for this pathway may answer a step: those before it are done, are left out, or only lead to it.
        var ready = new Dictionary<string, DateOnly?>(StringComparer.Ordinal);
        foreach (var step in pathway.Template.Steps)
        {
            DateOnly? from = pathway.Start;
            foreach (var other in before[step.Id])
            {
                var earliest = step.Relations.Where(one => !one.IsBefore && one.Step == other.Id).Select(one => one.Earliest).FirstOrDefault();
                var since = marks[other.Id] is { Act: "done" } mark ? DayOf(mark, today) ?? pathway.Start : answers.TryGetValue(other.Id, out var answer) ? answer.Day : marks[other.Id] is not null || other.Answer.IsPreparation ? ready[other.Id] : null;
                // A referral that was sent before the pathway began is where it begins.
                from = since is { } day && from is { } soonest ? Latest(soonest, earliest.After(day)) : null;
            }
            ready[step.Id] = from;
            if (marks[step.Id] is not null || step.Answer.Kind == AnswerKind.Hand) continue;
            var found = known.Find(one => !used.Contains((one.Kind, one.Reference)) && !(one.Kind == AnswerKind.Visit && one.BasedOn.Any(other => used.Contains((one.Kind, other)))) && one.Answers(step.Answer, based, out var isBased) && (isBased || one.Day >= from));
            if (found is null) continue;
            answers[step.Id] = found;
            used.Add((found.Kind, found.Reference));
            // An appointment that was kept and the visit it became are one.
            foreach (var other in found.BasedOn.Where(other => found.Kind == AnswerKind.Visit && other.StartsWith("Appointment/", StringComparison.Ordinal))) used.Add((found.Kind, other));
            based.Add(found.Reference);
        }
        return (answers, based);
    }

    /// <summary>The owners of what comes next and the patient, but for whoever is waited for; else whoever started it.</summary>
    static List<Correspondent> Waiting(Pathway pathway, Correspondent? owner, IEnumerable<Correspondent?> next)
    {
        var all = next.Append(pathway.Patient).OfType<Correspondent>().Where(one => one.Reference != owner?.Reference).DistinctBy(one => one.Reference).ToList();
        return all.Count > 0 || pathway.Starter is not { } starter || starter.Reference == owner?.Reference ? all : [starter];
    }

    static PathwayStep WithoutTime(PathwayStep step) => step with { FromStart = step.FromStart is null ? null : default(Span), Relations = [.. step.Relations.Select(one => one with { Offset = default })] };

    static DateOnly Latest(DateOnly one, DateOnly other) => one > other ? one : other;

    // Another system may write any day.
    static DateOnly? DayOf(PathwayEvent mark, DateOnly today) => mark.Day is { } day && day <= today && day.Year > 1900 ? day : null;
}
