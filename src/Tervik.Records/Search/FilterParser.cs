using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

sealed partial class SearchParser
{
    /// <summary>The language of <c>_filter</c>: comparisons joined by and, or, not and parentheses.</summary>
    /// <remarks>Source: search_filter.html. As everywhere, <c>and</c> binds closer than <c>or</c>.</remarks>
    sealed class FilterParser(SearchParser parser, string type, string text, int mostComparisons)
    {
        const int MostDepth = 30;

        int at, comparisons;

        public Criterion Parse()
        {
            var criterion = Either(0);
            Skip();
            return at == text.Length ? criterion : throw Wrong("and, or, or the end");
        }

        Criterion Either(int depth)
        {
            if (depth > MostDepth) throw Costly("_filter", $"_filter has more than {MostDepth} parentheses inside each other.");
            var parts = new List<Criterion> { Both(depth) };
            while (Word("or")) parts.Add(Both(depth));
            return parts.Count == 1 ? parts[0] : new AnyOf(parts);
        }

        Criterion Both(int depth)
        {
            var parts = new List<Criterion> { One(depth) };
            while (Word("and")) parts.Add(One(depth));
            return parts.Count == 1 ? parts[0] : new AllOf(parts);
        }

        Criterion One(int depth)
        {
            if (Word("not")) return new NotThat(One(depth + 1));
            if (Take('('))
            {
                var inner = Either(depth + 1);
                return Take(')') ? inner : throw Wrong("a closing parenthesis");
            }
            return Comparison(type, depth);
        }

        /// <summary><c>name eq peter</c>, <c>subject.name co "a b"</c>, or <c>component[code eq x and …]</c> is refused: R4 has no path for it.</summary>
        Criterion Comparison(string on, int depth)
        {
            if (++comparisons > mostComparisons) throw Costly("_filter", "_filter has too many comparisons.");
            var path = Path();
            if (path.Length == 0) throw Wrong("the name of a search parameter");
            Skip();
            if (at < text.Length && text[at] == '[') throw Unsupported("_filter", $"Brackets after {path} are not supported; write {path}.parameter instead.");
            var operation = Path();
            var value = Value();
            return Compare(on, path, operation, value, depth);
        }

        Criterion Compare(string on, string path, string operation, string value, int depth)
        {
            var escaped = SearchSyntax.Escape(value);
            Criterion Plain(string modifier, string given) => parser.Criterion(on, path + modifier, given, depth: 0);
            switch (operation)
            {
                case "eq": return Leaf(on, path) is { Kind: ParameterKind.String } ? Strings(on, path, value, StringMatch.Equal) : Plain("", Whole(on, path, value));
                case "ne": return new NotThat(Compare(on, path, "eq", value, depth));
                case "co": return Leaf(on, path) is { Kind: ParameterKind.Token } ? Plain(":text", escaped) : Strings(on, path, value, StringMatch.Contains);
                case "sw": return Strings(on, path, value, StringMatch.StartsWith);
                case "ew": return Strings(on, path, value, StringMatch.EndsWith);
                case "gt" or "lt" or "ge" or "le" or "ap" or "sa" or "eb": return Plain("", operation + Whole(on, path, value));
                case "pr": return Plain(":missing", value switch { "true" => "false", "false" => "true", _ => throw Bad("_filter", $"pr is followed by '{value}'; true or false was expected.") });
                case "po": return Plain("", "ap" + escaped);
                case "ss": return Plain(":above", Whole(on, path, value));
                case "sb": return Plain(":below", Whole(on, path, value));
                case "in": return Plain(":in", escaped);
                case "ni": return Plain(":not-in", escaped);
                case "re": return Plain("", escaped);
                default: throw Bad("_filter", $"'{operation}' after {path} is no operator; eq, ne, co, sw, ew, gt, lt, ge, le, ap, sa, eb, pr, po, ss, sb, in, ni or re was expected.");
            }
        }

        // A bar divides system and code in a filter too; commas and dollars have no meaning there.
        static string Whole(string on, string path, string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

        /// <summary>The parameter at the end of a path without chain; null for a chain.</summary>
        SearchParameter? Leaf(string on, string path) => path.Contains('.', StringComparison.Ordinal) ? LeafOfChain(on, path) : parser.Find(on, path);

        SearchParameter? LeafOfChain(string on, string path)
        {
            var dot = path.IndexOf('.', StringComparison.Ordinal);
            var link = path[..dot].Split(':');
            if (parser.Find(on, link[0]) is not { Kind: ParameterKind.Reference } parameter) return null;
            var types = link.Length > 1 ? [link[1]] : parameter.Targets;
            return types.Select(target => Leaf(target, path[(dot + 1)..])).FirstOrDefault(found => found is not null);
        }

        Criterion Strings(string on, string path, string value, StringMatch match)
        {
            if (FoldedText.Fold(value).Length == 0) throw Bad("_filter", $"{path} is compared with an empty text.");
            var dot = path.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
            {
                var parameter = parser.Known(on, path);
                if (parameter.Kind != ParameterKind.String) throw Bad("_filter", $"{path} of {on} is no string: co, sw and ew cannot be used.");
                return new StringCriterion([.. parameter.Paths.Select(one => one.Key)], [value], match);
            }
            var link = path[..dot].Split(':');
            var reference = parser.Known(on, link[0]);
            if (reference.Kind != ParameterKind.Reference) throw Bad("_filter", $"{link[0]} of {on} is no reference.");
            long[] paths = [.. reference.Paths.Select(one => one.Key)];
            var types = link.Length > 1 ? [link[1]] : reference.Targets;
            var parts = types.Where(target => Leaf(target, path[(dot + 1)..]) is { Kind: ParameterKind.String })
                .Select(target => (Criterion)new ChainCriterion(paths, target, Strings(target, path[(dot + 1)..], value, match))).ToList();
            return parts.Count == 0 ? throw Bad("_filter", $"{path} of {on} is no string.") : new AnyOf(parts);
        }

        bool Word(string word)
        {
            Skip();
            if (!text.AsSpan(at).StartsWith(word) || at + word.Length < text.Length && !char.IsWhiteSpace(text[at + word.Length]) && text[at + word.Length] != '(') return false;
            at += word.Length;
            return true;
        }

        bool Take(char c)
        {
            Skip();
            if (at >= text.Length || text[at] != c) return false;
            at++;
            return true;
        }

        void Skip() { while (at < text.Length && char.IsWhiteSpace(text[at])) at++; }

        string Path()
        {
            Skip();
            var start = at;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '-' or '.' or ':')) at++;
            return text[start..at];
        }

        /// <summary>A value: in quotation marks with escapes as in JSON, or up to the next blank or parenthesis.</summary>
        string Value()
        {
            Skip();
            if (at >= text.Length) throw Wrong("a value");
            if (text[at] != '"')
            {
                var start = at;
                while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not (')' or '(')) at++;
                return at > start ? text[start..at] : throw Wrong("a value");
            }
            var plain = new System.Text.StringBuilder();
            for (at++; at < text.Length && text[at] != '"'; at++)
            {
                if (text[at] == '\\' && at + 1 < text.Length) at++;
                plain.Append(text[at]);
            }
            if (at >= text.Length) throw Wrong("a quotation mark");
            at++;
            return plain.ToString();
        }

        FaultException Wrong(string expected) => Bad("_filter", $"_filter cannot be read at character {at + 1}: {expected} was expected.");
    }
}
