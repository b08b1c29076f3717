namespace Tervik.Trust.Identity;

/// <summary>A browser on a system, by their own names; empty where they are not known. The full user agent is not kept: it tells more than one needs to recognise a device of one's own.</summary>
public readonly record struct Device(string Browser, string System)
{
    // The first that is found counts: those built on another name it too.
    static readonly (string Mark, string Name)[] Browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Whale/", "Whale"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];

    static readonly (string Mark, string Name)[] Systems =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux")];

    /// <summary>From the header User-Agent.</summary>
    public static Device Of(string userAgent) => new(Find(Browsers, userAgent), Find(Systems, userAgent));

    /// <summary>From its short form.</summary>
    public static Device Parse(string text) => text.Split('|') is [var browser, var system] ? new(browser, system) : new("", "");

    /// <summary>The short form that is kept.</summary>
    public override string ToString() => $"{Browser}|{System}";

    static string Find((string Mark, string Name)[] known, string text) => Array.Find(known, one => text.Contains(one.Mark, StringComparison.Ordinal)).Name ?? "";
}
