using System.Collections.Frozen;
using System.Xml;

namespace Tervik.Records.Validation;

/// <summary>What a narrative may hold (narrative.html#xhtml, txt-1 and txt-2): formatting, links, images and tables; nothing that acts.</summary>
static class Narrative
{
    const string Xhtml = "http://www.w3.org/1999/xhtml";

    static readonly FrozenSet<string> Elements = FrozenSet.ToFrozenSet(
    [
        "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
        "li", "ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
    ]);

    static readonly FrozenSet<string> Attributes = FrozenSet.ToFrozenSet(
    [
        "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing", "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords",
        "dir", "frame", "headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev", "rowspan", "rules", "scope", "shape", "span", "src", "start", "style",
        "summary", "tabindex", "target", "title", "type", "valign", "value", "vspace", "width",
    ]);

    static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, ConformanceLevel = ConformanceLevel.Document, MaxCharactersInDocument = 8 << 20 };

    /// <summary>What is wrong with a narrative; null when it is safe and well formed.</summary>
    public static string? WhatIsWrong(string div)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(div), Settings);
            var depth = 0;
            var hasContent = false;
            while (reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Text) hasContent = true;
                if (reader.NodeType != XmlNodeType.Element) continue;
                if (depth++ == 0 && (reader.LocalName != "div" || reader.NamespaceURI != Xhtml)) return $"A narrative is one div in the namespace {Xhtml}.";
                if (!Elements.Contains(reader.LocalName)) return $"The element {reader.LocalName} is not allowed in a narrative (txt-1).";
                if (reader.LocalName == "img") hasContent = true;
                if (WrongAttribute(reader) is { } wrong) return wrong;
            }
            return hasContent ? null : "A narrative must have some text or an image (txt-2).";
        }
        catch (XmlException fault)
        {
            return $"The narrative is not well-formed XHTML: {fault.Message}";
        }
    }

    static string? WrongAttribute(XmlReader reader)
    {
        while (reader.MoveToNextAttribute())
        {
            if (reader.Prefix is "xmlns" or "xml" || reader.Name == "xmlns") continue;
            if (!Attributes.Contains(reader.LocalName)) return $"The attribute {reader.Name} is not allowed in a narrative (txt-1).";
            if (reader.LocalName is "href" or "src" && reader.Value.TrimStart().StartsWith("javascript:", StringComparison.OrdinalIgnoreCase)) return "A link of a narrative must not run a script.";
        }
        reader.MoveToElement();
        return null;
    }
}
