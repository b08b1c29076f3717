using Microsoft.Playwright;
using Tervik.Tests;

namespace Tervik.EndToEnd.Portal;

/// <summary>A page worked with the keyboard alone.</summary>
static class Keyboard
{
    /// <summary>Goes from element to element with the tab key until one has the focus.</summary>
    public static async Task Tab(this IPage page, ILocator to)
    {
        for (var i = 0; i < 300; i++)
        {
            if (await to.EvaluateAsync<bool>("element => element === document.activeElement")) return;
            await page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail($"The keyboard does not reach {to}.");
    }

    /// <summary>Goes there, presses Enter, and waits for the page that comes.</summary>
    public static async Task Press(this IPage page, ILocator what, string arrives)
    {
        await page.Tab(what);
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt(arrives);
    }
}
