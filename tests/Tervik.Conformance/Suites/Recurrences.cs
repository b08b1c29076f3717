using NodaTime;
using NodaTime.Text;
using Tervik.Care.Calendars;

namespace Tervik.Conformance.Suites;

/// <summary>libical's recurrence cases: a rule, a first start, and what follows from them.</summary>
static class Recurrences
{
    static readonly LocalDateTimePattern Time = LocalDateTimePattern.CreateWithInvariantCulture("yyyyMMdd'T'HHmmss");
    static readonly LocalDatePattern Day = LocalDatePattern.CreateWithInvariantCulture("yyyyMMdd");

    public static IEnumerable<Case> Run(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "icalrecur_test*.txt", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var number = 0;
            foreach (var block in File.ReadAllText(file).ReplaceLineEndings("\n").Split("\n\n"))
            {
                var lines = block.Split('\n').Where(line => line.Contains(':') && line[0] != '#').Select(line => (Name: line[..line.IndexOf(':')], Value: line[(line.IndexOf(':') + 1)..].Trim())).ToList();
                if (!lines.Exists(line => line.Name == "RRULE")) continue;
                string? Of(string name) => lines.Find(line => line.Name == name).Value;
                yield return Suite.Try($"{Path.GetFileNameWithoutExtension(file)}-{++number:000}", () => Check(Of("RRULE")!, Of("DTSTART")!, Of("INSTANCES") ?? ""));
            }
        }
    }

    static string? Check(string rule, string start, string expected)
    {
        // START-AT says where libical's iterator is set to; what it gives begins at DTSTART all the same. What libical itself does not do is no expectation.
        if (expected.StartsWith("***", StringComparison.Ordinal)) return Recurrence.Parse(rule) is null ? "it was not read" : null;
        var isDate = !start.Contains('T');
        var wanted = expected.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(one => one.TrimEnd('Z')).ToList();
        var recurrence = Recurrence.Parse(rule);
        // One more than is expected shows what goes on too long; a rule without an end is cut where the file cuts it.
        var got = recurrence.Starts(Parsed(start), isDate: isDate).Take(recurrence.IsEndless ? wanted.Count : wanted.Count + 1).Select(one => isDate ? Day.Format(one.Date) : Time.Format(one)).ToList();
        return got.SequenceEqual(wanted) ? null : $"{rule} from {start}: got {string.Join(',', got.Take(8))}, expected {string.Join(',', wanted.Take(8))}";
    }

    static LocalDateTime Parsed(string text) => text.Contains('T') ? Time.Parse(text.TrimEnd('Z')).Value : Day.Parse(text).Value.AtMidnight();
}
