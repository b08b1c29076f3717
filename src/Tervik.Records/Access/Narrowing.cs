using System.Collections.Frozen;
using Tervik.Records.Indexing;

namespace Tervik.Records.Access;

/// <summary>What is left of an access when only some types were granted, or only resources with some codes (SMART scopes such as <c>patient/Observation.rs?category=laboratory</c>).</summary>
public sealed class Narrowing
{
    /// <summary>Of each type the alternatives; of each alternative the criteria, all of which must be met; of each criterion the keys of which one is enough. An alternative without criteria admits all.</summary>
    readonly FrozenDictionary<string, long[][][]> types;
    readonly long[][][]? others;

    Narrowing(FrozenDictionary<string, long[][][]> types, long[][][]? others) => (this.types, this.others) = (types, others);

    /// <summary>The narrowing to what was granted.</summary>
    /// <param name="granted">Type (<c>*</c> for all) and token parameters with their values, <c>code</c>, <c>system|code</c> or several with commas between.</param>
    /// <param name="parameters">Of the store.</param>
    /// <exception cref="FaultException">A parameter is unknown or is no token.</exception>
    public static Narrowing To(IEnumerable<(string Type, IReadOnlyList<KeyValuePair<string, string>> Criteria)> granted, SearchParameterCatalog parameters)
    {
        var byType = granted.GroupBy(one => one.Type, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        byType.Remove("*", out var any);
        var others = any is null ? null : any.ConvertAll(one => one.Criteria.Count == 0 ? (long[][])[] : throw Wrong("*", one.Criteria[0].Key)).ToArray();
        return new(byType.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.ConvertAll(one => one.Criteria.Select(criterion => Keys(one.Type, criterion, parameters)).ToArray()).Concat(others ?? []).ToArray(), StringComparer.Ordinal), others);
    }

    /// <summary>The alternatives for a type; null when it was not granted.</summary>
    internal long[][][]? For(string type) => types.GetValueOrDefault(type) ?? others;

    /// <summary>Whether resources of a type must meet criteria.</summary>
    internal bool HasCriteria(string type) => For(type) is { } alternatives && !Array.Exists(alternatives, alternative => alternative.Length == 0);

    /// <summary>Whether a resource meets the criteria of its type.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="entries">What the index holds of it, with all its vocabulary.</param>
    internal bool Admits(string type, IndexEntries entries) => For(type) is { } alternatives && Array.Exists(alternatives, alternative => Array.TrueForAll(alternative,
        forms => Array.Exists(forms, form => Array.BinarySearch(entries.Values, form) >= 0 || Array.Exists(entries.Forms, one => one.Form == form))));

    static long[] Keys(string type, KeyValuePair<string, string> criterion, SearchParameterCatalog parameters)
    {
        if (parameters.Find(type, criterion.Key) is not { Kind: ParameterKind.Token } parameter) throw Wrong(type, criterion.Key);
        return [.. criterion.Value.Split(',').SelectMany(value => parameter.Paths.Select(path => path.Form(parameters.Keys, value))).Distinct().Order()];
    }

    static FaultException Wrong(string type, string name) => new(new Fault(FaultKind.Invalid, "invalid_scope", name, $"{name} is no token parameter of {type}."));
}
