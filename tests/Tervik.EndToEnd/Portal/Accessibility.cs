using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>axe-core, in the page.</summary>
static class Accessibility
{
    static readonly Lazy<string> Axe = new(() => File.ReadAllText(Find()));

    static readonly string[] Everything = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    /// <summary>The rules of axe that ask what colours there are.</summary>
    static readonly string[] Colours = ["color-contrast", "link-in-text-block"];

    /// <summary>What violates WCAG 2.2 AA on the page as it stands; empty when nothing does.</summary>
    /// <param name="page">The page.</param>
    /// <param name="onlyColours">Of a page that was looked at whole in other colours: only what hangs on these.</param>
    public static async Task<string[]> Violations(IPage page, bool onlyColours = false)
    {
        await page.EvaluateAsync(Axe.Value);
        return await page.EvaluateAsync<string[]>("""
            async rules => (await axe.run(document, { runOnly: rules, resultTypes: ['violations'] }))
                .violations.map(v => v.id + ': ' + v.nodes.slice(0, 5).map(n => n.target + ' ' + n.failureSummary).join('; '))
            """, onlyColours ? Colours : Everything);
    }

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "node_modules", "axe-core", "axe.min.js") is var path && File.Exists(path)) return path;
        throw new FileNotFoundException("axe-core is missing: run npm ci.");
    }
}
