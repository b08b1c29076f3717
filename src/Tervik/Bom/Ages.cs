using System.Globalization;
using System.Text.Json;

namespace Tervik.Bom;

/// <summary>A component as the package sources tell of it.</summary>
/// <param name="Kind"><c>nuget</c>, <c>npm</c>, or <c>generic</c> for .NET itself.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">The one that is built in.</param>
/// <param name="Vulnerabilities">Known in that version.</param>
/// <param name="Releases">All versions, in any order.</param>
/// <param name="IsTold">False when no source knows it.</param>
sealed record Component(string Kind, string Name, string Version, IReadOnlyList<Vulnerability> Vulnerabilities, IReadOnlyList<Release> Releases, bool IsTold = true);

/// <summary>A vulnerability.</summary>
/// <param name="Id">Of its advisory.</param>
/// <param name="Severity"><c>critical</c>, <c>high</c>, <c>moderate</c> or <c>low</c>.</param>
/// <param name="Published">Null where the source does not tell.</param>
sealed record Vulnerability(string Id, string Severity, DateOnly? Published);

/// <summary>A version.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Published">Null where the source does not tell.</param>
/// <param name="Seen">When this check saw it first, where the source does not tell: it is no younger.</param>
sealed record Release(string Version, DateOnly? Published, DateOnly? Seen = null)
{
    public DateOnly? Since => Published ?? Seen;
}

/// <summary>What is to be done about a component.</summary>
/// <param name="Component">Which.</param>
/// <param name="What">In words.</param>
/// <param name="Days">How long it has been so; null where nobody tells.</param>
/// <param name="Within">In how many days it has to be done.</param>
/// <param name="IsOver">That time is over.</param>
sealed record Due(Component Component, string What, int? Days, int Within, bool IsOver);

/// <summary>A newer version that is not taken, on purpose.</summary>
/// <param name="Component">Kind and name.</param>
/// <param name="Until">Looked at again by then.</param>
/// <param name="Why">In words.</param>
sealed record HeldBack(string Component, DateOnly Until, string Why)
{
    /// <summary>Reads <c>held-back.tsv</c>.</summary>
    public static IReadOnlyList<HeldBack> Read(TextReader lines) => [.. lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split('\t'))
        .Select(parts => parts is [var component, var until, var why] ? new HeldBack(component, DateOnly.ParseExact(until, "yyyy-MM-dd", CultureInfo.InvariantCulture), why) : throw new InvalidDataException($"held-back.tsv: {string.Join(' ', parts)}"))];
}

/// <summary>Holds components against the times of docs/security/updates.md.</summary>
static class Ages
{
    /// <summary>Days for a vulnerability that was rated so.</summary>
    const int Critical = 2, High = 7, Lower = 30;
    /// <summary>Days for versions: of .NET, of anything else, of a new major version; without a release for so long something is replaced within the last.</summary>
    const int OfDotnet = 7, OfVersion = 90, OfMajor = 180, Silent = 730, OfSilent = 180;

    /// <summary>What is due, with what is over first.</summary>
    public static IReadOnlyList<Due> Judge(Component component, IReadOnlyList<HeldBack> held, DateOnly today)
    {
        // Versions alone are held back: a vulnerability is one, whatever the reason.
        var reason = held.FirstOrDefault(one => one.Component == $"{component.Kind} {component.Name}" && today <= one.Until);
        var due = new List<Due>();
        int? Age(DateOnly? since) => since is { } day ? Math.Max(0, today.DayNumber - day.DayNumber) : null;
        foreach (var one in component.Vulnerabilities)
        {
            var (age, within) = (Age(one.Published), one.Severity switch { "critical" => Critical, "high" => High, _ => Lower });
            // Nobody tells since when: that it is in time could not be shown.
            due.Add(new(component, $"{one.Severity} vulnerability {one.Id}", age, within, age is null || age > within));
        }
        var own = Numbers(component.Version);
        var released = component.Releases.Where(release => !IsPreview(release.Version)).Select(release => (Release: release, Numbers: Numbers(release.Version))).OrderBy(one => one.Numbers, Order).ToList();
        var newer = released.Where(one => Order.Compare(one.Numbers, own) > 0).ToList();
        // The first version that was not taken counts, not the last: whoever publishes often does not begin the time anew.
        foreach (var (isMajor, line) in newer.GroupBy(one => one.Numbers[0] != own[0]).Select(line => (line.Key, line.ToList())))
        {
            var (since, within) = (line.Select(one => one.Release.Since).Min(), component.Kind == "generic" ? OfDotnet : isMajor ? OfMajor : OfVersion);
            var told = line.Exists(one => one.Release.Published is null) ? ", seen first" : "";
            due.Add(new(component, $"{(isMajor ? "new major version" : "newer version")} {line[^1].Release.Version}{told}{(reason is null ? "" : $", held back until {reason.Until:yyyy-MM-dd}")}", Age(since), within, reason is null && Age(since) > within));
        }
        if (component.Kind != "generic" && released.Count > 0 && released.TrueForAll(one => one.Release.Published is not null) && Age(released.Max(one => one.Release.Published)) is { } silent && silent > Silent)
            due.Add(new(component, "no release for two years", silent - Silent, OfSilent, reason is null && silent - Silent > OfSilent));
        return [.. due.OrderByDescending(one => one.IsOver)];
    }

    /// <summary>Judges what <c>tools/ages.mjs</c> found, and writes a table.</summary>
    /// <returns>0 when nothing is over, 1 when something is, 2 when something of it could not be known.</returns>
    public static int Report(JsonElement facts, IReadOnlyList<HeldBack> held, DateOnly today, TextWriter output)
    {
        var components = facts.GetProperty("components").EnumerateArray().Select(Read).ToList();
        var unknown = facts.GetProperty("unknown").EnumerateArray().Select(one => one.GetProperty("words").GetString()!).Concat(components.Where(one => !one.IsTold).Select(one => $"No source tells of {one.Kind} {one.Name} {one.Version}.")).ToList();
        var due = components.SelectMany(component => Judge(component, held, today)).OrderByDescending(one => one.IsOver).ToList();
        output.WriteLine($"{"",-5}{"component",-58}{"days",5}{"of",5}  what");
        foreach (var component in components.Where(component => component.IsTold && due.TrueForAll(one => one.Component != component)))
            output.WriteLine($"{"ok",-5}{$"{component.Kind} {component.Name} {component.Version}",-58}");
        foreach (var one in due)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(one.IsOver ? "OVER" : "due"),-5}{$"{one.Component.Kind} {one.Component.Name} {one.Component.Version}",-58}{one.Days?.ToString(CultureInfo.InvariantCulture) ?? "?",5}{one.Within,5}  {one.What}"));
        foreach (var words in unknown) output.WriteLine($"Not known: {words}");
        var over = due.Count(one => one.IsOver);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{components.Count} components on {today:yyyy-MM-dd}: {over} over their time, {due.Count - over} due, {unknown.Count} not known"));
        return over > 0 ? 1 : unknown.Count > 0 ? 2 : 0;
    }

    static Component Read(JsonElement json)
    {
        static DateOnly? Day(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.GetString() is { } text ? DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture) : null;
        string Text(string name) => json.GetProperty(name).GetString()!;
        return new(Text("kind"), Text("name"), Text("version"),
            [.. json.GetProperty("vulnerabilities").EnumerateArray().Select(one => new Vulnerability(one.GetProperty("id").GetString() ?? "without a name", one.GetProperty("severity").GetString() ?? "", Day(one, "published")))],
            [.. json.GetProperty("versions").EnumerateArray().Select(one => new Release(one.GetProperty("version").GetString()!, Day(one, "published"), Day(one, "seen")))],
            !json.TryGetProperty("untold", out var untold) || !untold.GetBoolean());
    }

    static bool IsPreview(string version) => version.Contains('-', StringComparison.Ordinal);

    /// <summary>Four numbers: NuGet has up to four, the others three.</summary>
    static int[] Numbers(string version)
    {
        var parts = version.Split('+', '-')[0].Split('.');
        return [.. Enumerable.Range(0, 4).Select(at => at < parts.Length && int.TryParse(parts[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)];
    }

    static readonly Comparer<int[]> Order = Comparer<int[]>.Create((a, b) => Enumerable.Range(0, 4).Select(at => a[at].CompareTo(b[at])).FirstOrDefault(difference => difference != 0));
}
