using System.Diagnostics;
using System.Text;
using Tervik.Portal.Reading;

namespace Tervik.EndToEnd.Portal;

/// <summary>Foreign HTML broken in every way a generator thinks of, and what a browser, which shares nothing with our sanitizer, makes of what is left.</summary>
public sealed class SafeHtmlFuzzTests(Browser browser) : IClassFixture<Browser>
{
    const int Seed = 20261127, Most = 200_000, OfBrowser = 10_000, Batch = 500;
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>What attacks are made of: elements that change how the rest is read, quotes, comments, entities, and letters that parsers drop.</summary>
    static readonly string[] Pieces =
    [
        "<", ">", "</", "/>", "<!--", "-->", "--!>", "<!", "<?", "?>", "<![CDATA[", "]]>", "&", ";", "&#", "&#x3c;", "&lt;", "&gt;", "&quot;", "&Tab;", "&NewLine;", "&colon;", "'", "\"", "`", "=", " ", "\t", "\n", "\f", "\0", "\r", "\u00A0", "\u200B", "\uFEFF", "\uFFFD", "\uD800", "/", "\\",
        "script", "SCRIPT", "scr\0ipt", "style", "svg", "math", "mtext", "mglyph", "malignmark", "annotation-xml", "foreignObject", "desc", "title", "textarea", "noscript", "template", "iframe", "srcdoc", "object", "embed", "base", "form", "button", "input", "select", "option", "xmp", "plaintext", "frameset", "body", "html", "head", "meta", "link",
        "p", "b", "a", "img", "table", "tr", "td", "caption", "col", "ul", "li", "h1", "div", "span", "br", "hr", "q", "pre",
        "onerror", "onload", "onclick", "onfocus autofocus", "href", "src", "style", "class", "id", "name", "xlink:href", "action", "formaction", "background", "alt", "title", "colspan", "lang", "dir",
        "javascript:", "JaVaScRiPt:", "java\tscript:", "&#106;avascript:", "data:text/html,", "data:image/svg+xml;base64,", "data:image/png;base64,", "vbscript:", "https://x.example/", "//x.example", "mailto:a@b.example", "alert(1)", "expression(alert(1))", "@import", "x", "text", "1",
    ];

    static string Generate(Random random)
    {
        var html = new StringBuilder();
        for (var left = random.Next(1, 40); left > 0; left--)
            switch (random.Next(6))
            {
                case 0: html.Append('<').Append(Piece(random)).Append(' ').Append(Piece(random)).Append('=').Append(random.Next(3) switch { 0 => "\"", 1 => "'", _ => "" }).Append(Piece(random)).Append(random.Next(3) switch { 0 => "\"", 1 => "'", _ => "" }).Append('>'); break;
                case 1: html.Append('<').Append(Piece(random)).Append('>'); break;
                case 2: html.Append("</").Append(Piece(random)).Append('>'); break;
                default: html.Append(Piece(random)); break;
            }
        return html.ToString();
    }

    static string Piece(Random random) => Pieces[random.Next(Pieces.Length)];

    [Fact]
    public void Of_generated_html_only_what_is_on_the_list_is_left()
    {
        var (random, watch, done) = (new Random(Seed), Stopwatch.StartNew(), 0);
        for (; done < Most && watch.Elapsed < Longest; done++)
        {
            var html = Generate(random);
            var safe = SafeHtml.Of(html)?.Value ?? "";
            Assert.True(SectionRulesTests.IsAllowed(safe), $"{html}\n{safe}");
        }
        Assert.True(done >= OfBrowser, $"{done} in {watch.Elapsed}");
    }

    /// <summary>Reads each as a browser does and names what a page must not hold.</summary>
    const string Foreign = """
        texts => {
          const allowed = /^(abbr|alt|cite|colspan|dir|href|lang|rowspan|scope|span|src|start|title|value|rel|class)$/;
          const elements = /^(a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h5|h6|hr|i|img|li|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var)$/;
          const found = [];
          for (const text of texts) {
            const main = new DOMParser().parseFromString(`<main id="here">${text}</main><p id="after"></p>`, 'text/html');
            // Nothing may close what it stands in.
            if (!main.querySelector('body > main#here') || !main.querySelector('body > p#after')) found.push(`leaves its place: ${text}`);
            for (const element of main.querySelectorAll('#here *')) {
              if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml' || !elements.test(element.localName)) found.push(`${element.localName}: ${text}`);
              for (const { name, value } of element.attributes) {
                if (!allowed.test(name)) found.push(`${name}: ${text}`);
                if (name === 'href' && !['http:', 'https:', 'mailto:', 'tel:'].includes(element.protocol)) found.push(`${value}: ${text}`);
                if (name === 'src' && !/^data:image\/(png|jpeg|gif);base64,/i.test(value)) found.push(`${value}: ${text}`);
              }
            }
          }
          return found;
        }
        """;

    [Fact]
    public async Task A_browser_finds_nothing_in_it_that_could_act()
    {
        var page = await browser.Open();
        var random = new Random(Seed + 1);
        for (var batch = 0; batch < OfBrowser / Batch; batch++)
        {
            var texts = Enumerable.Range(0, Batch).Select(_ => SafeHtml.Of(Generate(random))?.Value ?? "").ToArray();
            Assert.Empty(await page.EvaluateAsync<string[]>(Foreign, texts));
        }
    }
}
