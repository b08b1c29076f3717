using Tervik.Conformance.Suites;

namespace Tervik.Conformance;

/// <summary>One case of a suite.</summary>
/// <param name="Name">Unique in its suite.</param>
/// <param name="Failure">What went wrong; null when it passed.</param>
public sealed record Case(string Name, string? Failure);

/// <summary>What a run gave, against the list of known failures.</summary>
public sealed record SuiteResult(int Passed, int Total, int Known, IReadOnlyList<Case> New, IReadOnlyList<string> Mended);

/// <summary>An official suite: where its files lie below the folder of all, and how to run it.</summary>
/// <param name="Name">Short name; known failures stand in <c>Known/NAME.txt</c>, a line each: name, two blanks, reason.</param>
/// <param name="Place">Path below the folder.</param>
/// <param name="Cases">Runs it.</param>
public sealed record Suite(string Name, string Place, Func<string, IEnumerable<Case>> Cases)
{
    /// <summary>All suites.</summary>
    public static IReadOnlyList<Suite> All { get; } =
    [
        new("examples", "fhir-r4-examples", Examples.Run),
        new("examples-files", "fhir-r4-examples", ExampleFiles.Run),
        new("examples-search", "fhir-r4-examples", ExampleSearch.Run),
        new("json", "json", JsonParsing.Run),
        new("server", "server", ServerScenarios.Run),
        new("fhirpath-r4", "fhirpath/r4", FhirPathR4.Run),
        new("ucum", "terminology/ucum", Inputs.Ucum),
        new("naughty-strings", "naughty-strings", Inputs.NaughtyStrings),
        new("xml-json-pairs", "synthea/xml-json-pairs", Inputs.Pairs),
        new("validator", "validator", ValidatorCases.Run),
        new("ips", "ig/ips", Ips.Run),
        new("json-patch", "patch/json-patch", Patches.Json),
        new("fhirpath-patch", "patch", Patches.FhirPath),
        new("hl7v2", "hl7v2", Hl7v2.Run),
        new("ical", "ical", CalendarFiles.Run),
        new("smart-scheduling-links", "ig/smart-scheduling-links", SchedulingLinks.Run),
    ];

    /// <summary>The suite's folder, or null when it is absent.</summary>
    public string? Find(string root) => Path.Combine(root, Place) is var path && Directory.Exists(path) ? path : null;

    /// <summary>Runs all cases and compares with the list.</summary>
    public SuiteResult Run(string path)
    {
        var known = KnownFailures();
        var cases = Cases(path).ToList();
        var passed = cases.Where(one => one.Failure is null).Select(one => one.Name).ToHashSet(StringComparer.Ordinal);
        return new(passed.Count, cases.Count, cases.Count(one => one.Failure is not null && known.Contains(one.Name)),
            [.. cases.Where(one => one.Failure is not null && !known.Contains(one.Name))], [.. known.Where(passed.Contains).Order(StringComparer.Ordinal)]);
    }

    HashSet<string> KnownFailures()
    {
        using var stream = typeof(Suite).Assembly.GetManifestResourceStream($"Known/{Name}.txt");
        if (stream is null) return [];
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#').Select(line => line.Split("  ")[0]).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The same for a body that waits.</summary>
    internal static async Task<Case> Attempt(string name, Func<Task<string?>> body)
    {
        try
        {
            return new(name, await body());
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return new(name, $"{fault.GetType().Name}: {fault.Message}".ReplaceLineEndings(" "));
        }
    }

    /// <summary>A case that runs <paramref name="body"/>: it returns what is wrong, or null; an exception is a failure too.</summary>
    internal static Case Try(string name, Func<string?> body)
    {
        try
        {
            return new(name, body());
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return new(name, $"{fault.GetType().Name}: {fault.Message}".ReplaceLineEndings(" "));
        }
    }
}
