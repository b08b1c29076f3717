using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.House;

/// <summary>The security register (docs/security/asvs.md) says what is true of the sources, as far as a program can tell.</summary>
public sealed partial class SecurityRegisterTests
{
    /// <summary>Requirements of ASVS 5.0.0.</summary>
    const int OfLevel1 = 70, OfLevel2 = 183;

    sealed record Row(string Id, int Level, string Asks, string State, string Where, string Shown)
    {
        public int Chapter => int.Parse(Id.Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);
        public bool IsOpen => State.StartsWith("open", StringComparison.Ordinal);
        public IEnumerable<(string Class, string Method)> Tests => Test().Matches(Shown).Select(test => (test.Groups[1].Value, test.Groups[2].Value));
    }

    static readonly string[] Lines = File.ReadAllLines(Path.Combine(SourceTests.Root, "docs/security/asvs.md"));
    static readonly List<Row> Rows = [.. Lines.Select(line => RowOf().Match(line)).Where(row => row.Success).Select(row => new Row(row.Groups[1].Value, int.Parse(row.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture), row.Groups[3].Value, row.Groups[4].Value, row.Groups[5].Value, row.Groups[6].Value))];

    [Fact]
    public void Every_requirement_of_both_levels_has_one_row_with_a_known_state()
    {
        Assert.Equal((OfLevel1, OfLevel2), (Rows.Count(row => row.Level == 1), Rows.Count(row => row.Level == 2)));
        Assert.Equal(Rows.Count, Rows.Select(row => row.Id).Distinct().Count());
        Assert.Equal(Rows.Count, Lines.Count(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2])));
        Assert.Equal(Enumerable.Range(1, 17), Rows.Select(row => row.Chapter).Distinct());
        foreach (var row in Rows)
        {
            Assert.True(row.State is "pass" or "n/a" or "open", $"{row.Id} is {row.State}.");
            Assert.True(row.Asks.Length > 8, $"{row.Id} says nothing.");
        }
        // In the order of the standard.
        Assert.Equal(Rows.Select(row => row.Id).OrderBy(id => id.Split('.').Select(part => part.PadLeft(3, '0')).Aggregate((a, b) => $"{a}.{b}"), StringComparer.Ordinal), Rows.Select(row => row.Id));
    }

    [Fact]
    public void Each_pass_names_tests_that_exist_and_each_other_row_has_its_reason()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(SourceTests.Root, "tests"), "*.cs", SearchOption.AllDirectories).Where(file => !file.EndsWith($"{nameof(SecurityRegisterTests)}.cs", StringComparison.Ordinal)).Select(File.ReadAllText)
            .Append(File.ReadAllText(Path.Combine(SourceTests.Root, "tests/Tervik.EndToEnd/House/SecurityRegisterTests.cs"))).ToList();
        var faults = new List<string>();
        foreach (var row in Rows)
        {
            foreach (var (name, method) in row.Tests)
                if (!sources.Exists(source => Regex.IsMatch(source, $@"\bclass {name}\b") && Regex.IsMatch(source, $@"\[(Fact|Theory)[^{{]*?\bpublic (static )?(async )?(Task|void) {method}\("))) faults.Add($"{row.Id}: there is no test {name}.{method}.");
            if (row.State == "pass" && !row.Tests.Any()) faults.Add($"{row.Id}: no test.");
            if (row.State != "pass" && row.Shown.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < 3) faults.Add($"{row.Id}: '{row.Shown}' is no reason.");
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public void Nothing_is_open() => Assert.Equal([], Rows.Where(row => row.IsOpen));

    [Fact]
    public void The_counts_at_the_end_are_those_of_the_rows()
    {
        static string Counts(IReadOnlyCollection<Row> rows) => $"{rows.Count(row => row.State == "pass")} {rows.Count(row => row.State == "n/a")} {rows.Count(row => row.IsOpen)} {rows.Count(row => row is { IsOpen: true, Level: 1 })}";
        var written = Lines.Select(line => Count().Match(line)).Where(count => count.Success).Select(count => string.Join(' ', count.Groups.Values.Skip(1).Select(group => group.Value))).ToList();
        Assert.Equal([.. Rows.GroupBy(row => row.Chapter).Select(chapter => Counts([.. chapter])), Counts(Rows)], written);
    }

    [Fact]
    public void What_the_register_points_to_is_there()
    {
        var links = Rows.SelectMany(row => Link().Matches($"{row.Where} {row.Shown}").Select(link => (row.Id, File: link.Groups[1].Value, Anchor: link.Groups[2].Value))).ToList();
        Assert.True(links.Count > 10);
        foreach (var (id, file, anchor) in links)
        {
            var path = Path.GetFullPath(Path.Combine(SourceTests.Root, "docs/security", file));
            Assert.True(File.Exists(path), $"{id} points to {file}.");
            var anchors = File.ReadLines(path).Where(line => line.StartsWith('#')).Select(line => Regex.Replace(line.TrimStart('#').Trim().ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-'));
            Assert.True(anchors.Contains(anchor), $"{id}: {file} has no part {anchor}.");
        }
        // What is shown by this test alone is documentation, and says which.
        Assert.All(Rows.Where(row => row.State == "pass" && row.Tests.All(test => test.Class == nameof(SecurityRegisterTests))), row => Assert.Matches(Link(), row.Where));
    }

    [GeneratedRegex(@"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$")]
    private static partial Regex RowOf();
    [GeneratedRegex(@"\b([A-Z]\w*Tests)\.([A-Z]\w+)")]
    private static partial Regex Test();
    [GeneratedRegex(@"\]\(([\w./-]+\.md)#([\w-]+)\)")]
    private static partial Regex Link();
    [GeneratedRegex(@"^\| (?:V\d+ [^|]+|\*\*all\*\*) \| \**(\d+)\** \| \**(\d+)\** \| \**(\d+)\** \| \**(\d+)\** \|$")]
    private static partial Regex Count();
}
