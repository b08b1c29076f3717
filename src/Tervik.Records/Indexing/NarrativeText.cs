using System.Net;
using System.Text;

namespace Tervik.Records.Indexing;

/// <summary>The text of an XHTML narrative without its markup.</summary>
public static class NarrativeText
{
    /// <summary>What one reads: tags become blanks, character references the characters.</summary>
    public static string Of(string xhtml)
    {
        var text = new StringBuilder(xhtml.Length);
        var inTag = false;
        foreach (var c in xhtml)
        {
            if (c == '<') { inTag = true; text.Append(' '); }
            else if (c == '>') inTag = false;
            else if (!inTag) text.Append(c);
        }
        return WebUtility.HtmlDecode(text.ToString());
    }
}
