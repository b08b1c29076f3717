using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Shell;

/// <summary>The language of the pages: a cookie when one was chosen, else what the browser prefers, else English.</summary>
static class Language
{
    static string Cookie(HttpContext request) => request.Request.IsHttps ? "__Host-language" : "language";

    static readonly CultureInfo[] Cultures = [CultureInfo.GetCultureInfo("en-GB"), CultureInfo.GetCultureInfo("da-DK"), CultureInfo.GetCultureInfo("et-EE"), CultureInfo.GetCultureInfo("ko-KR")];

    /// <summary>Code and own name of each.</summary>
    public static (string Code, string Name)[] All { get; } = [("en", "English"), ("da", "Dansk"), ("et", "Eesti"), ("ko", "한국어")];

    /// <summary>A language by its own name; its code where we know none.</summary>
    public static string NameOf(string code)
    {
        try
        {
            return CultureInfo.GetCultureInfo(code, predefinedOnly: true) is var culture && culture.NativeName is { Length: > 0 } name ? char.ToUpper(name[0], culture) + name[1..] : code;
        }
        catch (CultureNotFoundException)
        {
            return code;
        }
    }

    /// <summary>Code of the one in which the page is being written.</summary>
    public static string Current => (Find(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName) ?? Cultures[0]).TwoLetterISOLanguageName;

    /// <summary>How dates and numbers are written for the reader.</summary>
    public static CultureInfo Reader => CultureInfo.CurrentUICulture;

    /// <summary>FHIR and the other interfaces have one language; pages have the reader's.</summary>
    /// <remarks>Only words and dates follow it. The culture of numbers stays: an Estonian minus sign has no place in a key or a query.</remarks>
    public static void UseLanguage(this WebApplication app) => app.Use((request, next) =>
    {
        if (!request.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal) && !request.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
            CultureInfo.CurrentUICulture = Of(request);
        return next(request);
    });

    static CultureInfo Of(HttpContext request)
    {
        if (request.Request.Cookies[Cookie(request)] is { } chosen && Find(chosen) is { } culture) return culture;
        foreach (var wanted in request.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(one => one.Quality ?? 1))
            if (Find(wanted.Value.Value?.Split('-')[0]) is { } preferred) return preferred;
        return Cultures[0];
    }

    /// <summary>How a language is written in, by its code; English where we have no words in it.</summary>
    public static CultureInfo Of(string code) => Find(code) ?? Cultures[0];

    static CultureInfo? Find(string? code) => Array.Find(Cultures, culture => culture.TwoLetterISOLanguageName == code);

    public static void MapLanguage(this IEndpointRouteBuilder routes) => routes.MapPost("/language", async (HttpContext request, CancellationToken stop) =>
    {
        var form = await request.Request.ReadFormAsync(stop);
        if (!FormGuard.Accepts(request, form) || Find(form["language"]) is not { } culture) return Microsoft.AspNetCore.Http.Results.BadRequest();
        request.Response.Cookies.Append(Cookie(request), culture.TwoLetterISOLanguageName,
            new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = request.Request.IsHttps, MaxAge = TimeSpan.FromDays(365), Path = "/" });
        return Microsoft.AspNetCore.Http.Results.LocalRedirect(LocalPath.Of(form["to"]));
    }).DisableAntiforgery(); // FormGuard does it.
}
