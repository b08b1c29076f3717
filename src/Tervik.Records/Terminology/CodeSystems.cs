using System.Collections.Concurrent;
using Tervik.Records.Definitions;

namespace Tervik.Records.Terminology;

/// <summary>A concept of a code system.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Display">Its text, or null.</param>
/// <param name="Depth">How deep it stands in the published hierarchy.</param>
/// <param name="IsAbstract">For grouping only; not to be chosen.</param>
/// <param name="Parents">Parents given as properties, besides the hierarchy.</param>
public sealed record Concept(string Code, string? Display, int Depth, bool IsAbstract, IReadOnlyList<string> Parents);

/// <summary>A code system that was published with FHIR R4.</summary>
public sealed class CodeSystem
{
    readonly Dictionary<string, int> byCode;

    internal CodeSystem(string url, string content, bool isCaseSensitive, Concept[] concepts)
    {
        (Url, Content, Concepts) = (url, content, concepts);
        byCode = new(isCaseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < concepts.Length; i++) byCode.TryAdd(concepts[i].Code, i);
    }

    /// <summary>Canonical URL.</summary>
    public string Url { get; }
    /// <summary><c>complete</c>, <c>fragment</c>, <c>example</c>, <c>not-present</c>.</summary>
    public string Content { get; }
    /// <summary>All concepts, parents before children.</summary>
    public IReadOnlyList<Concept> Concepts { get; }

    /// <summary>A concept, or null.</summary>
    public Concept? Find(string code) => byCode.TryGetValue(code, out var at) ? Concepts[at] : null;

    /// <summary>The concept and everything below it; empty when there is no such code.</summary>
    public IEnumerable<Concept> WithDescendants(string code)
    {
        if (!byCode.TryGetValue(code, out var start)) yield break;
        var below = new HashSet<string>(StringComparer.Ordinal) { Concepts[start].Code };
        yield return Concepts[start];
        // Children follow their parent; those that name it as a property may stand anywhere, so go on until nothing is added.
        for (var i = start + 1; i < Concepts.Count && Concepts[i].Depth > Concepts[start].Depth; i++)
            if (below.Add(Concepts[i].Code)) yield return Concepts[i];
        for (var added = true; added;)
        {
            added = false;
            foreach (var concept in Concepts)
                if (!below.Contains(concept.Code) && concept.Parents.Any(below.Contains) && below.Add(concept.Code))
                {
                    added = true;
                    yield return concept;
                }
        }
    }

    /// <summary>The concept and everything above it; empty when there is no such code.</summary>
    public IEnumerable<Concept> WithAncestors(string code)
    {
        if (!byCode.TryGetValue(code, out var at)) yield break;
        yield return Concepts[at];
        foreach (var parent in Concepts[at].Parents)
            foreach (var ancestor in WithAncestors(parent)) yield return ancestor;
        for (var depth = Concepts[at].Depth; at > 0 && depth > 0; at--)
            if (Concepts[at - 1].Depth < depth)
            {
                depth = Concepts[at - 1].Depth;
                yield return Concepts[at - 1];
            }
    }
}

/// <summary>The codes of a value set that can be listed.</summary>
public sealed class ValueSetCodes
{
    readonly HashSet<(string System, string Code)> codes;
    readonly HashSet<string> plain;

    internal ValueSetCodes(HashSet<(string, string)> codes)
    {
        this.codes = codes;
        plain = new(codes.Select(code => code.Item2), StringComparer.Ordinal);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<(string System, string Code)> All => codes;
    /// <summary>Whether a code is in it, whatever its system (elements of type code).</summary>
    public bool Contains(string code) => plain.Contains(code);
    /// <summary>Whether a code of a system is in it.</summary>
    public bool Contains(string system, string code) => codes.Contains((system, code));
}

/// <summary>The code systems and value sets published with FHIR R4, read when first asked for.</summary>
public sealed class R4Terminology
{
    static readonly Lazy<R4Terminology> Loaded = new(() => new R4Terminology(Pack.Open("terminology.pack")));

    readonly Pack pack;
    readonly Dictionary<string, int> systemPlaces = new(StringComparer.Ordinal), setPlaces = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, CodeSystem?> systems = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, ValueSetCodes?> sets = new(StringComparer.Ordinal);

    /// <summary>The one that comes with the program.</summary>
    public static R4Terminology Instance => Loaded.Value;

    R4Terminology(Pack pack)
    {
        this.pack = pack;
        for (var count = pack.Int(); count > 0; count--)
        {
            var place = pack.Position;
            systemPlaces.TryAdd(ReadHead(pack), place);
            ReadConcepts(pack, keep: false);
        }
        for (var count = pack.Int(); count > 0; count--)
        {
            var place = pack.Position;
            setPlaces.TryAdd(ReadHead(pack), place);
            ReadClauses(pack);
            ReadClauses(pack);
        }
    }

    static string ReadHead(Pack pack)
    {
        var url = pack.OptionalText() ?? "";
        pack.OptionalText();
        pack.OptionalText();
        return url;
    }

    static (string Content, bool IsCaseSensitive, Concept[] Concepts) ReadConcepts(Pack pack, bool keep)
    {
        var (content, flags) = (pack.OptionalText() ?? "", pack.Int());
        var count = pack.Int();
        var concepts = new Concept[keep ? count : 0];
        for (var i = 0; i < count; i++)
        {
            if (keep) concepts[i] = new(pack.Text(), pack.OptionalText(), pack.Int(), pack.Flag(), pack.Texts());
            else
            {
                for (var field = 0; field < 4; field++) pack.Int();
                for (var parents = pack.Int(); parents > 0; parents--) pack.Int();
            }
        }
        return (content, (flags & 1) != 0, concepts);
    }

    sealed record Clause(string? System, string[] ValueSets, (string Code, string? Display)[] Concepts, (string Property, string Op, string Value)[] Filters);

    static Clause[] ReadClauses(Pack pack) => pack.List(static pack =>
    {
        var system = pack.OptionalText();
        pack.OptionalText();
        return new Clause(system, pack.Texts(), pack.List(static p => (p.Text(), p.OptionalText())), pack.List(static p => (p.OptionalText() ?? "", p.OptionalText() ?? "", p.OptionalText() ?? "")));
    });

    /// <summary>A code system by its URL, or null.</summary>
    public CodeSystem? System(string url) => !systemPlaces.TryGetValue(url, out var place) ? null : systems.GetOrAdd(url, name =>
    {
        lock (pack)
        {
            var reader = pack.At(place);
            ReadHead(reader);
            var (content, isCaseSensitive, concepts) = ReadConcepts(reader, keep: true);
            return new CodeSystem(name, content, isCaseSensitive, concepts);
        }
    });

    /// <summary>The codes of a value set.</summary>
    /// <param name="url">Canonical URL; a version after a bar is left out.</param>
    /// <returns>Null when it is unknown, or cannot be listed because it draws on a system that did not come with FHIR (SNOMED CT, UCUM, media types …).</returns>
    public ValueSetCodes? ValueSet(string url)
    {
        var bar = url.IndexOf('|', StringComparison.Ordinal);
        return sets.GetOrAdd(bar < 0 ? url : url[..bar], Expand);
    }

    ValueSetCodes? Expand(string url)
    {
        if (!setPlaces.TryGetValue(url, out var place))
            // The implicit value set of a whole code system.
            return System(url) is { Content: "complete" } system ? new(system.Concepts.Select(concept => (url, concept.Code)).ToHashSet()) : null;
        Clause[] includes, excludes;
        lock (pack)
        {
            var reader = pack.At(place);
            ReadHead(reader);
            (includes, excludes) = (ReadClauses(reader), ReadClauses(reader));
        }
        var codes = new HashSet<(string, string)>();
        if (includes.Length == 0) return null;
        foreach (var clause in includes)
        {
            if (Codes(clause) is not { } found) return null;
            codes.UnionWith(found);
        }
        foreach (var clause in excludes)
        {
            if (Codes(clause) is not { } found) return null;
            codes.ExceptWith(found);
        }
        return new(codes);
    }

    HashSet<(string, string)>? Codes(Clause clause)
    {
        HashSet<(string, string)>? found = null;
        if (clause.System is { } name)
        {
            if (clause.Concepts.Length > 0) found = clause.Concepts.Select(concept => (name, concept.Code)).ToHashSet();
            else if (System(name) is not { Content: "complete" } system || Filtered(system, clause.Filters) is not { } concepts) return null;
            else found = concepts.Select(concept => (name, concept.Code)).ToHashSet();
        }
        foreach (var url in clause.ValueSets)
        {
            if (ValueSet(url) is not { } set) return null;
            if (found is null) found = [.. set.All];
            else found.IntersectWith(set.All);
        }
        return found;
    }

    static IEnumerable<Concept>? Filtered(CodeSystem system, (string Property, string Op, string Value)[] filters)
    {
        IEnumerable<Concept> concepts = system.Concepts;
        foreach (var (property, op, value) in filters)
        {
            if (property != "concept" || op is not ("is-a" or "descendent-of" or "is-not-a")) return null;
            var below = system.WithDescendants(value).Select(concept => concept.Code).ToHashSet(StringComparer.Ordinal);
            if (op == "descendent-of") below.Remove(value);
            concepts = concepts.Where(concept => below.Contains(concept.Code) != (op == "is-not-a"));
        }
        return concepts;
    }
}
