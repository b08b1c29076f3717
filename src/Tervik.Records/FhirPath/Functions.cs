using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Records.Definitions;
using Tervik.Records.Model;
using Tervik.Records.Terminology;
using Tervik.Records.Validation;

namespace Tervik.Records.FhirPath;

/// <summary>The functions of FHIRPath and of FHIR, by name.</summary>
static class Functions
{
    delegate List<PathItem> Body(Evaluation evaluation, List<PathItem> input, IReadOnlyList<Expression> arguments);

    const int MostCompared = 5000;

    /// <summary>A regular expression of a client gets this much time.</summary>
    static readonly TimeSpan LongestMatch = TimeSpan.FromMilliseconds(200);

    static readonly Dictionary<string, (int Least, int Most, Body Body)> All = new(StringComparer.Ordinal)
    {
        // Existence
        ["empty"] = (0, 0, (_, input, _) => Is(input.Count == 0)),
        ["exists"] = (0, 1, (e, input, a) => Is((a.Count == 0 ? input : Where(e, input, a[0])).Count > 0)),
        ["all"] = (1, 1, (e, input, a) => Is(input.Count == Where(e, input, a[0]).Count)),
        ["allTrue"] = (0, 0, (_, input, _) => Is(input.TrueForAll(item => Truth(item)))),
        ["anyTrue"] = (0, 0, (_, input, _) => Is(input.Exists(item => Truth(item)))),
        ["allFalse"] = (0, 0, (_, input, _) => Is(input.TrueForAll(item => !Truth(item)))),
        ["anyFalse"] = (0, 0, (_, input, _) => Is(input.Exists(item => !Truth(item)))),
        ["subsetOf"] = (1, 1, (e, input, a) => Is(Contains(Argument(e, input, a[0]), input))),
        ["supersetOf"] = (1, 1, (e, input, a) => Is(Contains(input, Argument(e, input, a[0])))),
        ["count"] = (0, 0, (_, input, _) => [PathItem.Of((long)input.Count)]),
        ["distinct"] = (0, 0, (_, input, _) => Distinct(input)),
        ["isDistinct"] = (0, 0, (_, input, _) => Is(Distinct(input).Count == input.Count)),
        ["hasValue"] = (0, 0, (_, input, _) => Is(input is [var only] && (only.Kind != ItemKind.Node || only.Node is { IsPrimitive: true, HasValue: true }))),
        ["getValue"] = (0, 0, (_, input, _) => input is [var only] && only.Simple() is { Kind: not ItemKind.Node } value ? [value] : []),

        // Filtering and projection
        ["where"] = (1, 1, (e, input, a) => Where(e, input, a[0])),
        ["select"] = (1, 1, (e, input, a) => Each(e, input, a[0], (_, found, result) => result.AddRange(found))),
        ["repeat"] = (1, 1, (e, input, a) => Repeat(e, input, a[0])),
        ["ofType"] = (1, 1, (_, input, a) => OfType(input, a[0])),
        ["is"] = (1, 1, (_, input, a) => Expression.One(input) is { } item ? Is(item.Is(TypeOf(a[0]))) : []),
        ["as"] = (1, 1, (_, input, a) => Expression.One(input) is null ? [] : OfType(input, a[0])),
        ["aggregate"] = (1, 2, Aggregate),

        // Subsetting and combining
        ["single"] = (0, 0, (_, input, _) => Expression.One(input) is { } item ? [item] : []),
        ["first"] = (0, 0, (_, input, _) => input.Count > 0 ? [input[0]] : []),
        ["last"] = (0, 0, (_, input, _) => input.Count > 0 ? [input[^1]] : []),
        ["tail"] = (0, 0, (_, input, _) => input.Count > 1 ? input.GetRange(1, input.Count - 1) : []),
        ["skip"] = (1, 1, (e, input, a) => [.. input.Skip((int)(Integer(e, input, a[0]) ?? 0))]),
        ["take"] = (1, 1, (e, input, a) => [.. input.Take((int)(Integer(e, input, a[0]) ?? 0))]),
        ["intersect"] = (1, 1, (e, input, a) => Argument(e, input, a[0]) is var other ? Distinct(input.FindAll(item => other.Exists(x => PathItem.AreEqual(item, x) == true))) : []),
        ["exclude"] = (1, 1, (e, input, a) => Argument(e, input, a[0]) is var other ? input.FindAll(item => !other.Exists(x => PathItem.AreEqual(item, x) == true)) : []),
        ["union"] = (1, 1, (e, input, a) => Distinct([.. input, .. Argument(e, input, a[0])])),
        ["combine"] = (1, 2, (e, input, a) => [.. input, .. Argument(e, input, a[0])]),
        ["sort"] = (0, 10, Sort),
        ["children"] = (0, 0, (e, input, _) => Children(e, input)),
        ["descendants"] = (0, 0, (e, input, _) => Descendants(e, input)),

        // Conversion
        ["iif"] = (2, 3, (e, input, a) => Expression.One(input) is var _ && Expression.Truth(Scoped(e, input, a[0])) == true ? Scoped(e, input, a[1]) : a.Count > 2 ? Scoped(e, input, a[2]) : []),
        ["toBoolean"] = (0, 0, (_, input, _) => Convert(input, Conversions.Boolean)), ["convertsToBoolean"] = (0, 0, (_, input, _) => Converts(input, Conversions.Boolean)),
        ["toInteger"] = (0, 0, (_, input, _) => Convert(input, Conversions.Integer)), ["convertsToInteger"] = (0, 0, (_, input, _) => Converts(input, Conversions.Integer)),
        ["toLong"] = (0, 0, (_, input, _) => Convert(input, Conversions.Integer)), ["convertsToLong"] = (0, 0, (_, input, _) => Converts(input, Conversions.Integer)),
        ["toDecimal"] = (0, 0, (_, input, _) => Convert(input, Conversions.Decimal)), ["convertsToDecimal"] = (0, 0, (_, input, _) => Converts(input, Conversions.Decimal)),
        ["toString"] = (0, 0, (_, input, _) => Convert(input, Conversions.String)), ["convertsToString"] = (0, 0, (_, input, _) => Converts(input, Conversions.String)),
        ["toDate"] = (0, 0, (_, input, _) => Convert(input, Conversions.Date)), ["convertsToDate"] = (0, 0, (_, input, _) => Converts(input, Conversions.Date)),
        ["toDateTime"] = (0, 0, (_, input, _) => Convert(input, Conversions.DateTime)), ["convertsToDateTime"] = (0, 0, (_, input, _) => Converts(input, Conversions.DateTime)),
        ["toTime"] = (0, 0, (_, input, _) => Convert(input, Conversions.Time)), ["convertsToTime"] = (0, 0, (_, input, _) => Converts(input, Conversions.Time)),
        ["toQuantity"] = (0, 1, (_, input, _) => Convert(input, Conversions.Quantity)), ["convertsToQuantity"] = (0, 1, (_, input, _) => Converts(input, Conversions.Quantity)),

        // Text
        ["indexOf"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of((long)text.IndexOf(other, StringComparison.Ordinal)))),
        ["lastIndexOf"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of((long)text.LastIndexOf(other, StringComparison.Ordinal)))),
        ["startsWith"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of(text.StartsWith(other, StringComparison.Ordinal)))),
        ["endsWith"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of(text.EndsWith(other, StringComparison.Ordinal)))),
        ["contains"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of(text.Contains(other, StringComparison.Ordinal)))),
        ["matches"] = (1, 2, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of(Pattern(other).IsMatch(text)))),
        ["matchesFull"] = (1, 2, (e, input, a) => OnTexts(e, input, a[0], (text, other) => PathItem.Of(Pattern($"^(?:{other})$").IsMatch(text)))),
        ["replace"] = (2, 2, (e, input, a) => Replace(e, input, a, (text, pattern, with) => pattern.Length == 0 ? with + string.Join(with, text.Select(c => c.ToString())) + with : text.Replace(pattern, with, StringComparison.Ordinal))),
        ["replaceMatches"] = (2, 3, (e, input, a) => Replace(e, input, a, (text, pattern, with) => pattern.Length == 0 ? text : Pattern(pattern).Replace(text, with))),
        ["upper"] = (0, 0, (_, input, _) => OnText(input, text => PathItem.Of(text.ToUpperInvariant()))),
        ["lower"] = (0, 0, (_, input, _) => OnText(input, text => PathItem.Of(text.ToLowerInvariant()))),
        ["trim"] = (0, 0, (_, input, _) => OnText(input, text => PathItem.Of(text.Trim()))),
        ["length"] = (0, 0, (_, input, _) => OnText(input, text => PathItem.Of((long)text.Length))),
        ["toChars"] = (0, 0, (_, input, _) => Text(input) is { } text ? [.. text.Select(c => PathItem.Of(c.ToString()))] : []),
        ["substring"] = (1, 2, Substring),
        ["split"] = (1, 1, (e, input, a) => Text(input) is { } text && Text(Argument(e, input, a[0])) is { } by ? [.. text.Split(by).Select(PathItem.Of)] : []),
        ["join"] = (0, 1, (e, input, a) => input.Count == 0 ? [] : [PathItem.Of(string.Join(a.Count == 0 ? "" : Text(Argument(e, input, a[0])) ?? "", input.Select(item => item.AsText() ?? throw new FhirPathException("Only texts can be joined."))))]),
        ["encode"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, form) => PathItem.Of(Codings.Encode(text, form)))),
        ["decode"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, form) => PathItem.Of(Codings.Decode(text, form)))),
        ["escape"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, form) => PathItem.Of(Codings.Escape(text, form)))),
        ["unescape"] = (1, 1, (e, input, a) => OnTexts(e, input, a[0], (text, form) => PathItem.Of(Codings.Unescape(text, form)))),

        // Numbers
        ["abs"] = (0, 0, (_, input, _) => OnNumber(input, item => item with { Number = Math.Abs(item.Number) })),
        ["ceiling"] = (0, 0, (_, input, _) => OnNumber(input, item => PathItem.Of((long)Math.Ceiling(item.Number)))),
        ["floor"] = (0, 0, (_, input, _) => OnNumber(input, item => PathItem.Of((long)Math.Floor(item.Number)))),
        ["truncate"] = (0, 0, (_, input, _) => OnNumber(input, item => PathItem.Of((long)Math.Truncate(item.Number)))),
        ["round"] = (0, 1, (e, input, a) => OnNumber(input, item => PathItem.Of(Math.Round(item.Number, (int)(a.Count == 0 ? 0 : Integer(e, input, a[0]) ?? 0), MidpointRounding.AwayFromZero)))),
        ["exp"] = (0, 0, (_, input, _) => OnNumber(input, item => Real(Math.Exp((double)item.Number)))),
        ["ln"] = (0, 0, (_, input, _) => OnNumber(input, item => Real(Math.Log((double)item.Number)))),
        ["sqrt"] = (0, 0, (_, input, _) => OnNumber(input, item => Real(Math.Sqrt((double)item.Number)))),
        ["log"] = (1, 1, (e, input, a) => Expression.One(Argument(e, input, a[0])) is { } by ? OnNumber(input, item => Real(Math.Log((double)item.Number, (double)by.Simple().Number))) : []),
        ["power"] = (1, 1, (e, input, a) => Expression.One(Argument(e, input, a[0])) is { } by ? OnNumber(input, item => Power(item, by.Simple())) : []),

        // The rest
        ["not"] = (0, 0, (_, input, _) => Expression.Truth(input) is { } truth ? Is(!truth) : []),
        ["now"] = (0, 0, (e, _, _) => [new(ItemKind.DateTime, default, 0, e.Now.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture))]),
        ["today"] = (0, 0, (e, _, _) => [new(ItemKind.Date, default, 0, e.Now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))]),
        ["timeOfDay"] = (0, 0, (e, _, _) => [new(ItemKind.Time, default, 0, e.Now.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture))]),
        ["trace"] = (1, 2, (_, input, _) => input),
        ["type"] = (0, 0, (_, input, _) => input.ConvertAll(item => item.TypeName() is var (space, name) ? PathItem.Type($"{space}.{name}") : item)),
        ["extension"] = (1, 1, (e, input, a) => Extension(input, Text(Argument(e, input, a[0])))),
        ["resolve"] = (0, 0, (e, input, _) => Resolve(e, input)),
        ["memberOf"] = (1, 1, (e, input, a) => MemberOf(input, Text(Argument(e, input, a[0])))),
        ["htmlChecks"] = (0, 0, (_, input, _) => Is(input.TrueForAll(item => item.AsText() is { } div && Narrative.WhatIsWrong(div) is null))),
        ["conformsTo"] = (1, 1, (e, input, a) => Text(Argument(e, input, a[0])) is { } url && Expression.One(input) is { } item
            ? url.StartsWith("http://hl7.org/fhir/StructureDefinition/", StringComparison.Ordinal) && Schema.R4.Find(url[40..]) is { } type ? Is(item.Is(type.Name)) : throw new FhirPathException($"The profile {url} is not known.") : []),
        ["lowBoundary"] = (0, 1, (e, input, a) => Boundaries.Of(input, a.Count == 0 ? null : Integer(e, input, a[0]), isLow: true)),
        ["highBoundary"] = (0, 1, (e, input, a) => Boundaries.Of(input, a.Count == 0 ? null : Integer(e, input, a[0]), isLow: false)),
        ["precision"] = (0, 0, (_, input, _) => Boundaries.Precision(input)),
        ["comparable"] = (1, 1, (e, input, a) => Expression.One(input)?.Simple() is { Kind: ItemKind.Quantity } x && Expression.One(Argument(e, input, a[0]))?.Simple() is { Kind: ItemKind.Quantity } y ? Is(Units.Compare(x, y) is not null) : []),
        ["checkModifiers"] = (1, 10, (_, input, _) => input),
    };

    /// <summary>A call of a function.</summary>
    /// <exception cref="FhirPathException">There is none of the name, or it takes another number of arguments.</exception>
    public static Expression Find(string name, List<Expression> arguments)
    {
        if (!All.TryGetValue(name, out var function)) throw new FhirPathException($"There is no function {name}().");
        if (arguments.Count < function.Least || arguments.Count > function.Most)
            throw new FhirPathException($"{name}() takes {(function.Least == function.Most ? $"{function.Least}" : $"{function.Least} to {function.Most}")} arguments, {arguments.Count} are given.");
        if (name is "ofType" or "is" or "as") TypeNames.Check(TypeOf(arguments[0]));
        return new Call(function.Body, arguments);
    }

    sealed class Call(Body body, List<Expression> arguments) : Expression
    {
        public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input)
        {
            evaluation.Step();
            try
            {
                return body(evaluation, input, arguments);
            }
            catch (OverflowException)
            {
                return [];
            }
            catch (RegexMatchTimeoutException)
            {
                throw new FhirPathException("A regular expression takes too long.");
            }
        }
    }

    static List<PathItem> Is(bool truth) => [PathItem.Of(truth)];

    static bool Truth(PathItem item) => item.Simple() is { Kind: ItemKind.Boolean } truth ? truth.Truth : throw new FhirPathException("A boolean was expected.");

    /// <summary>An argument that is not evaluated for each item: its focus is the one around the call.</summary>
    static List<PathItem> Argument(Evaluation evaluation, List<PathItem> input, Expression argument) => argument.Evaluate(evaluation, evaluation.This ?? (argument is Literal ? input : evaluation.Context));

    static List<PathItem> Scoped(Evaluation evaluation, List<PathItem> input, Expression argument)
    {
        var outer = evaluation.This;
        evaluation.This = input;
        var found = argument.Evaluate(evaluation, input);
        evaluation.This = outer;
        return found;
    }

    static List<PathItem> Each(Evaluation evaluation, List<PathItem> input, Expression body, Action<PathItem, List<PathItem>, List<PathItem>> use)
    {
        var result = new List<PathItem>();
        var (outerThis, outerIndex) = (evaluation.This, evaluation.Index);
        for (var i = 0; i < input.Count; i++)
        {
            evaluation.Step();
            List<PathItem> one = [input[i]];
            (evaluation.This, evaluation.Index) = (one, i);
            use(input[i], body.Evaluate(evaluation, one), result);
        }
        (evaluation.This, evaluation.Index) = (outerThis, outerIndex);
        return result;
    }

    static List<PathItem> Where(Evaluation evaluation, List<PathItem> input, Expression criterion) => Each(evaluation, input, criterion, (item, found, result) =>
    {
        if (Expression.One(found) is { } only && (only.Simple() is { Kind: ItemKind.Boolean } truth ? truth.Truth : throw new FhirPathException("A criterion is a boolean."))) result.Add(item);
    });

    static List<PathItem> Repeat(Evaluation evaluation, List<PathItem> input, Expression body)
    {
        var all = new List<PathItem>();
        for (var next = input; next.Count > 0;)
        {
            var found = Each(evaluation, next, body, (_, items, result) => result.AddRange(items));
            next = [];
            foreach (var item in found)
            {
                evaluation.Step(all.Count);
                if (all.Exists(known => known == item || item.Simple().Kind != ItemKind.Node && PathItem.AreEqual(known, item) == true)) continue;
                next.Add(item);
                all.Add(item);
            }
        }
        return all;
    }

    static List<PathItem> Aggregate(Evaluation evaluation, List<PathItem> input, IReadOnlyList<Expression> arguments)
    {
        var outer = evaluation.Total;
        var total = arguments.Count > 1 ? Argument(evaluation, input, arguments[1]) : [];
        foreach (var item in input)
        {
            evaluation.Total = total;
            total = Scoped(evaluation, [item], arguments[0]);
        }
        evaluation.Total = outer;
        return total;
    }

    /// <summary>By each key in turn; a minus before a key turns its order around.</summary>
    static List<PathItem> Sort(Evaluation evaluation, List<PathItem> input, IReadOnlyList<Expression> arguments)
    {
        var rows = input.ConvertAll(item => (Item: item, Keys: arguments.Count == 0 ? [item] : arguments.Select(key => Expression.One(Scoped(evaluation, [item], key is Sign sign ? sign.Operand : key))).ToArray()));
        return [.. rows.Order(Comparer<(PathItem Item, PathItem?[] Keys)>.Create((a, b) =>
        {
            for (var i = 0; i < a.Keys.Length; i++)
            {
                var order = (a.Keys[i], b.Keys[i]) switch { (null, null) => 0, (null, _) => -1, (_, null) => 1, ({ } x, { } y) => PathItem.Compare(x, y) ?? 0 };
                if (order != 0) return i < arguments.Count && arguments[i] is Sign { IsNegative: true } ? -order : order;
            }
            return 0;
        })).Select(row => row.Item)];
    }

    static string TypeOf(Expression argument) => argument switch
    {
        Member member => member.Name,
        Chain { First: Member space, Then: Member name } => $"{space.Name}.{name.Name}",
        _ => throw new FhirPathException("The name of a type was expected."),
    };

    static List<PathItem> OfType(List<PathItem> input, Expression type) => TypeOf(type) is var name ? input.FindAll(item => IsExactly(item, name)) : [];

    // In FHIR a code is no string to ofType and as; a resource is what it inherits from.
    static bool IsExactly(PathItem item, string name) => item.Kind == ItemKind.Node && item.Node.IsPrimitive ? item.Node.Type.Name == name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..] && !name.StartsWith("System", StringComparison.Ordinal) : item.Is(name);

    static bool Contains(List<PathItem> all, List<PathItem> part) => part.TrueForAll(item => all.Exists(other => PathItem.AreEqual(item, other) == true));

    public static List<PathItem> Distinct(List<PathItem> items)
    {
        // Each is compared with all before it.
        if (items.Count > MostCompared) throw new FhirPathException($"More than {MostCompared} items cannot be compared with each other.");
        var distinct = new List<PathItem>();
        foreach (var item in items)
            if (!distinct.Exists(known => PathItem.AreEqual(known, item) == true)) distinct.Add(item);
        return distinct;
    }

    public static bool Equivalent(List<PathItem> a, List<PathItem> b)
    {
        if (a.Count != b.Count) return false;
        var left = new List<PathItem>(b);
        foreach (var item in a)
        {
            var match = left.FindIndex(other => PathItem.AreEquivalent(item, other));
            if (match < 0) return false;
            left.RemoveAt(match);
        }
        return true;
    }

    static List<PathItem> Children(Evaluation evaluation, List<PathItem> input)
    {
        var found = new List<PathItem>();
        foreach (var item in input)
        {
            evaluation.Step();
            if (item.Kind == ItemKind.Node)
                foreach (var child in item.Node.Children()) found.Add(PathItem.Of(child));
        }
        return found;
    }

    static List<PathItem> Descendants(Evaluation evaluation, List<PathItem> input)
    {
        var all = new List<PathItem>();
        for (var next = Children(evaluation, input); next.Count > 0; next = Children(evaluation, next)) all.AddRange(next);
        return all;
    }

    static long? Integer(Evaluation evaluation, List<PathItem> input, Expression argument) => Expression.One(Argument(evaluation, input, argument))?.Simple() switch
    {
        null => null,
        { Kind: ItemKind.Integer } number => (long)number.Number,
        _ => throw new FhirPathException("An integer was expected."),
    };

    static string? Text(List<PathItem> items) => Expression.One(items)?.Simple() switch
    {
        null => null,
        { Kind: ItemKind.String or ItemKind.Date or ItemKind.DateTime or ItemKind.Time } text => text.Text,
        { Kind: ItemKind.Node, Node.IsPrimitive: true } => null,
        var other => throw new FhirPathException($"A text was expected, but {other.Value.TypeName().Name} was found."),
    };

    static List<PathItem> OnText(List<PathItem> input, Func<string, PathItem> use) => Text(input) is { } text ? [use(text)] : [];

    static List<PathItem> OnTexts(Evaluation evaluation, List<PathItem> input, Expression argument, Func<string, string, PathItem> use) =>
        Text(input) is { } text && Text(Argument(evaluation, input, argument)) is { } other ? [use(text, other)] : [];

    static List<PathItem> Replace(Evaluation evaluation, List<PathItem> input, IReadOnlyList<Expression> arguments, Func<string, string, string, string> use) =>
        Text(input) is { } text && Text(Argument(evaluation, input, arguments[0])) is { } pattern && Text(Argument(evaluation, input, arguments[1])) is { } with ? [PathItem.Of(use(text, pattern, with))] : [];

    static List<PathItem> Substring(Evaluation evaluation, List<PathItem> input, IReadOnlyList<Expression> arguments)
    {
        if (Text(input) is not { } text || Integer(evaluation, input, arguments[0]) is not { } start || start < 0 || start >= text.Length) return [];
        var length = arguments.Count > 1 ? Integer(evaluation, input, arguments[1]) ?? text.Length : text.Length;
        return [PathItem.Of(length <= 0 ? "" : text.Substring((int)start, (int)Math.Min(length, text.Length - start)))];
    }

    static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.Singleline | RegexOptions.CultureInvariant, LongestMatch);
        }
        catch (ArgumentException fault)
        {
            throw new FhirPathException($"{pattern} is no regular expression: {fault.Message}");
        }
    }

    static List<PathItem> OnNumber(List<PathItem> input, Func<PathItem, PathItem?> use) => Expression.One(input)?.Simple() switch
    {
        null => [],
        { Kind: ItemKind.Integer or ItemKind.Decimal or ItemKind.Quantity } number => use(number) is { } result ? [result] : [],
        var other => throw new FhirPathException($"A number was expected, but {other.Value.TypeName().Name} was found."),
    };

    static PathItem? Real(double value) => double.IsFinite(value) && Math.Abs(value) < 7e27 ? PathItem.Of((decimal)value) : null;

    static PathItem? Power(PathItem number, PathItem exponent)
    {
        var value = Math.Pow((double)number.Number, (double)exponent.Number);
        if (!double.IsFinite(value)) return null;
        return number.Kind == ItemKind.Integer && exponent.Kind == ItemKind.Integer && value == Math.Truncate(value) ? PathItem.Of((long)value) : Real(value);
    }

    static List<PathItem> Convert(List<PathItem> input, Func<PathItem, PathItem?> convert) => Expression.One(input) is { } item && convert(item.Simple()) is { } converted ? [converted] : [];

    static List<PathItem> Converts(List<PathItem> input, Func<PathItem, PathItem?> convert) => Expression.One(input) is { } item ? Is(convert(item.Simple()) is not null) : [];

    static List<PathItem> Extension(List<PathItem> input, string? url)
    {
        var found = new List<PathItem>();
        var nodes = new List<Node>();
        foreach (var item in input)
        {
            if (item.Kind != ItemKind.Node) continue;
            nodes.Clear();
            item.Node.Children("extension", nodes);
            foreach (var node in nodes)
                if (node.Value.ValueKind == JsonValueKind.Object && node.Value.TryGetProperty("url"u8, out var named) && named.ValueKind == JsonValueKind.String && named.ValueEquals(url)) found.Add(PathItem.Of(node));
        }
        return found;
    }

    /// <summary>Contained resources are found; of others only the type is known, which is enough for <c>resolve() is Patient</c>.</summary>
    static List<PathItem> Resolve(Evaluation evaluation, List<PathItem> input)
    {
        var found = new List<PathItem>();
        foreach (var item in input)
        {
            var reference = item.Kind == ItemKind.Node && !item.Node.IsPrimitive ? item.Node.Value.ValueKind == JsonValueKind.Object && item.Node.Value.TryGetProperty("reference"u8, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null : item.AsText();
            if (reference is null) continue;
            if (reference.StartsWith('#'))
            {
                var contained = new List<Node>();
                evaluation.Root.Children("contained", contained);
                foreach (var node in contained)
                    if (node.Value.TryGetProperty("id"u8, out var id) && id.ValueKind == JsonValueKind.String && id.ValueEquals(reference.AsSpan(1))) found.Add(PathItem.Of(node));
                continue;
            }
            var parts = reference.Split('/');
            var at = Array.FindLastIndex(parts, part => Schema.R4.Find(part) is { Kind: FhirTypeKind.Resource });
            if (at >= 0 && at + 1 < parts.Length) found.Add(PathItem.Target(parts[at]));
        }
        return found;
    }

    static List<PathItem> MemberOf(List<PathItem> input, string? url)
    {
        if (url is null || Expression.One(input) is not { } item || R4Terminology.Instance.ValueSet(url) is not { } codes) return [];
        if (item.Simple() is { Kind: ItemKind.String } code) return Is(codes.Contains(code.Text));
        if (item.Kind != ItemKind.Node || item.Node.Value.ValueKind != JsonValueKind.Object) return [];
        var value = item.Node.Value;
        if (value.TryGetProperty("coding"u8, out var codings) && codings.ValueKind == JsonValueKind.Array) return Is(codings.EnumerateArray().Any(coding => HasCode(coding, codes)));
        return Is(HasCode(value, codes));
    }

    static bool HasCode(JsonElement coding, ValueSetCodes codes) => coding.ValueKind == JsonValueKind.Object && coding.TryGetProperty("code"u8, out var code) && code.ValueKind == JsonValueKind.String
        && (coding.TryGetProperty("system"u8, out var system) ? system.ValueKind == JsonValueKind.String && codes.Contains(system.GetString()!, code.GetString()!) : codes.Contains(code.GetString()!));
}
