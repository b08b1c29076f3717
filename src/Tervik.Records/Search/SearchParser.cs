using System.Globalization;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Terminology;

namespace Tervik.Records.Search;

/// <summary>Reads a search request: each parameter becomes a criterion, a sort key, an include or a setting of the page. Nothing is passed over in silence.</summary>
sealed partial class SearchParser(SearchParameterCatalog catalog, Keys keys, SearchLimits limits, Expansion expansion, SearchRequest request)
{
    /// <summary>Parameters that are about the answer's form, or that ask for what every answer gives.</summary>
    static readonly string[] FormOnly = ["_summary", "_elements", "_format", "_pretty"];

    readonly List<KeyValuePair<string, string>> understood = [];
    readonly List<Fault> warnings = [];
    readonly List<IncludePath> includes = [];
    List<SortKey> sort = [];
    int count = limits.PageSize;
    int valuesLeft = limits.MostValues;
    bool wantsTotal;

    /// <param name="existing">Types of which there are resources; for searches over all types.</param>
    /// <exception cref="FaultException">A parameter or value is not understood, or over a limit.</exception>
    public SearchQuery Parse(IReadOnlyList<string> existing)
    {
        if (request.Parameters.Count > limits.MostParameters)
            throw Costly(null, $"The search has {request.Parameters.Count} parameters; at most {limits.MostParameters} are accepted.");
        var types = Types(existing);
        var criteria = types.ConvertAll(type => (Type: type, Found: new List<Criterion>()));
        if (request.Compartment is { } compartment)
            foreach (var (type, found) in criteria) found.Add(Compartment(type, compartment));
        foreach (var (name, value) in request.Parameters)
        {
            if (name is "_type") continue;
            if (Control(name, value, types)) understood.Add(new(name, value));
            else AddCriteria(name, value, criteria);
        }
        return new SearchQuery
        {
            Types = [.. criteria.Select(item => new TypeQuery(item.Type, item.Found))],
            Sort = sort,
            Includes = includes,
            Count = count,
            WantsTotal = wantsTotal || count == 0,
            Understood = understood,
            Warnings = warnings,
        };
    }

    List<string> Types(IReadOnlyList<string> existing)
    {
        if (request.Type is { } type)
        {
            if (catalog.For(type) is null) throw Bad(null, $"'{type}' is no resource type of FHIR R4.");
            foreach (var (name, value) in request.Parameters)
                if (name == "_type" && value != type) throw Bad("_type", $"_type is '{value}', but {type} is searched. Search at the base to give types.");
            return [type];
        }
        List<string>? named = null;
        foreach (var (name, value) in request.Parameters)
        {
            if (name != "_type") continue;
            var here = SearchSyntax.Split(value, ',').Select(part => part.Trim()).Where(part => part.Length > 0).ToList();
            foreach (var one in here)
                if (catalog.For(one) is null) throw Bad("_type", $"'{one}' is no resource type of FHIR R4.");
            named = named is null ? here : [.. named.Intersect(here)];
            understood.Add(new(name, value));
        }
        return named?.Distinct().ToList() ?? [.. existing];
    }

    /// <summary>Parameters that are no criteria.</summary>
    bool Control(string name, string value, List<string> types)
    {
        switch (name)
        {
            case "_count":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count)) throw Bad(name, $"_count is '{value}'; a whole number from 0 was expected.");
                count = Math.Min(count, limits.LargestPage);
                return true;
            case "_total":
                if (value is not ("none" or "estimate" or "accurate")) throw Bad(name, $"_total is '{value}'; none, estimate or accurate was expected.");
                wantsTotal |= value != "none";
                return true;
            case "_sort":
                sort = Sorting(value, types);
                return true;
            case "_contained" when value == "false": return true;
            case "_containedType" when value == "container": return true;
        }
        if (FormOnly.Contains(name)) return true;
        if (name is not ("_include" or "_revinclude") && !name.StartsWith("_include:", StringComparison.Ordinal) && !name.StartsWith("_revinclude:", StringComparison.Ordinal)) return false;
        if (Include(name, value) is { } path) includes.Add(path);
        return true;
    }

    void AddCriteria(string name, string value, List<(string Type, List<Criterion> Found)> criteria)
    {
        try
        {
            var parsed = criteria.ConvertAll(item => Criterion(item.Type, name, value, depth: 0));
            for (var i = 0; i < parsed.Count; i++) criteria[i].Found.Add(parsed[i]);
            understood.Add(new(name, value));
        }
        catch (UnknownParameterException unknown) when (!request.Strict)
        {
            warnings.Add(unknown.Fault with { Severity = "warning" });
        }
        catch (UnknownParameterException unknown)
        {
            throw new FaultException(unknown.Fault);
        }
    }

    /// <summary>A name that means nothing for the type: an error when handling is strict, else left out with a warning.</summary>
    sealed class UnknownParameterException(Fault fault) : Exception(fault.What)
    {
        public Fault Fault => fault;
    }

    static FaultException Bad(string? name, string what) => new(new Fault(FaultKind.Invalid, "value", name, what));
    static FaultException Costly(string? name, string what) => new(new Fault(FaultKind.TooCostly, "too-costly", name, what));
    static FaultException Unsupported(string name, string what) => new(new Fault(FaultKind.Invalid, "not-supported", name, what));

    /// <summary>One criterion on a type: <c>name</c>, <c>name:modifier</c>, a chain or <c>_has</c>.</summary>
    Criterion Criterion(string type, string name, string value, int depth)
    {
        if (depth > limits.DeepestChain) throw Costly(name, $"A chain may have {limits.DeepestChain} steps at most.");
        if (name.StartsWith("_has:", StringComparison.Ordinal)) return Has(type, name, value, depth);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0) return Chain(type, name[..dot], name[(dot + 1)..], value, depth);
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var (code, modifier) = colon < 0 ? (name, null) : (name[..colon], name[(colon + 1)..]);
        if (Special(type, code, modifier, value) is { } special) return special;
        var parameter = Known(type, code);
        if (value.Length == 0 && modifier != "exact") throw Bad(name, $"{name} has no value.");
        if (modifier == "missing") return Missing(parameter, name, value);
        return parameter.Kind switch
        {
            ParameterKind.Token => Token(parameter, name, modifier, value),
            ParameterKind.Uri => UriValue(parameter, name, modifier, value),
            ParameterKind.String => Text(parameter, name, modifier, value),
            ParameterKind.Reference => Reference(parameter, name, modifier, value),
            ParameterKind.Composite => Composite(parameter, name, modifier, value),
            ParameterKind.Date or ParameterKind.Number or ParameterKind.Quantity => Range(parameter, name, modifier, value),
            _ => throw Unsupported(name, $"{name} is not supported."),
        };
    }

    SearchParameter? Find(string type, string code) => catalog.Find(type, code);

    SearchParameter Known(string type, string code)
    {
        if (catalog.Find(type, code) is not { } parameter || parameter.Kind == ParameterKind.Special)
            throw new UnknownParameterException(new Fault(FaultKind.Invalid, "not-supported", code, $"{type} has no search parameter '{code}'. It was not used."));
        if (parameter.Indexed?.Invoke() is { } percent)
            throw Unsupported(code, $"The search parameter '{code}' of {type} is still being indexed ({percent} % done). Try again later.");
        return parameter;
    }

    /// <summary>The alternatives of a value.</summary>
    string[] Values(string name, string value)
    {
        var parts = SearchSyntax.Split(value, ',');
        valuesLeft -= parts.Length;
        if (valuesLeft < 0) throw Costly(name, $"The search has more than {limits.MostValues} values.");
        return parts;
    }

    Criterion? Special(string type, string code, string? modifier, string value)
    {
        if (!code.StartsWith('_')) return null;
        switch (code)
        {
            case "_id":
                if (modifier is not (null or "not")) throw Modifier(code, modifier, "not");
                Criterion ids = new IdCriterion([.. Values(code, value).Select(id => keys.Reference($"{type}/{Id(id)}")).Distinct()]);
                return modifier is null ? ids : new NotThat(ids);
            case "_lastUpdated":
                if (modifier is not null) throw Modifier(code, modifier);
                return new UpdatedCriterion(type, [.. Values(code, value).Select(part => Moment(code, part))]);
            case "_text" or "_content":
                if (modifier is not null) throw Modifier(code, modifier);
                return new AnyOf([.. Values(code, value).Select(part => Words(code, SearchSyntax.Unescape(part)))]);
            case "_list":
                if (modifier is not null) throw Modifier(code, modifier);
                if (value.StartsWith('$')) throw Unsupported(code, $"The functional list {value} is not supported; the id of a List was expected.");
                return new ListCriterion(type, [.. Values(code, value).Select(id => keys.Reference(id.StartsWith("List/", StringComparison.Ordinal) ? id : "List/" + Id(id)))],
                    [.. catalog.Find("List", "item")!.Paths.Select(path => path.Key)]);
            case "_filter":
                if (modifier is not null) throw Modifier(code, modifier);
                return new FilterParser(this, type, value, valuesLeft).Parse();
            default: return null;
        }
    }

    static string Id(string text) => SearchSyntax.Unescape(text).Trim();

    Criterion Words(string code, string text)
    {
        if (code == "_content")
        {
            var spoken = text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return spoken.Length == 0 ? throw Bad(code, "_content has no value.") : new ContentCriterion(spoken);
        }
        var words = FoldedText.Words(text).Distinct().ToArray();
        return words.Length == 0 ? throw Bad(code, "_text has no word to look for.") : new NarrativeCriterion(keys, words);
    }

    static FaultException Modifier(string name, string? modifier, params string[] known) => Unsupported(name,
        $"The modifier ':{modifier}' does not apply to {name}; {(known.Length == 0 ? "none" : string.Join(", ", known.Select(one => ":" + one)))} may be used.");

    Criterion Missing(SearchParameter parameter, string name, string value)
    {
        if (parameter.Kind == ParameterKind.Composite) throw Modifier(parameter.Code, "missing");
        var present = new PresentCriterion(parameter, keys);
        return value switch
        {
            "true" => new NotThat(present),
            "false" => present,
            _ => throw Bad(name, $"{name} is '{value}'; true or false was expected."),
        };
    }

    StringCriterion Text(SearchParameter parameter, string name, string? modifier, string value)
    {
        var match = modifier switch
        {
            null => StringMatch.StartsWith,
            "exact" => StringMatch.Exact,
            "contains" => StringMatch.Contains,
            _ => throw Modifier(parameter.Code, modifier, "exact", "contains", "missing"),
        };
        var texts = Values(name, value).Select(SearchSyntax.Unescape).ToList();
        if (texts.Exists(text => FoldedText.Fold(text).Length == 0)) throw Bad(name, $"{name} has an empty value.");
        return new StringCriterion([.. parameter.Paths.Select(path => path.Key)], texts, match);
    }

    /// <summary>Resources in a compartment of the definitions.</summary>
    Criterion Compartment(string type, string compartment)
    {
        var slash = compartment.IndexOf('/', StringComparison.Ordinal);
        var name = slash < 0 ? compartment : compartment[..slash];
        if (Schema.R4.Compartments.FirstOrDefault(definition => definition.Code == name) is not { } definition || slash < 0)
            throw Bad(null, $"'{compartment}' is no compartment; Patient/id, Encounter/id, Practitioner/id, RelatedPerson/id or Device/id was expected.");
        var key = keys.Reference(compartment);
        if (name == "Patient") return new InCompartment(keys, type, [key]);
        var parts = new List<Criterion>();
        foreach (var code in definition.Members.GetValueOrDefault(type) ?? [])
            if (code == "{def}") parts.Add(new IdCriterion([key]));
            else if (catalog.Find(type, code) is { Kind: ParameterKind.Reference } parameter) parts.Add(new ReferenceCriterion([.. parameter.Paths.Select(path => path.Key)], [key], null));
        if (type == name && parts.Count == 0) parts.Add(new IdCriterion([key]));
        return parts.Count == 1 ? parts[0] : parts.Count == 0 ? new Nothing() : new AnyOf(parts);
    }
}
