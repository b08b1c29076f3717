using System.Collections.Frozen;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Components;

namespace Tervik.Portal.Reading;

/// <summary>HTML of the record made safe to stand in a page: a narrative's XHTML or a document's HTML, whoever wrote it.</summary>
/// <remarks>Nothing is passed through. The input is read as tokens, and what is on the list is written anew: elements balanced, text and attribute values escaped.
/// The list is FHIR's for narratives (narrative.html#xhtml) without what would reach beyond the text: <c>style</c>, <c>class</c>, <c>id</c>, <c>name</c>, <c>target</c>,
/// images and links to anything but web, mail and telephone. Headings are lowered, so that the page keeps one outline.</remarks>
static class SafeHtml
{
    /// <summary>Longer texts are offered as a file only.</summary>
    public const int LongestHtml = 2 << 20;
    const int DeepestElement = 64;

    static readonly FrozenSet<string> Elements = FrozenSet.ToFrozenSet(
    [
        "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
        "li", "ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
    ]);

    static readonly FrozenSet<string> Void = FrozenSet.ToFrozenSet(["br", "col", "hr", "img"]);

    // What stands inside is no text for readers.
    static readonly FrozenSet<string> DroppedWhole = FrozenSet.ToFrozenSet(
        ["script", "style", "head", "title", "iframe", "object", "embed", "applet", "svg", "math", "noscript", "template", "textarea", "select", "xmp", "noembed", "noframes", "frameset", "plaintext", "audio", "video", "canvas"]);

    static readonly FrozenSet<string> Attributes = FrozenSet.ToFrozenSet(["abbr", "alt", "cite", "colspan", "dir", "href", "lang", "rowspan", "scope", "span", "src", "start", "title", "value"]);

    static readonly string[] LinkSchemes = ["https://", "http://", "mailto:", "tel:"];
    static readonly string[] ImageKinds = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,"];

    /// <summary>The text of a narrative's div, or of a document, as safe HTML; null when nothing is left to read.</summary>
    public static MarkupString? Of(string? html)
    {
        if (string.IsNullOrWhiteSpace(html) || html.Length > LongestHtml) return null;
        var safe = new Writer(html).Write();
        return safe.HasContent ? new MarkupString(safe.Html) : null;
    }

    /// <summary>Reads tokens and writes what is allowed.</summary>
    sealed class Writer(string html)
    {
        readonly StringBuilder output = new(html.Length);
        // Name, where its content begins in the output, and whether text or an image came since.
        readonly List<(string Name, int Begin, int Content)> open = [];
        int content;

        public (string Html, bool HasContent) Write()
        {
            for (var at = 0; at < html.Length;)
            {
                var tag = html.IndexOf('<', at);
                if (tag < 0) tag = html.Length;
                Text(html.AsSpan(at, tag - at));
                at = tag == html.Length ? tag : Tag(tag);
            }
            while (open.Count > 0) Close();
            return (output.ToString(), content > 0);
        }

        void Text(ReadOnlySpan<char> text)
        {
            if (text.IsEmpty) return;
            if (!text.IsWhiteSpace()) content++;
            output.Append(WebUtility.HtmlEncode(Clean(WebUtility.HtmlDecode(text.ToString()))));
        }

        // Control characters are none of HTML's; a NUL ends texts elsewhere.
        static string Clean(string text) => text.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\r' or '\t'))
            ? string.Concat(text.Where(letter => !char.IsControl(letter) || letter is '\n' or '\r' or '\t')) : text;

        /// <returns>Where to go on.</returns>
        int Tag(int at)
        {
            if (html.AsSpan(at).StartsWith("<!--")) return After("-->", at + 4);
            if (html.AsSpan(at).StartsWith("<![CDATA[", StringComparison.OrdinalIgnoreCase))
            {
                var end = html.IndexOf("]]>", at, StringComparison.Ordinal);
                var cdata = html.AsSpan((at + 9)..(end < 0 ? html.Length : end));
                if (!cdata.IsWhiteSpace()) content++;
                output.Append(WebUtility.HtmlEncode(Clean(cdata.ToString())));
                return end < 0 ? html.Length : end + 3;
            }
            if (at + 1 >= html.Length || html[at + 1] is not ('!' or '?' or '/') && !char.IsAsciiLetter(html[at + 1]))
            {
                Text("<");
                return at + 1;
            }
            if (html[at + 1] is '!' or '?') return After(">", at + 1);
            var closes = html[at + 1] == '/';
            var name = at + (closes ? 2 : 1);
            var nameEnd = name;
            while (nameEnd < html.Length && !char.IsWhiteSpace(html[nameEnd]) && html[nameEnd] is not ('>' or '/')) nameEnd++;
            var element = Lower(html.AsSpan(name, nameEnd - name));
            var (attributes, next, isEmpty) = ReadAttributes(nameEnd);
            if (closes) CloseTo(element);
            else if (DroppedWhole.Contains(element)) return isEmpty ? next : AfterElement(element, next);
            else if (Elements.Contains(element)) Open(element, attributes, isEmpty);
            else if (element is "section" or "article" or "header" or "footer" or "body" or "main" or "center" or "form") output.Append(' ');
            return next;
        }

        void Open(string element, List<(string Name, string Value)> attributes, bool isEmpty)
        {
            // Lists hold items only, and items stand in lists only: what breaks that keeps its text and loses its tag.
            var parent = open.Count == 0 ? "" : open[^1].Name;
            if (element == "li" && parent is not ("ul" or "ol") || element is "dt" or "dd" && parent != "dl") Abandon(element, ref parent);
            if (element == "li" && parent is not ("ul" or "ol") || element is "dt" or "dd" && parent != "dl" || parent is "ul" or "ol" && element != "li" || parent == "dl" && element is not ("dt" or "dd")) return;
            if (open.Count >= DeepestElement) return;
            var written = new StringBuilder();
            var hasAlt = false;
            foreach (var (name, value) in attributes)
                if (Attributes.Contains(name) && IsAllowed(element, name, value))
                {
                    hasAlt |= name == "alt";
                    written.Append(' ').Append(name).Append("=\"").Append(WebUtility.HtmlEncode(Clean(value))).Append('"');
                }
            if (element == "img")
            {
                if (!attributes.Exists(one => one.Name == "src" && IsAllowed("img", "src", one.Value)))
                {
                    if (attributes.Find(one => one.Name == "alt").Value is { Length: > 0 } alt) Text(WebUtility.HtmlEncode(alt));
                    return;
                }
                content++;
                if (!hasAlt) written.Append(" alt=\"\"");
            }
            // A link that leads nowhere is text.
            if (element == "a" && !attributes.Exists(one => one.Name == "href" && IsAllowed("a", "href", one.Value))) element = "span";
            if (element == "a") written.Append(" rel=\"noopener noreferrer nofollow\" class=\"ds-link\"");
            var tag = Lowered(element);
            var begin = output.Length;
            output.Append('<').Append(tag).Append(written).Append('>');
            if (Void.Contains(element)) return;
            open.Add((element, begin, content));
            if (isEmpty) Close();
        }

        // <li> ends the item before it, as HTML lets authors leave out the end tag.
        void Abandon(string element, ref string parent)
        {
            if (open.Count < 2 || (element == "li" ? open[^1].Name != "li" : open[^1].Name is not ("dt" or "dd"))) return;
            Close();
            parent = open.Count == 0 ? "" : open[^1].Name;
        }

        void CloseTo(string element)
        {
            var at = open.FindLastIndex(one => one.Name == element || element == "a" && one.Name == "span");
            if (at < 0) return;
            while (open.Count > at) Close();
        }

        void Close()
        {
            var (name, begin, before) = open[^1];
            open.RemoveAt(open.Count - 1);
            // A link or heading without a word would be a name without a text.
            if (content == before && name is ("a" or "h1" or "h2" or "h3" or "h4" or "h5" or "h6")) output.Length = begin;
            else output.Append("</").Append(Lowered(name)).Append('>');
        }

        // The page has h1 to h4 of its own.
        static string Lowered(string element) => element switch { "h1" => "h5", ['h', >= '2' and <= '6'] => "h6", _ => element };

        static bool IsAllowed(string element, string name, string value) => name switch
        {
            "href" => element == "a" && LinkSchemes.Any(scheme => value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)),
            "src" => element == "img" && ImageKinds.Any(kind => value.StartsWith(kind, StringComparison.OrdinalIgnoreCase)) && value.AsSpan(value.IndexOf(',', StringComparison.Ordinal) + 1).IndexOfAnyExcept(Base64) < 0,
            "cite" => false,
            "alt" => element == "img",
            "colspan" or "rowspan" => element is "td" or "th" && int.TryParse(value, out var cells) && cells is > 0 and <= 1000,
            "span" => element is "col" or "colgroup" && int.TryParse(value, out var columns) && columns is > 0 and <= 1000,
            "start" => element == "ol" && int.TryParse(value, out _),
            "value" => element == "li" && int.TryParse(value, out _),
            "scope" => element == "th" && (value is "col" or "row" or "colgroup" or "rowgroup"),
            "dir" => value is "ltr" or "rtl" or "auto",
            "lang" => value.Length is > 1 and <= 35 && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'),
            _ => true,
        };

        static readonly System.Buffers.SearchValues<char> Base64 = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n \t");

        (List<(string Name, string Value)> Attributes, int Next, bool IsEmpty) ReadAttributes(int at)
        {
            var attributes = new List<(string, string)>();
            var isEmpty = false;
            while (at < html.Length && html[at] != '>')
            {
                if (char.IsWhiteSpace(html[at]) || html[at] == '/')
                {
                    isEmpty = html[at] == '/';
                    at++;
                    continue;
                }
                isEmpty = false;
                var name = at++;
                while (at < html.Length && !char.IsWhiteSpace(html[at]) && html[at] is not ('=' or '>' or '/')) at++;
                var attribute = Lower(html.AsSpan(name, at - name));
                var equals = at;
                while (equals < html.Length && char.IsWhiteSpace(html[equals])) equals++;
                var value = "";
                if (equals < html.Length && html[equals] == '=')
                {
                    at = equals + 1;
                    while (at < html.Length && char.IsWhiteSpace(html[at])) at++;
                    var begin = at;
                    if (at < html.Length && html[at] is '"' or '\'')
                    {
                        var end = html.IndexOf(html[at], at + 1);
                        if (end < 0) end = html.Length;
                        value = html[(begin + 1)..end];
                        at = Math.Min(end + 1, html.Length);
                    }
                    else
                    {
                        while (at < html.Length && !char.IsWhiteSpace(html[at]) && html[at] != '>') at++;
                        value = html[begin..at];
                    }
                }
                if (!attributes.Exists(one => one.Item1 == attribute)) attributes.Add((attribute, WebUtility.HtmlDecode(value).Trim()));
            }
            return (attributes, Math.Min(at + 1, html.Length), isEmpty);
        }

        int After(string end, int at) => html.IndexOf(end, Math.Min(at, html.Length), StringComparison.Ordinal) is >= 0 and var found ? found + end.Length : html.Length;

        // To the end tag of the same name; an element of this kind that never ends takes the rest with it.
        int AfterElement(string element, int at)
        {
            var end = html.IndexOf($"</{element}", at, StringComparison.OrdinalIgnoreCase);
            return end < 0 ? html.Length : After(">", end);
        }

        static string Lower(ReadOnlySpan<char> name) => string.Create(name.Length, name, static (lower, original) => original.ToLowerInvariant(lower));
    }
}
