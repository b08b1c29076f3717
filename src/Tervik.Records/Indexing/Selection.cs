using System.Text;
using System.Text.Json;
using Tervik.Records.Definitions;

namespace Tervik.Records.Indexing;

/// <summary>The part of FHIRPath in which nearly all search parameters are written, as steps over the JSON:
/// <c>a.b</c>, <c>a[0]</c>, <c>(a as T).b</c>, <c>a.as(T)</c>, <c>a.ofType(T)</c>, <c>a.where(b='c')</c> and, last, <c>a.where(resolve() is T)</c>.</summary>
sealed class Selection
{
    /// <summary>One property name and the type behind it.</summary>
    public readonly record struct Form(string Name, byte[] Utf8, FhirType Type, Element Element);

    /// <summary>A step down. <see cref="Index"/> and the filter apply to what the step finds.</summary>
    public sealed record Step(Form[] Forms, int Index = -1, byte[]? FilterName = null, string? FilterValue = null);

    /// <summary>Without the root type, in one spelling.</summary>
    public required string Text { get; init; }
    public required Step[] Steps { get; init; }
    /// <summary>The type of the focus.</summary>
    public required FhirType Root { get; init; }
    /// <summary>From <c>where(resolve() is T)</c>.</summary>
    public string? Target { get; init; }
    /// <summary>Begins at %resource rather than at the focus.</summary>
    public bool FromResource { get; init; }

    public IEnumerable<Form> Leaves => Steps.Length == 0 ? [] : Steps[^1].Forms;
    public bool IsSingle => Steps.All(step => step.Forms.All(form => form.Element.Max == 1) || step.Index >= 0);

    /// <summary>The alternatives of <paramref name="expression"/> that concern <paramref name="root"/>; null stands for one that needs the general engine.</summary>
    public static IEnumerable<(string Text, Selection? Selection)> Alternatives(string expression, FhirType root, Schema schema)
    {
        foreach (var text in Split(expression))
        {
            var parser = new Parser(text, root, schema);
            var selection = parser.Parse();
            if (!parser.IsForeign) yield return (text, selection);
        }
    }

    /// <summary>The alternatives of a union, as text.</summary>
    internal static List<string> Split(string expression)
    {
        List<string> parts = [];
        var (depth, quoted, start) = (0, false, 0);
        for (var i = 0; i < expression.Length; i++)
        {
            var c = expression[i];
            if (c == '\'') quoted = !quoted;
            if (quoted) continue;
            if (c == '(') depth++;
            if (c == ')') depth--;
            if (c != '|' || depth != 0) continue;
            parts.Add(expression[start..i].Trim());
            start = i + 1;
        }
        parts.Add(expression[start..].Trim());
        return parts;
    }

    /// <summary>Calls <paramref name="found"/> for each value under <paramref name="focus"/>.</summary>
    public void Select<T>(JsonElement focus, T state, Action<JsonElement, FhirType, T> found) => Select(focus, Root, 0, state, found);

    void Select<T>(JsonElement focus, FhirType type, int at, T state, Action<JsonElement, FhirType, T> found)
    {
        if (at == Steps.Length) { found(focus, type, state); return; }
        if (focus.ValueKind != JsonValueKind.Object) return;
        var step = Steps[at];
        foreach (var form in step.Forms)
            if (focus.TryGetProperty(form.Utf8, out var value))
                Enter(value, form.Type, at, state, found);
    }

    /// <summary>Goes on from the value of the property of step <paramref name="at"/>.</summary>
    public void Enter<T>(JsonElement value, FhirType type, int at, T state, Action<JsonElement, FhirType, T> found)
    {
        var step = Steps[at];
        if (value.ValueKind != JsonValueKind.Array) Pass(value, type, step, at, state, found);
        else if (step.Index >= 0)
        {
            if (step.Index < value.GetArrayLength()) Pass(value[step.Index], type, step, at, state, found);
        }
        else foreach (var item in value.EnumerateArray()) Pass(item, type, step, at, state, found);
    }

    void Pass<T>(JsonElement value, FhirType type, Step step, int at, T state, Action<JsonElement, FhirType, T> found)
    {
        if (value.ValueKind == JsonValueKind.Null) return;
        if (step.FilterName is { } name && !(value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var field)
            && field.ValueKind == JsonValueKind.String && field.ValueEquals(step.FilterValue))) return;
        Select(value, type, at + 1, state, found);
    }

    /// <summary>The same selection one element further down, such as <c>Patient.name</c> + <c>family</c>; null when there is no such element.</summary>
    public Selection? Below(string name)
    {
        var forms = Leaves.SelectMany(leaf => leaf.Type.ByName(name) is { } element ? Parser.FormsOf(element) : []).ToArray();
        return forms.Length == 0 ? null : new Selection { Text = $"{Text}.{name}", Root = Root, Steps = [.. Steps, new Step(forms)], FromResource = FromResource };
    }

    ref struct Parser(string text, FhirType root, Schema schema)
    {
        int at;
        bool foreign;
        string? target;
        bool fromResource;
        readonly List<Step> steps = [];
        readonly StringBuilder spelling = new();

        /// <summary>Belongs to another resource type.</summary>
        public readonly bool IsForeign => foreign;

        public Selection? Parse()
        {
            if (!Path(depth: 0) || foreign) return null;
            Skip();
            return at == text.Length
                ? new Selection { Text = spelling.ToString(), Steps = [.. steps], Root = root, Target = target, FromResource = fromResource }
                : null;
        }

        bool Path(int depth)
        {
            if (depth > 8) return false;
            Skip();
            if (Take('('))
            {
                if (!Path(depth + 1) || !Take(')')) return false;
            }
            else if (!First()) return false;
            return Rest();
        }

        bool First()
        {
            if (text.AsSpan(at).StartsWith("%resource"))
            {
                at += "%resource".Length;
                fromResource = true;
                return true;
            }
            var name = Name();
            if (name.Length == 0) return false;
            if (!char.IsUpper(name[0])) return Down(name);
            if (root.Is(name)) return true;
            foreign = schema.Find(name) is { Kind: FhirTypeKind.Resource };
            return foreign;
        }

        bool Rest()
        {
            while (true)
            {
                Skip();
                if (Take('.'))
                {
                    var name = Name();
                    if (name.Length == 0) return false;
                    if (!(Take('(') ? Call(name) : Down(name))) return false;
                }
                else if (Take('['))
                {
                    var digits = Name();
                    if (!Take(']') || !int.TryParse(digits, out var index) || steps.Count == 0) return false;
                    steps[^1] = steps[^1] with { Index = index };
                    spelling.Append('[').Append(index).Append(']');
                }
                else if (Keyword("as")) { if (!As(Name())) return false; }
                else return true;
            }
        }

        bool Call(string function)
        {
            if (function is "as" or "ofType") return As(Name()) && Take(')');
            if (function != "where" || steps.Count == 0 && !foreign) return false;
            var name = Name();
            if (name == "resolve")
            {
                if (!Take('(') || !Take(')') || !Keyword("is")) return false;
                target = Name();
                return target.Length > 0 && Take(')');
            }
            if (!Take('=') || !Quoted(out var value) || !Take(')')) return false;
            if (foreign) return true;
            steps[^1] = steps[^1] with { FilterName = Encoding.UTF8.GetBytes(name), FilterValue = value };
            spelling.Append(".where(").Append(name).Append("='").Append(value).Append("')");
            return true;
        }

        bool As(string type)
        {
            if (foreign) return type.Length > 0;
            if (steps.Count == 0) return false;
            // The published composites write as(DateTime).
            var forms = steps[^1].Forms.Where(form => form.Type.Is(type) || form.Type.Name.Equals(type, StringComparison.OrdinalIgnoreCase)).ToArray();
            if (forms.Length == 0) return false;
            steps[^1] = steps[^1] with { Forms = forms };
            spelling.Append(".as(").Append(forms[0].Type.Name).Append(')');
            return true;
        }

        bool Down(string name)
        {
            if (foreign) return true;
            if (target is not null) return false;
            var forms = new List<Form>();
            IEnumerable<FhirType> from = steps.Count == 0 ? [root] : steps[^1].Forms.Select(form => form.Type);
            foreach (var type in from)
                if (type.ByName(name) is { } element) forms.AddRange(FormsOf(element));
            if (forms.Count == 0) return false;
            steps.Add(new Step([.. forms]));
            spelling.Append(spelling.Length == 0 ? "" : ".").Append(name);
            return true;
        }

        public static IEnumerable<Form> FormsOf(Element element) =>
            element.Forms.Select(form => new Form(form.JsonName, Encoding.UTF8.GetBytes(form.JsonName), form.Type, element));

        void Skip() { while (at < text.Length && char.IsWhiteSpace(text[at])) at++; }

        bool Take(char c)
        {
            Skip();
            if (at >= text.Length || text[at] != c) return false;
            at++;
            return true;
        }

        bool Keyword(string word)
        {
            Skip();
            if (!text.AsSpan(at).StartsWith(word) || at + word.Length >= text.Length || !char.IsWhiteSpace(text[at + word.Length])) return false;
            at += word.Length;
            return true;
        }

        string Name()
        {
            Skip();
            var start = at;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_')) at++;
            return text[start..at];
        }

        bool Quoted(out string value)
        {
            value = "";
            if (!Take('\'')) return false;
            var end = text.IndexOf('\'', at);
            if (end < 0) return false;
            value = text[at..end];
            at = end + 1;
            return !value.Contains('\\');
        }
    }
}
