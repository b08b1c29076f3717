using System.Diagnostics;
using System.Text.RegularExpressions;
using Tervik.Care.Calendars;
using Tervik.Records;

namespace Tervik.Conformance.Suites;

/// <summary>Calendar files of ical4j, Ical.Net and libical: those that are good are read with all their components and written and read again as the same; those that are broken are refused with the line, or read with a list of what is wrong; none takes long.</summary>
static partial class CalendarFiles
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public static IEnumerable<Case> Run(string folder) => Recurrences.Run(folder).Concat(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(file => file.EndsWith(".ics", StringComparison.Ordinal) || Path.GetFileName(file).StartsWith("fuzz", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(file => Suite.Try(Path.GetRelativePath(folder, file).Replace('\\', '/'), () => Check(File.ReadAllBytes(file), Path.GetRelativePath(folder, file).Replace('\\', '/')))));

    static string? Check(byte[] bytes, string name)
    {
        // What came of fuzzing is good or broken as it happens.
        var isFuzz = Path.GetFileName(name) is var file && (file.StartsWith("fuzz", StringComparison.Ordinal) || file == "crash.ics");
        var isGood = !isFuzz && !name.Contains("invalid/", StringComparison.Ordinal);
        var watch = Stopwatch.StartNew();
        CalendarFile? read;
        try
        {
            read = CalendarFile.Read(bytes);
        }
        catch (FaultException fault)
        {
            if (watch.Elapsed > Longest) return $"it took {watch.Elapsed.TotalSeconds:0} s";
            return fault.Faults[0].Where?.StartsWith("line ", StringComparison.Ordinal) != true ? $"it was refused without a line: {fault.Message}" : isGood ? $"{fault.Faults[0].Where}: {fault.Message}" : null;
        }
        if (watch.Elapsed > Longest) return $"it took {watch.Elapsed.TotalSeconds:0} s";
        if (isGood && Begins().Count(Unfolded(bytes)) is var wanted && read.All.Count() != wanted) return $"{read.All.Count()} components were read, the file has {wanted}";
        if (Difference(read, CalendarFile.Read(read.Write())) is { } difference) return difference;
        return isGood || isFuzz || read.Deviations.Count > 0 ? null : "it is broken, and was read without a word";
    }

    /// <summary>What is other; null when nothing is. Lines may be: the file may have been folded in another way.</summary>
    internal static string? Difference(CalendarFile one, CalendarFile other)
    {
        var (before, after) = (one.All.ToList(), other.All.ToList());
        if (before.Count != after.Count) return $"{before.Count} components became {after.Count}";
        foreach (var (first, second) in before.Zip(after))
        {
            if (first.Name != second.Name || first.Properties.Count != second.Properties.Count || first.Components.Count != second.Components.Count) return $"{first.Name} in line {first.Line} became another component";
            foreach (var (was, became) in first.Properties.Zip(second.Properties))
                if (was.Name != became.Name || was.Value != became.Value || !was.Parameters.Select(parameter => $"{parameter.Name}={string.Join('\0', parameter.Values)}").SequenceEqual(became.Parameters.Select(parameter => $"{parameter.Name}={string.Join('\0', parameter.Values)}")))
                    return $"{was.Name} in line {was.Line} became another property";
        }
        return null;
    }

    static string Unfolded(byte[] bytes) => Folds().Replace(System.Text.Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF'), "");

    [GeneratedRegex(@"\r?\n[ \t]")]
    private static partial Regex Folds();
    [GeneratedRegex(@"^BEGIN:", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Begins();
}
