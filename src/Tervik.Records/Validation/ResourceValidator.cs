using Tervik.Records.Files;
using Tervik.Records.Model;

namespace Tervik.Records.Validation;

/// <summary>How far a resource is checked.</summary>
public enum ValidationDepth
{
    /// <summary>Names, kinds, cardinality, formats of primitives, required bindings: on every write.</summary>
    Structure,
    /// <summary>Also the constraints of the specification (invariants).</summary>
    Invariants,
    /// <summary>Also what a reader should know: <c>$validate</c>.</summary>
    Profiles,
}

/// <summary>Says what is wrong with a resource.</summary>
public static class ResourceValidator
{
    [ThreadStatic] static Inspection? reused;

    /// <summary>Checks a resource.</summary>
    /// <returns>What is wrong; empty and not allocated anew when all is well. Only those of severity <c>error</c> or <c>fatal</c> make it invalid.</returns>
    public static IReadOnlyList<Fault> Validate(Node resource, ValidationDepth depth) => Validate(resource, depth, out _);

    /// <summary>Checks a resource, and finds the files inside; whether those may be stored is not asked here.</summary>
    /// <param name="resource">What is checked.</param>
    /// <param name="depth">How far; from <see cref="ValidationDepth.Invariants"/> on files are found.</param>
    /// <param name="files">The files, valid as long as the resource's JSON is; empty and not allocated anew when there are none.</param>
    public static IReadOnlyList<Fault> Validate(Node resource, ValidationDepth depth, out IReadOnlyList<SentFile> files)
    {
        var inspection = reused ?? new Inspection();
        reused = null;
        var faults = inspection.Run(resource, depth, out files);
        reused = inspection;
        return faults;
    }
}
