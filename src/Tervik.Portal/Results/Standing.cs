using Tervik.Portal.Reading;

namespace Tervik.Portal.Results;

/// <summary>How a value lies to the usual range, as one would say it.</summary>
public enum Distance { Unknown, Usual, ALittleAbove, Above, FarAbove, ALittleBelow, Below, FarBelow, Unusual }

/// <summary>How a value lies to an earlier one or to the own usual level.</summary>
public enum Change { Same, Higher, Lower }

/// <summary>What a result means by itself, in plain words: to the range, to the value before, to the person's own level.</summary>
/// <param name="Range">To the usual range.</param>
/// <param name="Last">To the value before; null when there is none in the same unit.</param>
/// <param name="Before">That value, as written.</param>
/// <param name="Own">To the own usual level; null when there are too few values to know one.</param>
/// <param name="OwnUsual">That level: the median of the three years before.</param>
public sealed record Standing(Distance Range, Change? Last, string? Before, Change? Own, double? OwnUsual)
{
    /// <summary>The own level is the median of at least so many values …</summary>
    public const int FewestForOwn = 3;
    /// <summary>… of so many years.</summary>
    public const int YearsOfOwn = 3;

    /// <summary>Beyond an end by at most this part of the range's width: "a little".</summary>
    const double Little = 0.1;
    /// <summary>Beyond an end by more than this part of the width: "far".</summary>
    const double Far = 1;
    /// <summary>A range with one end has no width; this part of the end stands for it.</summary>
    const double WidthOfOneEnd = 0.5;
    /// <summary>Within this part of a value, it is about the same: less than most tests vary by themselves.</summary>
    const double AboutTheSame = 0.05;

    /// <summary>Whether somebody should look: outside of the range, or marked by the laboratory.</summary>
    public bool IsUnusual => Range is not (Distance.Unknown or Distance.Usual);

    /// <summary>Judges one value of a series.</summary>
    /// <param name="result">The value.</param>
    /// <param name="older">Those before it, newest first.</param>
    public static Standing Of(Result result, IEnumerable<Result> older)
    {
        var range = DistanceOf(result.Number, result.Low, result.High, result.Flag);
        if (result.Number is not { } number) return new(range, null, null, null, null);
        var comparable = older.Where(one => one.Number is not null && one.Unit == result.Unit).ToList();
        var before = comparable.Count > 0 ? comparable[0] : null;
        var own = OwnUsualOf(result, comparable);
        return new(range, before is null ? null : ChangeFrom(before.Number!.Value, number), before?.Value, own is null ? null : ChangeFrom(own.Value, number, SpreadOf(comparable, own.Value)), own);
    }

    /// <summary>The distance to the usual range. The laboratory's own flag decides whether and where a value is outside; the range says how far.</summary>
    public static Distance DistanceOf(double? number, double? low, double? high, Flag flag)
    {
        if (flag is Flag.CriticallyHigh) return Distance.FarAbove;
        if (flag is Flag.CriticallyLow) return Distance.FarBelow;
        if (flag is Flag.Abnormal) return Distance.Unusual;
        var width = low < high ? high.Value - low.Value : Math.Abs(high ?? low ?? 0) * WidthOfOneEnd;
        if (flag is Flag.High) return Beyond(number - high, width) switch { null => Distance.Above, <= Little => Distance.ALittleAbove, > Far => Distance.FarAbove, _ => Distance.Above };
        if (flag is Flag.Low) return Beyond(low - number, width) switch { null => Distance.Below, <= Little => Distance.ALittleBelow, > Far => Distance.FarBelow, _ => Distance.Below };
        return low is null && high is null ? Distance.Unknown : Distance.Usual;
    }

    static double? Beyond(double? excess, double width) => excess >= 0 && width > 0 ? excess / width : null;

    /// <summary>Higher, lower, or about the same.</summary>
    /// <param name="from">The earlier value or level.</param>
    /// <param name="to">The value.</param>
    /// <param name="spread">A change within this says nothing.</param>
    public static Change ChangeFrom(double from, double to, double spread = 0) =>
        Math.Abs(to - from) <= Math.Max(Math.Abs(from) * AboutTheSame, spread) ? Change.Same : to > from ? Change.Higher : Change.Lower;

    static double? OwnUsualOf(Result result, List<Result> older)
    {
        if (result.Date is not { } date) return null;
        var since = date.Instant.AddYears(-YearsOfOwn);
        var numbers = older.Where(one => one.Date is { } day && day.Instant >= since).Select(one => one.Number!.Value).ToList();
        return numbers.Count < FewestForOwn ? null : Median(numbers);
    }

    // How much the person's values differ from their own level by themselves: the median distance.
    static double SpreadOf(List<Result> older, double level) => Median([.. older.Select(one => Math.Abs(one.Number!.Value - level))]);

    /// <summary>The value in the middle; of an even number, the mean of the two.</summary>
    public static double Median(IReadOnlyCollection<double> numbers)
    {
        var sorted = numbers.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The standing in short sentences: range, value before, own level; those that can be said.</summary>
    /// <param name="isOwn">Whether the reader is the person.</param>
    public IEnumerable<string> InWords(bool isOwn)
    {
        if (Range != Distance.Unknown) yield return Words.Of($"lies {Range}");
        if (Last is { } last) yield return Words.Of($"last {last}", Before);
        if (Own is { } own) yield return Words.Of($"{(isOwn ? "your" : "their")} usual {own}", Numbers.Write(Round(OwnUsual!.Value)));
    }

    static string Round(double level) => Math.Round(level, Math.Abs(level) switch { >= 100 => 0, >= 10 => 1, _ => 2 }).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
}
