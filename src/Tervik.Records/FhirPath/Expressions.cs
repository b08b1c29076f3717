using Tervik.Records.Definitions;
using Tervik.Records.Model;

namespace Tervik.Records.FhirPath;

/// <summary>A node of the compiled tree.</summary>
abstract class Expression
{
    public abstract List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input);

    /// <summary>The one item, or null for none.</summary>
    /// <exception cref="FhirPathException">There are several.</exception>
    public PathItem? Single(Evaluation evaluation, List<PathItem> input) => One(Evaluate(evaluation, input));

    public static PathItem? One(List<PathItem> items) => items.Count > 1 ? throw new FhirPathException($"One item was expected, {items.Count} were found.") : items.Count == 1 ? items[0] : null;

    /// <summary>A collection as a truth: a single item that is no boolean is true.</summary>
    public static bool? Truth(List<PathItem> items) => One(items) is not { } item ? null : item.Simple() is { Kind: ItemKind.Boolean } truth ? truth.Truth : true;
}

sealed class Literal(PathItem value) : Expression
{
    readonly List<PathItem> values = [value];
    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input) => values;
}

sealed class Nothing : Expression
{
    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input) => [];
}

sealed class Special(string name) : Expression
{
    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input) => name switch
    {
        "this" => evaluation.This ?? evaluation.Context,
        "index" => [PathItem.Of(evaluation.Index)],
        _ => evaluation.Total ?? [],
    };
}

sealed class Variable(string name) : Expression
{
    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input) => name switch
    {
        "context" => evaluation.Context,
        "resource" or "rootResource" => [PathItem.Of(evaluation.Root)],
        "ucum" => [PathItem.Of("http://unitsofmeasure.org")],
        "sct" => [PathItem.Of("http://snomed.info/sct")],
        "loinc" => [PathItem.Of("http://loinc.org")],
        _ when name.StartsWith("vs-", StringComparison.Ordinal) => [PathItem.Of("http://hl7.org/fhir/ValueSet/" + name[3..])],
        _ when name.StartsWith("ext-", StringComparison.Ordinal) => [PathItem.Of("http://hl7.org/fhir/StructureDefinition/" + name[4..])],
        _ => throw new FhirPathException($"%{name} is not known."),
    };
}

sealed class Member(string name) : Expression
{
    public string Name => name;

    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input)
    {
        var found = new List<PathItem>();
        var nodes = new List<Node>();
        foreach (var item in input)
        {
            evaluation.Step();
            if (item.Kind == ItemKind.Type)
            {
                var dot = item.Text.IndexOf('.', StringComparison.Ordinal);
                if (name == "namespace") found.Add(PathItem.Of(item.Text[..dot]));
                else if (name == "name") found.Add(PathItem.Of(item.Text[(dot + 1)..]));
                continue;
            }
            if (item.Kind != ItemKind.Node) continue;
            // The first name of a path may be the type of the resource.
            if (item.Node.Element is null && name.Length > 0 && char.IsAsciiLetterUpper(name[0]))
            {
                if (item.Node.Type.Is(name)) found.Add(item);
                continue;
            }
            nodes.Clear();
            item.Node.Children(name, nodes);
            foreach (var node in nodes) found.Add(PathItem.Of(node));
        }
        return found;
    }
}

sealed class Chain(Expression first, Expression then) : Expression
{
    public Expression First => first;
    public Expression Then => then;

    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input) => then.Evaluate(evaluation, first.Evaluate(evaluation, input));
}

sealed class Indexer(Expression list, Expression index) : Expression
{
    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input)
    {
        var items = list.Evaluate(evaluation, input);
        return index.Single(evaluation, input)?.Simple() switch
        {
            null => [],
            { Kind: ItemKind.Integer, Number: var at } => at >= 0 && at < items.Count ? [items[(int)at]] : [],
            _ => throw new FhirPathException("An index is an integer."),
        };
    }
}

sealed class Sign(Expression operand, bool isNegative) : Expression
{
    public Expression Operand => operand;
    public bool IsNegative => isNegative;

    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input) => operand.Single(evaluation, input)?.Simple() switch
    {
        null => [],
        { Kind: ItemKind.Integer or ItemKind.Decimal or ItemKind.Quantity } number => [isNegative ? number with { Number = -number.Number } : number],
        _ => throw new FhirPathException("Only a number can have a sign."),
    };
}

sealed class TypeTest(Expression operand, string symbol, string type) : Expression
{
    readonly string type = TypeNames.Check(type);

    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input)
    {
        if (operand.Single(evaluation, input) is not { } item) return [];
        if (symbol == "is") return [PathItem.Of(item.Is(type))];
        return item.Is(type) ? [item] : [];
    }
}

/// <summary>Names of types in expressions.</summary>
static class TypeNames
{
    static readonly string[] System = ["Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity", "Any"];

    /// <exception cref="FhirPathException">There is no such type.</exception>
    public static string Check(string name)
    {
        var plain = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];
        return System.Contains(plain) || Schema.R4.Find(plain) is not null ? name : throw new FhirPathException($"{name} is no type.");
    }
}

sealed class Operation(string symbol, Expression left, Expression right) : Expression
{
    public override List<PathItem> Evaluate(Evaluation evaluation, List<PathItem> input)
    {
        evaluation.Step();
        switch (symbol)
        {
            case "and" or "or" or "xor" or "implies": return Logic(evaluation, input);
            case "|": return Functions.Distinct([.. left.Evaluate(evaluation, input), .. right.Evaluate(evaluation, input)]);
            case "=" or "!=": return Equality(left.Evaluate(evaluation, input), right.Evaluate(evaluation, input));
            case "~" or "!~": return [PathItem.Of(Functions.Equivalent(left.Evaluate(evaluation, input), right.Evaluate(evaluation, input)) == (symbol == "~"))];
            case "in": return Membership(left.Single(evaluation, input), right.Evaluate(evaluation, input));
            case "contains": return Membership(right.Single(evaluation, input), left.Evaluate(evaluation, input));
        }
        var (a, b) = (left.Single(evaluation, input)?.Simple(), right.Single(evaluation, input)?.Simple());
        if (symbol == "&") return [PathItem.Of((a?.AsText() ?? "") + (b?.AsText() ?? ""))];
        if (a is not { } x || b is not { } y) return [];
        if (symbol is "<" or ">" or "<=" or ">=")
            return PathItem.Compare(x, y) is { } order ? [PathItem.Of(symbol switch { "<" => order < 0, ">" => order > 0, "<=" => order <= 0, _ => order >= 0 })] : [];
        return Arithmetic(x, y) is { } result ? [result] : [];
    }

    List<PathItem> Logic(Evaluation evaluation, List<PathItem> input)
    {
        var a = Truth(left.Evaluate(evaluation, input));
        if (symbol == "and" && a == false) return [PathItem.Of(false)];
        if (symbol == "or" && a == true || symbol == "implies" && a == false) return [PathItem.Of(true)];
        var b = Truth(right.Evaluate(evaluation, input));
        bool? result = symbol switch
        {
            "and" => b == false ? false : a == true && b == true ? true : null,
            "or" => b == true ? true : a == false && b == false ? false : null,
            "xor" => a is null || b is null ? null : a != b,
            _ => b == true ? true : a is null || b is null ? null : false,
        };
        return result is { } known ? [PathItem.Of(known)] : [];
    }

    List<PathItem> Equality(List<PathItem> a, List<PathItem> b)
    {
        if (a.Count == 0 || b.Count == 0) return [];
        bool? equal = a.Count == b.Count ? true : false;
        for (var i = 0; i < a.Count && equal == true; i++) equal = PathItem.AreEqual(a[i], b[i]);
        return equal is { } known ? [PathItem.Of(known == (symbol == "="))] : [];
    }

    static List<PathItem> Membership(PathItem? item, List<PathItem> items) => item is { } one ? [PathItem.Of(items.Exists(other => PathItem.AreEqual(one, other) == true))] : [];

    PathItem? Arithmetic(PathItem a, PathItem b)
    {
        if (symbol == "+" && a.Kind == ItemKind.String && b.Kind == ItemKind.String) return PathItem.Of(a.Text + b.Text);
        if (symbol is "+" or "-" && a.Kind is ItemKind.Date or ItemKind.DateTime or ItemKind.Time && b.Kind == ItemKind.Quantity) return Calendar.Add(a, b, symbol == "+" ? 1 : -1) ?? throw new FhirPathException($"{b.Text} is no calendar duration.");
        if (a.Kind == ItemKind.Quantity || b.Kind == ItemKind.Quantity) return OfQuantities(a, b);
        if (a.Kind is not (ItemKind.Integer or ItemKind.Decimal) || b.Kind is not (ItemKind.Integer or ItemKind.Decimal)) throw new FhirPathException($"{a.TypeName().Name} {symbol} {b.TypeName().Name} is not possible.");
        try
        {
            if (symbol is "/" or "div" or "mod" && b.Number == 0) return null;
            var value = symbol switch { "+" => a.Number + b.Number, "-" => a.Number - b.Number, "*" => a.Number * b.Number, "/" => a.Number / b.Number, "div" => Math.Truncate(a.Number / b.Number), _ => a.Number % b.Number };
            var isInteger = symbol == "div" || symbol != "/" && a.Kind == ItemKind.Integer && b.Kind == ItemKind.Integer;
            return isInteger ? PathItem.Of((long)value) : PathItem.Of(value);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    PathItem? OfQuantities(PathItem a, PathItem b)
    {
        switch (symbol)
        {
            case "+" or "-" when a.Kind == b.Kind && a.Text == b.Text: return a with { Number = symbol == "+" ? a.Number + b.Number : a.Number - b.Number };
            case "*" when b.Kind != ItemKind.Quantity: return a with { Number = a.Number * b.Number };
            case "*" when a.Kind != ItemKind.Quantity: return b with { Number = a.Number * b.Number };
            case "*": return PathItem.Quantity(a.Number * b.Number, a.Text == b.Text ? a.Text + "2" : $"{a.Text}.{b.Text}");
            case "/" when b.Number == 0: return null;
            case "/" when b.Kind != ItemKind.Quantity: return a with { Number = a.Number / b.Number };
            case "/" when a.Kind == ItemKind.Quantity: return PathItem.Quantity(a.Number / b.Number, a.Text == b.Text ? "1" : $"{a.Text}/{b.Text}");
            default: throw new FhirPathException($"{symbol} is not possible with these quantities.");
        }
    }
}
