using System.Globalization;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>The values of criteria by kind of parameter.</summary>
sealed partial class SearchParser
{
    static readonly string[] TokenModifiers = ["text", "not", "above", "below", "in", "not-in", "of-type", "missing"];

    Criterion Token(SearchParameter parameter, string name, string? modifier, string value)
    {
        var found = new TokenCriterion();
        switch (modifier)
        {
            case null or "not":
                foreach (var part in Values(name, value)) TokenValue(parameter, name, part, found);
                return modifier is null ? found : new NotThat(found);
            case "text":
                foreach (var part in Values(name, value)) TokenText(parameter, name, SearchSyntax.Unescape(part), found);
                return found;
            case "of-type":
                foreach (var part in Values(name, value)) OfType(parameter, name, part, found);
                return found;
            case "in" or "not-in":
                foreach (var part in Values(name, value))
                {
                    var url = SearchSyntax.Unescape(part);
                    Coded(parameter, found, vocabulary => expansion.CodesOf(url, vocabulary.Session, name));
                }
                return modifier == "in" ? found : new NotThat(found);
            case "above" or "below":
                foreach (var part in Values(name, value)) Hierarchy(parameter, name, modifier == "above", part, found);
                return found;
            default: throw Modifier(parameter.Code, modifier, TokenModifiers);
        }
    }

    void TokenValue(SearchParameter parameter, string name, string part, TokenCriterion into)
    {
        var (system, code) = SystemAndCode(part);
        if (string.IsNullOrEmpty(system) && code.Length == 0) throw Bad(name, $"{name} has an empty value; code, system|code, |code or system| was expected.");
        foreach (var path in parameter.Paths) TokenValue(path, system, code, into);
    }

    void TokenValue(IndexPath path, string? system, string code, TokenCriterion into)
    {
        if (path.IsDirect || path.Kind == ParameterKind.Uri)
        {
            if (code.Length > 0)
            {
                if (SystemFits(path, system)) into.AddKey(path.Form(keys, code));
            }
            else if (SystemFits(path, system)) into.AddLookup(vocabulary => vocabulary.Between(path.Key, "", FoldedText.After("")));
            return;
        }
        if (path.FoldsCase) (system, code) = (system?.ToLowerInvariant(), code.ToLowerInvariant());
        into.AddForm(path.Form(keys, system is null ? code : $"{system}|{code}"));
    }

    /// <summary>Whether a plain value can be of this system: codes have one by their binding, though it is not written down; other values have none.</summary>
    static bool SystemFits(IndexPath path, string? system)
    {
        if (string.IsNullOrEmpty(system)) return true;
        if (path.ValueSet is not { } bound) return false;
        var bar = bound.IndexOf('|', StringComparison.Ordinal);
        return Terminology.Expansion.SystemsOf(bar < 0 ? bound : bound[..bar]).Contains(system);
    }

    static (string? System, string Code) SystemAndCode(string part)
    {
        var parts = SearchSyntax.Split(part, '|');
        return parts.Length == 1 ? (null, SearchSyntax.Unescape(part)) : (SearchSyntax.Unescape(parts[0]), SearchSyntax.Unescape(string.Join('|', parts[1..])));
    }

    static void TokenText(SearchParameter parameter, string name, string text, TokenCriterion into)
    {
        var folded = FoldedText.Fold(text);
        if (folded.Length == 0) throw Bad(name, $"{name} has an empty value.");
        foreach (var path in parameter.Paths) into.AddLookup(vocabulary => vocabulary.WithText(path.TextKey, folded));
    }

    void OfType(SearchParameter parameter, string name, string part, TokenCriterion into)
    {
        var parts = SearchSyntax.Split(part, '|');
        if (parts.Length != 3 || parts.Any(string.IsNullOrEmpty)) throw Bad(name, $"{name} is '{part}'; system|code|value was expected: the coding of the identifier's type, and its value.");
        foreach (var path in parameter.Paths)
            into.AddForm(path.Form(keys, $"of-type:{SearchSyntax.Unescape(parts[0])}|{SearchSyntax.Unescape(parts[1])}|{SearchSyntax.Unescape(parts[2])}"));
    }

    void Hierarchy(SearchParameter parameter, string name, bool above, string part, TokenCriterion into)
    {
        var (system, code) = SystemAndCode(part);
        if (string.IsNullOrEmpty(system) || code.Length == 0) throw Bad(name, $"{name} is '{part}'; system|code was expected.");
        Coded(parameter, into, vocabulary => expansion.Related(system, code, above, vocabulary.Session, name));
    }

    /// <summary>Values with one of the codes that terminology names.</summary>
    void Coded(SearchParameter parameter, TokenCriterion into, Func<Vocabulary, ValueTask<IReadOnlyCollection<(string System, string Code)>>> codes) => into.AddLookup(async vocabulary =>
    {
        var named = await codes(vocabulary);
        if (named.Count > limits.MostCodes) throw Costly(parameter.Code, $"The value set or hierarchy has {named.Count} codes; at most {limits.MostCodes} can be searched.");
        var forms = new List<long>();
        var found = new SortedSet<long>();
        foreach (var path in parameter.Paths)
            foreach (var (system, code) in named)
                if (!path.IsDirect) forms.Add(path.Form(keys, $"{system}|{code}"));
                else if (SystemFits(path, system)) found.Add(path.Form(keys, code));
        found.UnionWith(await vocabulary.KeysOf(forms));
        return [.. found];
    });

    TokenCriterion UriValue(SearchParameter parameter, string name, string? modifier, string value)
    {
        var found = new TokenCriterion();
        foreach (var part in Values(name, value).Select(SearchSyntax.Unescape))
            foreach (var path in parameter.Paths)
                switch (modifier)
                {
                    case null: found.AddKey(path.Form(keys, part)); break;
                    case "below":
                        found.AddKey(path.Form(keys, part));
                        var below = part.EndsWith('/') ? part : part + "/";
                        found.AddLookup(vocabulary => vocabulary.Between(path.Key, below, FoldedText.After(below)));
                        break;
                    case "above":
                        for (var at = part.Length; at > 0; at = part.LastIndexOf('/', at - 1))
                        {
                            found.AddKey(path.Form(keys, part[..at]));
                            if (at < part.Length) found.AddKey(path.Form(keys, part[..(at + 1)]));
                        }
                        break;
                    default: throw Modifier(parameter.Code, modifier, "above", "below", "missing");
                }
        return found;
    }

    RangeCriterion Range(SearchParameter parameter, string name, string? modifier, string value)
    {
        if (modifier is not null) throw Modifier(parameter.Code, modifier, "missing");
        var probes = new List<RangeProbe>();
        foreach (var part in Values(name, value))
            foreach (var path in parameter.Paths)
                switch (parameter.Kind)
                {
                    case ParameterKind.Date: probes.Add(new(path.Key, path.LongKey, IndexPath.LongRangeUs, Moment(name, part))); break;
                    case ParameterKind.Number: probes.Add(new(path.Key, path.LongKey, 0, Number(name, part))); break;
                    default:
                        foreach (var (unit, test) in Amount(name, part))
                            probes.Add(unit is null ? new(path.Key, path.LongKey, 0, test) : new(QuantityUnit.Key(keys, path, unit), QuantityUnit.LongKey(keys, path, unit), 0, test));
                        break;
                }
        return new RangeCriterion(probes);
    }

    static RangeTest Moment(string name, string part)
    {
        var text = SearchSyntax.Unescape(part).Trim();
        var prefix = SearchSyntax.TakePrefix(ref text);
        if (!DateRange.TryParse(text, out var range))
            throw Bad(name, $"{name} is '{part}'; a date such as 2026, 2026-01, 2026-01-31 or 2026-01-31T14:00:00Z was expected, after a prefix if any ({string.Join(", ", Enum.GetNames<Prefix>().Select(one => one.ToLowerInvariant()))}).");
        if (prefix != Prefix.Ap) return new(prefix, range.LowUs, range.HighUs);
        // A tenth of the time between now and then.
        var slack = Math.Abs(DateRange.Us(DateTime.UtcNow) - range.LowUs) / 10;
        return new(prefix, range.LowUs - slack, range.HighUs + slack);
    }

    static RangeTest Number(string name, string part)
    {
        var text = SearchSyntax.Unescape(part).Trim();
        var prefix = SearchSyntax.TakePrefix(ref text);
        return SearchSyntax.TryNumber(text, out var value, out var half) ? Test(prefix, value, half, default)
            : throw Bad(name, $"{name} is '{part}'; a number such as 5.4 or 1e-3 was expected, after a prefix if any.");
    }

    static RangeTest Test(Prefix prefix, decimal value, decimal half, QuantityUnit unit)
    {
        long Ordered(decimal number) => OrderedNumber.Of(unit.Name is null ? (double)number : unit.Convert((double)number));
        switch (prefix)
        {
            // Up to the next number of this precision, which is excluded. Digits beyond those of a double leave the number itself.
            case Prefix.Eq or Prefix.Ne:
                var (low, middle, high) = (Ordered(value - half), Ordered(value), Ordered(value + half));
                return new(prefix, low, half == 0 ? high : Math.Max(high - 1, middle));
            case Prefix.Ap:
                var slack = Math.Abs(value) / 10;
                return new(prefix, Ordered(value - slack), Ordered(value + slack));
            default:
                var exact = Ordered(value);
                return new(prefix, exact, exact);
        }
    }

    /// <summary>A quantity as comparisons by unit: canonical when it is UCUM. Null: any unit.</summary>
    static IEnumerable<(string? Unit, RangeTest Test)> Amount(string name, string part)
    {
        var fields = SearchSyntax.Split(part, '|').Select(SearchSyntax.Unescape).ToArray();
        var text = fields[0].Trim();
        var prefix = SearchSyntax.TakePrefix(ref text);
        if (fields.Length > 3 || !SearchSyntax.TryNumber(text, out var value, out var half))
            throw Bad(name, $"{name} is '{part}'; [prefix]number, number|system|code or number||code was expected.");
        var (system, code) = (fields.Length > 1 ? fields[1] : "", fields.Length > 2 ? fields[2] : "");
        if (code.Length == 0 && system.Length > 0) throw Bad(name, $"{name} is '{part}': a system without a unit. number|system|code was expected.");
        if (code.Length == 0)
        {
            yield return (null, Test(prefix, value, half, default));
            yield break;
        }
        if (system.Length == 0) yield return ("|" + code, Test(prefix, value, half, default));
        if (system is "" or QuantityUnit.Ucum && QuantityUnit.Canonical(code) is { } canonical) yield return (canonical.Name, Test(prefix, value, half, canonical));
        else if (system.Length > 0) yield return ($"{system}|{code}", Test(prefix, value, half, default));
    }

    Criterion Reference(SearchParameter parameter, string name, string? modifier, string value)
    {
        if (modifier == "identifier")
        {
            var found = new TokenCriterion();
            foreach (var part in Values(name, value))
            {
                var (system, code) = SystemAndCode(part);
                foreach (var path in parameter.Paths)
                    if (path.Identifiers is { } identifiers) found.AddForm(identifiers.Form(keys, system is null ? code : $"{system}|{code}"));
            }
            return found;
        }
        IReadOnlyList<string> types = parameter.Targets;
        if (modifier is not null)
        {
            if (Schema.R4.Find(modifier) is not { Kind: FhirTypeKind.Resource, IsAbstract: false }) throw Modifier(parameter.Code, modifier, ["identifier", "missing", "[type]"]);
            if (types.Count > 0 && !types.Contains(modifier) && !types.Contains("Resource")) throw Bad(name, $"{parameter.Code} of {parameter.Type} never refers to a {modifier}; {string.Join(", ", types)} can be given.");
            types = [modifier];
        }
        var targets = new SortedSet<long>();
        var onlyPatients = true;
        foreach (var part in Values(name, value))
            foreach (var target in Targets(parameter, name, types, modifier is not null, SearchSyntax.Unescape(part).Trim()))
            {
                targets.Add(keys.Reference(target));
                onlyPatients &= target.StartsWith("Patient/", StringComparison.Ordinal);
            }
        long[] all = [.. targets];
        return new ReferenceCriterion([.. parameter.Paths.Select(path => path.Key)], all, onlyPatients && all.Length > 0 && parameter.Paths.All(path => path.CompartmentRank >= 0) ? all : null);
    }

    /// <summary>The forms under which what a value names is indexed.</summary>
    IEnumerable<string> Targets(SearchParameter parameter, string name, IReadOnlyList<string> types, bool typed, string value)
    {
        if (value.Length == 0) throw Bad(name, $"{name} has an empty value; an id, Type/id or a URL was expected.");
        if (request.Base is { } home && value.StartsWith(home + "/", StringComparison.Ordinal)) value = value[(home.Length + 1)..];
        value = ReferenceText.WithoutVersion(value);
        if (value.Contains(':', StringComparison.Ordinal) || value.Contains('|', StringComparison.Ordinal)) return [value];
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            var choices = types.Count == 0 || types.Contains("Resource") ? [.. Schema.R4.ResourceTypes.Select(type => type.Name)] : types;
            return choices.Select(type => $"{type}/{value}");
        }
        var type = value[..slash];
        if (catalog.For(type) is null) throw Bad(name, $"{name} is '{value}': '{type}' is no resource type of FHIR R4.");
        if ((typed || parameter.OnlyTargets) && !types.Contains(type)) return [];
        return [value];
    }

    Criterion Composite(SearchParameter parameter, string name, string? modifier, string value)
    {
        if (modifier is not null) throw Modifier(parameter.Code, modifier);
        var components = parameter.Components;
        var probes = new List<CompositeCriterion.Probe>();
        var apart = new List<Criterion>();
        foreach (var alternative in Values(name, value))
        {
            var parts = SearchSyntax.Split(alternative, '$');
            if (parts.Length != components.Count || parts.Any(string.IsNullOrEmpty))
                throw Bad(name, $"{name} is '{alternative}'; {components.Count} values with $ between them were expected: {string.Join('$', components.Select(component => component.Code))}.");
            foreach (var path in parameter.Paths)
            {
                var shape = catalog.For(parameter.Type)!.Extracted.First(extracted => extracted.Path == path).Parts!;
                // With a string, which only composites of the resource itself have, its parts are looked up one by one.
                if (shape.Any(part => part.Kind == ParameterKind.String))
                    apart.Add(new AllOf([.. components.Select((component, i) => Criterion(parameter.Type, component.Code, parts[i], depth: 0))]));
                else probes.AddRange(Probes(path, shape, name, parts));
            }
        }
        if (apart.Count == 0) return new CompositeCriterion(probes);
        if (probes.Count > 0) apart.Add(new CompositeCriterion(probes));
        return apart.Count == 1 ? apart[0] : new AnyOf(apart);
    }

    IEnumerable<CompositeCriterion.Probe> Probes(IndexPath path, ExtractedPart[] shape, string name, string[] parts)
    {
        var (system, code) = SystemAndCode(parts[0]);
        // A plain code has no system to compare.
        long[] Forms(ExtractedPart part, string? of, string text, string suffix) =>
            [part.Path.Form(keys, (of is null || part.Selections.All(selection => selection.Leaves.All(leaf => leaf.Type.Kind == FhirTypeKind.Primitive)) ? text : $"{of}|{text}") + suffix)];
        var first = Forms(shape[0], system, code, "");
        if (shape.Length == 3) return [new(first, Number(name, parts[1]), null, null, Number(name, parts[2]))];
        switch (shape[1].Kind)
        {
            case ParameterKind.Quantity: return Amount(name, parts[1]).Select(amount => new CompositeCriterion.Probe(Forms(shape[0], system, code, amount.Unit is null ? "" : "@" + amount.Unit), amount.Test, null, null, null));
            case ParameterKind.Number: return [new(first, Number(name, parts[1]), null, null, null)];
            case ParameterKind.Date: return [new(first, Moment(name, parts[1]), null, null, null)];
            case ParameterKind.Reference:
                long[] targets = [.. Targets(new SearchParameter { Type = path.Type, Code = name, Url = "", Kind = ParameterKind.Reference }, name, [], false, SearchSyntax.Unescape(parts[1])).Select(keys.Reference)];
                return [new(first, null, null, targets, null)];
            default:
                var (otherSystem, otherCode) = SystemAndCode(parts[1]);
                return [new(first, null, Forms(shape[1], otherSystem, otherCode, ""), null, null)];
        }
    }
}
