namespace Tervik.Care.Pathways;

/// <summary>By when each step of a pathway is due. Pure: steps and days in, days out.</summary>
/// <remarks>Each relation makes one step hang on another: <c>after</c> this one on the other, <c>before</c> the other on this one. A step is due so long after the last of those it hangs on; reckoned from the day one was done,
/// of one that is not, from the day it is due, and when that is over, from today. A step that is done before another is due so long before that, and never before what it hangs on itself: then the other moves.</remarks>
public static class DueDates
{
    /// <summary>The steps in an order in which each stands after those it hangs on, else as they were; null when they hang on each other in a circle.</summary>
    public static IReadOnlyList<PathwayStep>? Ordered(IReadOnlyList<PathwayStep> steps)
    {
        var (ordered, placed) = (new List<PathwayStep>(steps.Count), new HashSet<string>(StringComparer.Ordinal));
        while (ordered.Count < steps.Count)
        {
            var next = steps.FirstOrDefault(step => !placed.Contains(step.Id) && Before(steps, step).All(other => placed.Contains(other.Id)));
            if (next is null) return null;
            placed.Add(next.Id);
            ordered.Add(next);
        }
        return ordered;
    }

    /// <summary>Those that a step hangs on.</summary>
    public static IEnumerable<PathwayStep> Before(IReadOnlyList<PathwayStep> steps, PathwayStep step) =>
        steps.Where(other => other != step && (step.Relations.Any(one => !one.IsBefore && one.Step == other.Id) || other.Relations.Any(one => one.IsBefore && one.Step == step.Id)));

    /// <summary>Those that hang on a step.</summary>
    public static IEnumerable<PathwayStep> After(IReadOnlyList<PathwayStep> steps, PathwayStep step) => steps.Where(other => other != step && Before(steps, other).Contains(step));

    /// <summary>Steps of which no day can be reckoned: nothing leads from the beginning to them.</summary>
    /// <param name="steps">Ordered.</param>
    public static IReadOnlyList<string> Undated(IReadOnlyList<PathwayStep> steps) =>
        Reckon(steps, DateOnly.FromDayNumber(700_000), _ => null, DateOnly.MinValue) is var days ? [.. steps.Where(step => !days.ContainsKey(step.Id)).Select(step => step.Id)] : [];

    /// <summary>The day each step is due.</summary>
    /// <param name="steps">Ordered, of a template that was read.</param>
    /// <param name="start">Day on which the pathway began.</param>
    /// <param name="done">Day on which a step was done or skipped; null for one that was not.</param>
    /// <param name="today">A step that is late holds up those after it from this day on; the earliest day there is for what was promised at the beginning.</param>
    public static IReadOnlyDictionary<string, DateOnly> Reckon(IReadOnlyList<PathwayStep> steps, DateOnly start, Func<PathwayStep, DateOnly?> done, DateOnly today)
    {
        // What is done before something else needs the day of that first; after that, both are known.
        var days = Forward(steps, start, done, today, known: null);
        var backward = Backward(steps, start, done, today, days);
        return Forward(steps, start, done, today, backward);
    }

    static Dictionary<string, DateOnly> Forward(IReadOnlyList<PathwayStep> steps, DateOnly start, Func<PathwayStep, DateOnly?> done, DateOnly today, Dictionary<string, DateOnly>? known)
    {
        var days = new Dictionary<string, DateOnly>(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            DateOnly? day = null;
            void AtLeast(DateOnly? other) => day = other > day || day is null ? other ?? day : day;
            if (known is not null && known.TryGetValue(step.Id, out var settled)) AtLeast(settled);
            else
            {
                if (step.FromStart is { } span) AtLeast(span.After(start));
                foreach (var relation in step.Relations)
                    if (!relation.IsBefore && Base(relation.Step) is { } from) AtLeast(relation.Offset.After(from));
            }
            // What is done before this one gives way to it at first; how far it can is known the second time.
            if (day is not null && known is not null)
                foreach (var other in Before(steps, step)) AtLeast(Base(other.Id));
            if (day is { } reckoned) days[step.Id] = reckoned;

            DateOnly? Base(string id) => BaseOf(steps, id, done, today, days);
        }
        return days;
    }

    /// <summary>Of steps that are done before others: the day so long before. They are put into <paramref name="days"/> too.</summary>
    static Dictionary<string, DateOnly> Backward(IReadOnlyList<PathwayStep> steps, DateOnly start, Func<PathwayStep, DateOnly?> done, DateOnly today, Dictionary<string, DateOnly> days)
    {
        var settled = new Dictionary<string, DateOnly>(StringComparer.Ordinal);
        foreach (var step in steps.Reverse())
        {
            var latest = step.Relations.Where(one => one.IsBefore && days.ContainsKey(one.Step)).Select(one => (DateOnly?)one.Offset.Before(days[one.Step])).Min();
            if (latest is not { } day) continue;
            if (days.TryGetValue(step.Id, out var own) && own < day) day = own;
            if (day < start) day = start;
            foreach (var other in Before(steps, step))
                if (BaseOf(steps, other.Id, done, today, days) is { } from && from > day) day = from;
            settled[step.Id] = days[step.Id] = day;
        }
        return settled;
    }

    static DateOnly? BaseOf(IReadOnlyList<PathwayStep> steps, string id, Func<PathwayStep, DateOnly?> done, DateOnly today, Dictionary<string, DateOnly> days) =>
        done(steps.First(other => other.Id == id)) ?? (days.TryGetValue(id, out var day) ? day < today ? today : day : null);
}
