using Tervik.Records.Definitions;
using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>What goes from resource to resource: chains, <c>_has</c>, includes; and sort keys.</summary>
sealed partial class SearchParser
{
    /// <summary><c>subject:Patient.name=peter</c>.</summary>
    Criterion Chain(string type, string link, string rest, string value, int depth)
    {
        var colon = link.IndexOf(':', StringComparison.Ordinal);
        var (code, only) = colon < 0 ? (link, null) : (link[..colon], link[(colon + 1)..]);
        var parameter = Known(type, code);
        if (parameter.Kind != ParameterKind.Reference) throw Bad($"{link}.{rest}", $"{code} of {type} is no reference: nothing can be chained to it.");
        if (only is not null && catalog.For(only) is null) throw Bad($"{link}.{rest}", $"'{only}' is no resource type of FHIR R4.");
        if (only is not null && parameter.Targets.Count > 0 && !parameter.Targets.Contains(only) && !parameter.Targets.Contains("Resource"))
            throw Bad($"{link}.{rest}", $"{code} of {type} never refers to a {only}; {string.Join(", ", parameter.Targets)} can be given.");
        IEnumerable<string> types = only is not null ? [only]
            : parameter.Targets.Count == 0 || parameter.Targets.Contains("Resource") ? Schema.R4.ResourceTypes.Select(one => one.Name) : parameter.Targets;
        long[] paths = [.. parameter.Paths.Select(path => path.Key)];
        var parts = new List<Criterion>();
        UnknownParameterException? unknown = null;
        var before = valuesLeft;
        foreach (var target in types)
        {
            try
            {
                valuesLeft = before; // the same values for each type
                parts.Add(new ChainCriterion(paths, target, Criterion(target, rest, value, depth + 1)));
            }
            catch (UnknownParameterException none)
            {
                unknown = none; // a parameter that only some of the types have
            }
        }
        if (parts.Count == 0) throw unknown!;
        return parts.Count == 1 ? parts[0] : new AnyOf(parts);
    }

    /// <summary><c>_has:Observation:patient:code=1234-5</c>; what follows the reference may be a chain or another <c>_has</c>.</summary>
    HasCriterion Has(string type, string name, string value, int depth)
    {
        var parts = name.Split(':', 4);
        if (parts.Length < 4 || parts[3].Length == 0) throw Bad(name, $"'{name}' is incomplete; _has:[type]:[reference]:[parameter] was expected.");
        if (catalog.For(parts[1]) is null) throw Bad(name, $"'{parts[1]}' is no resource type of FHIR R4.");
        var parameter = Known(parts[1], parts[2]);
        if (parameter.Kind != ParameterKind.Reference) throw Bad(name, $"{parts[2]} of {parts[1]} is no reference.");
        if (parameter.Targets.Count > 0 && !parameter.Targets.Contains(type) && !parameter.Targets.Contains("Resource"))
            throw Bad(name, $"{parts[2]} of {parts[1]} never refers to a {type}; {string.Join(", ", parameter.Targets)} are what it can refer to.");
        return new HasCriterion(type, parts[1], [.. parameter.Paths.Select(path => path.Key)], Criterion(parts[1], parts[3], value, depth + 1));
    }

    /// <summary><c>_include=Observation:subject:Patient</c>; null when it was left out with a warning.</summary>
    IncludePath? Include(string name, string value)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var modifier = colon < 0 ? null : name[(colon + 1)..];
        if (modifier is not (null or "iterate" or "recurse")) throw Modifier(name[..colon], modifier, "iterate");
        var (reverse, iterates) = (name.StartsWith("_rev", StringComparison.Ordinal), modifier is not null);
        if (value == "*") return new(reverse, iterates, null, null, []);
        var parts = value.Split(':');
        if (parts.Length is < 2 or > 3 || parts.Any(part => part.Length == 0)) throw Bad(name, $"{name} is '{value}'; Type:parameter, Type:parameter:Target, Type:* or * was expected.");
        if (catalog.For(parts[0]) is not { } source) throw Bad(name, $"{name} is '{value}': '{parts[0]}' is no resource type of FHIR R4.");
        if (parts.Length == 3 && catalog.For(parts[2]) is null) throw Bad(name, $"{name} is '{value}': '{parts[2]}' is no resource type of FHIR R4.");
        if (parts[1] == "*")
            return new(reverse, iterates, parts[0], [.. source.ByCode.Values.Where(one => one.Kind == ParameterKind.Reference).SelectMany(one => one.Paths).Select(path => path.Key).Distinct()], parts.Length == 3 ? [parts[2]] : []);
        if (catalog.Find(parts[0], parts[1]) is not { Kind: ParameterKind.Reference } parameter)
            throw Bad(name, $"{name} is '{value}': {parts[0]} has no reference parameter '{parts[1]}'.");
        return new(reverse, iterates, parts[0], [.. parameter.Paths.Select(path => path.Key)], parts.Length == 3 ? [parts[2]] : parameter.OnlyTargets ? parameter.Targets : []);
    }

    List<SortKey> Sorting(string value, List<string> types)
    {
        var keysOfSort = new List<SortKey>();
        foreach (var part in SearchSyntax.Split(value, ','))
        {
            var code = part.Trim();
            var isDescending = code.StartsWith('-');
            if (isDescending) code = code[1..];
            if (code.Length == 0) throw Bad("_sort", $"_sort is '{value}'; names of search parameters, separated by commas, each after a minus for descending order, were expected.");
            keysOfSort.Add(Sorting(code, isDescending, types));
        }
        if (keysOfSort.Count > limits.MostSortKeys) throw Costly("_sort", $"_sort has {keysOfSort.Count} keys; at most {limits.MostSortKeys} are accepted.");
        return keysOfSort;
    }

    SortKey Sorting(string code, bool isDescending, List<string> types)
    {
        if (code == "_id") return new(SortSource.Id, [], isDescending, true);
        if (code == "_lastUpdated") return new(SortSource.Updated, [], isDescending, true);
        var paths = new List<IndexPath>();
        foreach (var type in types)
        {
            if (catalog.Find(type, code) is not { } parameter || parameter.Kind is ParameterKind.Special) throw Bad("_sort", $"{type} has no search parameter '{code}' to sort by.");
            if (parameter.Kind == ParameterKind.Composite) throw Bad("_sort", $"'{code}' is a composite; a simple search parameter was expected.");
            paths.AddRange(parameter.Paths);
        }
        var source = paths.Count == 0 ? SortSource.Text : paths[0].Kind switch
        {
            ParameterKind.Date or ParameterKind.Number or ParameterKind.Quantity => SortSource.Range,
            ParameterKind.String => SortSource.Text,
            ParameterKind.Reference => SortSource.Reference,
            _ => SortSource.Token,
        };
        return new(source, [.. paths.Select(path => path.Key).Distinct()], isDescending, paths.Count == 1 && paths[0].IsSingle);
    }
}
