using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tervik.Authz;

namespace Tervik.Tests;

/// <summary>Waits for a page that something else than the test opens.</summary>
static class Arrival
{
    /// <summary>Opens an address; what is searched for in it (<c>q</c>, <c>name</c>, <c>who</c>) is sealed as the portal would.</summary>
    public static async Task<IResponse?> GoTo(this IPage page, string path) =>
        await page.GotoAsync(SealedSearch.Address(path, (await page.Context.CookiesAsync()).FirstOrDefault(cookie => cookie.Name == "tervik-session")?.Value));

    /// <summary>Until the address fits the pattern and the page is loaded. Playwright's own wait for an address can miss a page that is loaded before it listens, and then waits in vain.</summary>
    /// <param name="page">The window.</param>
    /// <param name="pattern">Of the whole address; <c>**</c> is any text, <c>*</c> any but a slash.</param>
    public static async Task ArrivesAt(this IPage page, string pattern)
    {
        var address = Regex.Escape(pattern).Replace(@"\*\*", ".*", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal);
        await Assertions.Expect(page).ToHaveURLAsync(new Regex($"^{address}$"), new() { Timeout = 30_000 });
        for (var wait = 0; wait < 1500 && await page.EvaluateAsync<string>("document.readyState") != "complete"; wait++) await Task.Delay(20);
    }
}
