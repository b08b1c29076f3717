using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Tervik.Records.Definitions;
using Tervik.Records.FhirPath;

namespace Tervik.Records.Indexing;

/// <summary>The search parameters of every resource type, and where their values stand in the index. Types are worked out when first asked for.</summary>
public sealed class SearchParameterCatalog
{
    // One catalogue per store, shared by its indexer, its search and its registry.
    static readonly ConditionalWeakTable<Keys, SearchParameterCatalog> Catalogs = [];

    /// <summary>Evaluated by the search itself, whatever their published expression.</summary>
    static readonly string[] Specials = ["_id", "_lastUpdated", "_text", "_content", "_list", "_has", "_filter", "_type", "_query", "_in"];

    readonly Schema schema;
    readonly ConcurrentDictionary<string, TypeParameters?> types = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, long[]> dates = new(StringComparer.Ordinal);
    readonly Lock change = new();
    volatile AddedParameter[] added = [];
    readonly Lazy<Dictionary<string, List<SearchParameterDefinition>>> byBase;
    readonly Lazy<Dictionary<string, SearchParameterDefinition>> byUrl;

    SearchParameterCatalog(Schema schema, Keys keys)
    {
        (this.schema, Keys) = (schema, keys);
        byBase = new(() =>
        {
            Dictionary<string, List<SearchParameterDefinition>> found = new(StringComparer.Ordinal);
            foreach (var definition in schema.SearchParameters)
                foreach (var type in definition.Base)
                    (System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(found, type, out _) ??= []).Add(definition);
            return found;
        });
        byUrl = new(() => schema.SearchParameters.GroupBy(definition => definition.Url, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal));
    }

    internal Keys Keys { get; }

    /// <summary>The catalogue that belongs to a store's keys.</summary>
    public static SearchParameterCatalog Of(Schema schema, Keys keys) => Catalogs.GetValue(keys, made => new SearchParameterCatalog(schema, made));

    /// <summary>A parameter of a type by its name in a query; null when there is none.</summary>
    public SearchParameter? Find(string type, string code) => For(type)?.ByCode.GetValueOrDefault(code);

    /// <summary>All parameters of a type, by name.</summary>
    public IReadOnlyCollection<SearchParameter> All(string type) => For(type)?.ByCode.Values.ToArray() ?? [];

    /// <summary>Keys under which the values of a parameter stand in the index (rng, str, rev, fwd), for rooms that ask it themselves.</summary>
    public long[] IndexKeys(string type, string code) => [.. Find(type, code)?.Paths.Select(path => path.Key) ?? []];

    /// <summary>Keys in ix and ixg of a plain value, such as a status, of a parameter.</summary>
    public long[] ValueKeys(string type, string code, string value) => [.. Find(type, code)?.Paths.Where(path => path.IsDirect).Select(path => path.Form(Keys, value)) ?? []];

    /// <summary>Keys in form of a code, <c>code</c> or <c>system|code</c>, of a parameter.</summary>
    public long[] FormKeys(string type, string code, string form) => [.. Find(type, code)?.Paths.Select(path => path.Form(Keys, form)) ?? []];

    /// <summary>Keys in rng of all dates of a type, ascending.</summary>
    public long[] DateKeys(string type) => dates.GetOrAdd(type, name => [.. All(name).Where(parameter => parameter.Kind == ParameterKind.Date).SelectMany(parameter => parameter.Paths).Select(path => path.Key).Distinct().Order()]);

    internal TypeParameters? For(string type) => types.GetOrAdd(type, Build);

    /// <summary>Resource types that have a parameter of this name.</summary>
    internal IEnumerable<string> TypesWith(string code) => schema.ResourceTypes.Select(type => type.Name).Where(type => Find(type, code) is not null);

    /// <summary>Adds or replaces (same URL) a parameter defined at run time; null removes it.</summary>
    internal void Change(string url, AddedParameter? parameter)
    {
        lock (change)
        {
            var others = added.Where(other => other.Definition.Url != url);
            added = parameter is null ? [.. others] : [.. others, parameter];
            types.Clear();
            dates.Clear();
            Version++;
        }
    }

    /// <summary>Grows with every change: what was extracted at another number is out of date.</summary>
    internal int Version { get; private set; }

    /// <summary>Another catalogue with the same keys and parameters, but for one URL.</summary>
    internal SearchParameterCatalog With(string url, AddedParameter? parameter)
    {
        var other = new SearchParameterCatalog(schema, Keys) { added = added };
        other.Change(url, parameter);
        return other;
    }

    /// <summary>Takes over what was added to another one.</summary>
    internal SearchParameterCatalog Like(SearchParameterCatalog other)
    {
        added = other.added;
        types.Clear();
        dates.Clear();
        return this;
    }

    /// <summary>Whether a URL belongs to a parameter published with FHIR R4.</summary>
    internal bool IsPublished(string url) => byUrl.Value.ContainsKey(url);

    TypeParameters? Build(string name)
    {
        if (schema.Find(name) is not { Kind: FhirTypeKind.Resource, IsAbstract: false } type) return null;
        var definitions = new Dictionary<string, SearchParameterDefinition>(StringComparer.Ordinal);
        for (var at = type; at is not null; at = at.Base)
            foreach (var definition in byBase.Value.GetValueOrDefault(at.Name) ?? [])
                definitions.TryAdd(definition.Code, definition);
        var builder = new Builder(this, schema, type);
        foreach (var definition in definitions.Values) builder.Add(definition);
        return builder.Build([.. added.Where(parameter => parameter.Definition.Base.Any(type.Is))]);
    }

    /// <summary>A parameter defined at run time and how far it is indexed.</summary>
    internal sealed record AddedParameter(SearchParameterDefinition Definition, Func<int?> Indexed);

    /// <summary>What is wrong with a definition of the run time; null when it can be indexed.</summary>
    internal Fault? Check(SearchParameterDefinition definition)
    {
        foreach (var name in definition.Base)
        {
            if (schema.Find(name) is not { Kind: FhirTypeKind.Resource } type)
                return new Fault(FaultKind.Unprocessable, "value", "SearchParameter.base", $"'{name}' is no resource type of FHIR R4.");
            if (Specials.Contains(definition.Code))
                return new Fault(FaultKind.Unprocessable, "business-rule", "SearchParameter.code", $"'{definition.Code}' is defined by the standard and cannot be replaced.");
            if (type.IsAbstract) continue;
            var published = byBase.Value.GetValueOrDefault(name)?.FirstOrDefault(other => other.Code == definition.Code && other.Url != definition.Url);
            if (published is not null)
                return new Fault(FaultKind.Unprocessable, "business-rule", "SearchParameter.code", $"{name} has a parameter '{definition.Code}' already: {published.Url}.");
            var builder = new Builder(this, schema, type);
            if (builder.WhyNot(definition) is { } why)
                return new Fault(FaultKind.Unprocessable, "value", "SearchParameter.expression", why);
        }
        return null;
    }

    /// <summary>Works out the parameters of one type.</summary>
    sealed class Builder(SearchParameterCatalog catalog, Schema schema, FhirType type)
    {
        /// <summary>One alternative of an expression under one kind of value.</summary>
        sealed record Place(string Text, ParameterKind Kind, bool IsDirect, Selection? Selection, FhirPathExpression? General, IReadOnlyList<Part>? Parts)
        {
            public SortedSet<string> Users { get; } = new(StringComparer.Ordinal);
            public int Order { get; init; }
        }

        sealed record Part(ParameterKind Kind, Selection[] Selections);
        sealed record Use(SearchParameterDefinition Definition, ParameterKind Kind, List<string> Places, string? Target);

        readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);
        readonly List<Use> uses = [];

        public void Add(SearchParameterDefinition definition)
        {
            var kind = KindOf(definition);
            var use = new Use(definition, kind, [], null);
            if (kind != ParameterKind.Special) use = Locate(definition, kind, use, places);
            foreach (var place in use.Places) places[place].Users.Add(definition.Code);
            uses.Add(use);
        }

        /// <summary>Why a definition cannot be indexed for this type.</summary>
        public string? WhyNot(SearchParameterDefinition definition)
        {
            if (definition.Expression is null) return "An expression is required.";
            try
            {
                if (!Enum.TryParse<ParameterKind>(definition.Type, ignoreCase: true, out var kind) || kind == ParameterKind.Special)
                    return $"Parameters of type '{definition.Type}' cannot be added.";
                foreach (var (text, selection) in Selection.Alternatives(definition.Expression, type, schema))
                    if (selection is null && text.All(static c => char.IsAsciiLetterOrDigit(c) || c == '.')) return $"{type.Name} has no element '{text}'.";
                var scratch = new Dictionary<string, Place>(StringComparer.Ordinal);
                Locate(definition, kind, new Use(definition, kind, [], null), scratch);
                if (scratch.Count == 0) return $"The expression '{definition.Expression}' finds nothing in {type.Name} that a parameter of type {definition.Type} can hold.";
                return kind == ParameterKind.Composite && scratch.Values.Any(place => place.Parts!.Any(part => part.Kind == ParameterKind.String) && place.Selection!.Steps.Length > 0)
                    ? "A composite with a string component is supported for elements of the resource itself only." : null;
            }
            catch (FhirPathException fault) { return fault.Message; }
        }

        static ParameterKind KindOf(SearchParameterDefinition definition) =>
            Specials.Contains(definition.Code) ? ParameterKind.Special
            : Enum.TryParse<ParameterKind>(definition.Type, ignoreCase: true, out var kind) ? kind : ParameterKind.Special;

        Use Locate(SearchParameterDefinition definition, ParameterKind kind, Use use, Dictionary<string, Place> into)
        {
            if (definition.Expression is null) return use;
            foreach (var (text, selection) in Selection.Alternatives(definition.Expression, type, schema))
            {
                if (kind == ParameterKind.Composite) AddComposite(definition, selection, use, into);
                else if (selection is null) AddGeneral(text, kind, use, into);
                else foreach (var part in Spread(selection, kind)) AddSimple(part, kind, use, into);
                if (selection?.Target is { } target) use = use with { Target = target };
            }
            return use;
        }

        /// <summary>A name is found by any of its parts, an address likewise; each part is a place of its own, shared with family, city ….</summary>
        static IEnumerable<Selection> Spread(Selection selection, ParameterKind kind)
        {
            string[]? parts = kind != ParameterKind.String ? null : selection.Leaves.FirstOrDefault().Type?.Name switch
            {
                "HumanName" => ["family", "given", "prefix", "suffix", "text"],
                "Address" => ["line", "city", "district", "state", "postalCode", "country", "text"],
                "CodeableConcept" => ["text"],
                _ => null,
            };
            return parts is null ? [selection] : parts.Select(selection.Below).OfType<Selection>();
        }

        static void AddSimple(Selection selection, ParameterKind kind, Use use, Dictionary<string, Place> into)
        {
            // One place holds either whole concepts (found through the vocabulary) or plain values.
            foreach (var direct in (bool[])[false, true])
            {
                if (direct && kind is not (ParameterKind.Token or ParameterKind.Uri)) continue;
                var forms = selection.Leaves.Where(form => Holds(kind, form.Type) && (kind is not (ParameterKind.Token or ParameterKind.Uri) || form.Type.Kind == FhirTypeKind.Primitive == direct)).ToArray();
                if (forms.Length == 0) continue;
                var narrowed = new Selection { Text = selection.Text, Root = selection.Root, FromResource = selection.FromResource, Steps = [.. selection.Steps[..^1], selection.Steps[^1] with { Forms = forms }] };
                Put(new Place(narrowed.Text, kind, direct, narrowed, null, null), use, into);
            }
        }

        void AddGeneral(string text, ParameterKind kind, Use use, Dictionary<string, Place> into)
        {
            // "x.exists() and x != false", a truth about one element, is worth a way of its own: Patient.deceased is in every patient.
            const string exists = ".exists() and ";
            var at = text.IndexOf(exists, StringComparison.Ordinal);
            if (at > 0 && text[(at + exists.Length)..] == text[..at] + " != false" && Selection.Alternatives(text[..at], type, schema).First().Selection is { } element)
                Put(new Place(text, kind, true, element, null, null), use, into);
            else Put(new Place(text, kind, false, null, FhirPathExpression.Compile(text), null), use, into);
        }

        void AddComposite(SearchParameterDefinition definition, Selection? context, Use use, Dictionary<string, Place> into)
        {
            if (context is null) return;
            var focus = context.Steps.Length == 0 ? type : context.Leaves.First().Type;
            List<Part> parts = [];
            foreach (var (url, expression) in definition.Components)
            {
                if (catalog.Definition(url) is not { } component) return;
                var kind = KindOf(component);
                var fromResource = expression.StartsWith("%resource", StringComparison.Ordinal);
                var all = Selection.Alternatives(expression, fromResource ? type : focus, schema).Select(alternative => alternative.Selection).OfType<Selection>().ToArray();
                var selections = all.Select(selection => Narrow(selection, kind)).OfType<Selection>().ToArray();
                if (selections.Length == 0)
                {
                    // DocumentReference.relationship names its two components the wrong way round: the elements decide.
                    kind = all.Any(selection => Narrow(selection, ParameterKind.Reference) is not null) ? ParameterKind.Reference : ParameterKind.Token;
                    selections = [.. all.Select(selection => Narrow(selection, kind)).OfType<Selection>()];
                }
                if (selections.Length == 0) return;
                parts.Add(new Part(kind, selections));
            }
            var text = context.Text + "$" + string.Join("$", parts.Select(part => string.Join("|", part.Selections.Select(selection => selection.Text))));
            Put(new Place(text, ParameterKind.Composite, false, context, null, parts), use, into);
        }

        static Selection? Narrow(Selection selection, ParameterKind kind)
        {
            var forms = selection.Leaves.Where(form => Holds(kind, form.Type)).ToArray();
            return forms.Length == 0 ? null : new Selection { Text = selection.Text, Root = selection.Root, FromResource = selection.FromResource, Steps = [.. selection.Steps[..^1], selection.Steps[^1] with { Forms = forms }] };
        }

        static void Put(Place place, Use use, Dictionary<string, Place> into)
        {
            var key = $"{place.Text}#{place.Kind}{(place.IsDirect ? "!" : "")}";
            into.TryAdd(key, place with { Order = into.Count });
            if (!use.Places.Contains(key)) use.Places.Add(key);
        }

        static bool Holds(ParameterKind kind, FhirType leaf) => kind switch
        {
            ParameterKind.Token => leaf.Name is "CodeableConcept" or "Coding" or "Identifier" or "ContactPoint" || leaf.Kind == FhirTypeKind.Primitive,
            ParameterKind.Date => leaf.Name is "date" or "dateTime" or "instant" or "Period" or "Timing",
            ParameterKind.Number => leaf.Name is "Range" or "integer" or "decimal" or "positiveInt" or "unsignedInt",
            ParameterKind.Quantity => leaf.Name is "Range" or "Money" or "SampledData" || leaf.Is("Quantity"),
            ParameterKind.Reference => leaf.Name is "Reference" or "canonical" or "uri" or "Resource" or "url",
            ParameterKind.String or ParameterKind.Uri => leaf.Kind == FhirTypeKind.Primitive,
            _ => false,
        };

        public TypeParameters Build(AddedParameter[] extra)
        {
            var own = places.Count;
            Dictionary<string, IndexPath> byPlace = new(StringComparer.Ordinal);
            List<Extracted> extracted = [];
            var ranks = Ranks();
            var bit = 0;
            // Places with the same users are never told apart by a search: they share a key.
            foreach (var group in places.GroupBy(place => (Users: string.Join(' ', place.Value.Users), place.Value.Kind, place.Value.IsDirect, Parts: place.Value.Parts?.Count ?? 0)).OrderBy(group => group.Min(place => place.Value.Order)))
                Index([.. group], string.Join("|", group.Select(place => place.Value.Text).Order(StringComparer.Ordinal)), ranks, ref bit, byPlace, extracted);
            Dictionary<string, SearchParameter> byCode = new(StringComparer.Ordinal);
            foreach (var use in uses) byCode.TryAdd(use.Definition.Code, Parameter(use, byPlace, null));
            foreach (var parameter in extra) Extend(parameter, byCode, extracted);
            return new TypeParameters { Type = type, ByCode = byCode, Extracted = extracted, HasPrimaryPath = byPlace.Values.Any(path => path.CompartmentRank == 0) };
        }

        void Extend(AddedParameter parameter, Dictionary<string, SearchParameter> byCode, List<Extracted> extracted)
        {
            var kind = KindOf(parameter.Definition);
            var scratch = new Dictionary<string, Place>(StringComparer.Ordinal);
            var use = Locate(parameter.Definition, kind, new Use(parameter.Definition, kind, [], null), scratch);
            Dictionary<string, IndexPath> byPlace = new(StringComparer.Ordinal);
            var bit = -1;
            foreach (var group in scratch.GroupBy(place => (place.Value.Kind, place.Value.IsDirect, Parts: place.Value.Parts?.Count ?? 0)))
                // The URL is part of the name: what another definition indexed under the same code is never taken for this one's.
                Index([.. group], $"{parameter.Definition.Url}|{string.Join("|", group.Select(place => place.Value.Text))}", [], ref bit, byPlace, extracted);
            byCode[parameter.Definition.Code] = Parameter(use, byPlace, parameter.Indexed);
        }

        void Index(KeyValuePair<string, Place>[] group, string texts, Dictionary<string, int> ranks, ref int bit, Dictionary<string, IndexPath> byPlace, List<Extracted> extracted)
        {
            var (kind, direct) = (group[0].Value.Kind, group[0].Value.IsDirect);
            var isToken = kind is ParameterKind.Token or ParameterKind.Uri;
            var single = group.Length == 1 && group[0].Value.Selection is { IsSingle: true };
            var valueSet = direct && group.Length == 1 ? group[0].Value.Selection!.Leaves.Select(leaf => leaf.Type.Name == "code" && leaf.Element.BindingStrength == "required" ? leaf.Element.BindingValueSet : null).FirstOrDefault() : null;
            var rank = group.SelectMany(place => place.Value.Users).Select(code => ranks.GetValueOrDefault(code, -1)).Where(found => found >= 0).DefaultIfEmpty(-1).Min();
            var path = IndexPath.Create(catalog.Keys, type.Name, $"{texts}#{kind}{(direct ? "!" : "")}", kind, direct, single, isToken && bit is >= 0 and < 126 ? bit++ : -1, valueSet,
                kind == ParameterKind.Reference ? rank : -1, isToken && group.All(place => place.Value.Selection is { } leaf && leaf.Leaves.All(form => form.Type.Name == "ContactPoint")));
            foreach (var (key, place) in group)
            {
                byPlace[key] = path;
                var truth = place.Selection is { } selection && place.Parts is null && place.Text != selection.Text;
                extracted.Add(new Extracted(path, place.Selection, place.General, truth, place.Parts?.Select((part, i) => new ExtractedPart(part.Kind, part.Selections,
                    IndexPath.Create(catalog.Keys, type.Name, $"{path.Name}#{i}", part.Kind))).ToArray()));
            }
        }

        /// <summary>The codes that place a resource in a patient's compartment: 0 for its subject, 1 for others.</summary>
        Dictionary<string, int> Ranks()
        {
            Dictionary<string, int> ranks = new(StringComparer.Ordinal);
            // R4 leaves Task out, so that nobody but programs could see one; R5 has it in the compartment, by these two.
            var members = type.Name == "Task" ? ["patient", "focus"] : schema.Compartments.First(compartment => compartment.Code == "Patient").Members.GetValueOrDefault(type.Name) ?? [];
            foreach (var code in members) ranks[code] = 1;
            if (members.Count == 0) return ranks;
            var subject = uses.FirstOrDefault(use => use.Definition.Code == "patient" && use.Places.Count > 0) ?? uses.FirstOrDefault(use => use.Definition.Code == "subject");
            if (subject is not null) ranks[subject.Definition.Code] = 0;
            return ranks;
        }

        SearchParameter Parameter(Use use, Dictionary<string, IndexPath> byPlace, Func<int?>? indexed)
        {
            var definition = use.Definition;
            return new SearchParameter
            {
                Type = type.Name,
                Code = definition.Code,
                Url = definition.Url,
                Kind = use.Kind,
                Targets = use.Target is { } target ? [target] : [.. definition.Target.Order(StringComparer.Ordinal)],
                OnlyTargets = use.Target is not null,
                Description = definition.Description,
                Paths = [.. use.Places.Select(place => byPlace[place]).Distinct()],
                Components = use.Kind != ParameterKind.Composite ? [] : [.. definition.Components.Select((component, i) => Component(component.Definition, i))],
                Indexed = indexed,
            };
        }

        SearchParameter Component(string url, int index)
        {
            var definition = catalog.Definition(url);
            return new SearchParameter { Type = type.Name, Code = definition?.Code ?? $"component {index + 1}", Url = url, Kind = definition is null ? ParameterKind.Special : KindOf(definition) };
        }
    }

    SearchParameterDefinition? Definition(string url) =>
        byUrl.Value.GetValueOrDefault(url) ?? added.FirstOrDefault(parameter => parameter.Definition.Url == url)?.Definition;
}

/// <summary>The parameters of one type and what is to be extracted for them.</summary>
sealed class TypeParameters
{
    public required FhirType Type { get; init; }
    public required Dictionary<string, SearchParameter> ByCode { get; init; }
    public required List<Extracted> Extracted { get; init; }
    /// <summary>Whether a <c>patient</c> or <c>subject</c> parameter defines the primary compartment.</summary>
    public bool HasPrimaryPath { get; init; }
    ExtractionPlan? plan;
    public ExtractionPlan Plan => plan ??= new ExtractionPlan(this);
}

/// <summary>One alternative: its place in the index, and how to find its values.</summary>
/// <param name="IsTruth">The value is whether the selection finds something other than false.</param>
sealed record Extracted(IndexPath Path, Selection? Selection, FhirPathExpression? General, bool IsTruth, ExtractedPart[]? Parts);

/// <summary>A part of a composite, with a key space of its own.</summary>
sealed record ExtractedPart(ParameterKind Kind, Selection[] Selections, IndexPath Path);
