using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Tervik.Demo.Personas;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.DemoEid;

/// <summary>How the provider is set.</summary>
/// <param name="Address">Where it is served; its issuer.</param>
/// <param name="ClientId">Id of its one client.</param>
/// <param name="ClientSecret">The client's secret.</param>
/// <param name="RedirectUri">Where people are sent back to.</param>
sealed record ProviderSettings(Uri Address, string ClientId, string ClientSecret, Uri RedirectUri);

/// <summary>An OpenID Connect provider shaped like the Estonian TARA: country and personal code as <c>sub</c>, the name in <c>profile_attributes</c>, the level in <c>acr</c>, the means in <c>amr</c>.</summary>
/// <remarks>By OpenIddict without a store: codes are encrypted and short-lived, there is one client, and people prove nothing. Whom it names is invented.</remarks>
static class Provider
{
    /// <summary>What the values of <c>sub</c> begin with, and the identifiers of the demo nation they stand for: the setting eidSystems.</summary>
    public static string Systems => string.Join(';', Personas.EidSystems.Select(pair => $"{pair.Key}={pair.Value}"));

    /// <summary>Means of identification, with the level each is at.</summary>
    static readonly (string Amr, string Name, string Acr)[] Means = [("idcard", "ID card", "high"), ("mID", "Mobile-ID", "high"), ("smartid", "Smart-ID", "substantial"), ("password", "User name and password", "low")];

    static readonly string[] Ours = ["person", "country", "number", "given", "family", "means", "decision"];
    static readonly string[] Levels = ["low", "substantial", "high"];

    public static WebApplication Build(ProviderSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder(["--environment=Production"]);
        builder.WebHost.UseUrls(settings.Address.ToString());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddOpenIddict().AddServer(server => Configure(server, settings));
        builder.Services.AddAuthentication();
        var app = builder.Build();
        app.UseAuthentication();
        app.MapMethods("/oidc/authorize", [HttpMethods.Get, HttpMethods.Post], (Delegate)Authorize);
        app.MapPost("/oidc/token", (Delegate)Token);
        return app;
    }

    static void Configure(OpenIddictServerBuilder server, ProviderSettings settings)
    {
        server.SetIssuer(settings.Address).EnableDegradedMode().AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
        server.SetAuthorizationEndpointUris("oidc/authorize").SetTokenEndpointUris("oidc/token").SetJsonWebKeySetEndpointUris("oidc/jwks");
        server.RegisterScopes("idcard", "mid", "smartid").AddEphemeralEncryptionKey().AddEphemeralSigningKey(SecurityAlgorithms).SetAuthorizationCodeLifetime(TimeSpan.FromMinutes(1)).SetIdentityTokenLifetime(TimeSpan.FromMinutes(5));
        server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            if (context.ClientId != settings.ClientId) context.Reject(Errors.InvalidClient, "There is no such client.");
            else if (context.RedirectUri != settings.RedirectUri.ToString()) context.Reject(Errors.InvalidRequest, "The address to send people back to is not the client's.");
            return default;
        }));
        server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            if (context.ClientId != settings.ClientId || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.ClientSecret ?? ""), Encoding.UTF8.GetBytes(settings.ClientSecret)))
                context.Reject(Errors.InvalidClient, "The client or its secret is wrong.");
            return default;
        }));
        server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough().DisableTransportSecurityRequirement();
    }

    const string SecurityAlgorithms = Microsoft.IdentityModel.Tokens.SecurityAlgorithms.RsaSha256;

    /// <summary>Asks who somebody would like to be; sends them back as that.</summary>
    static async Task<IResult> Authorize(HttpContext http)
    {
        var request = http.GetOpenIddictServerRequest()!;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(http.RequestAborted) : null;
        var least = Levels.Contains(request.AcrValues) ? request.AcrValues! : "low";
        if (form is null || form["decision"].Count == 0) return Page(request, least, fault: null);
        if (form["decision"] == "cancel") return Refuse(Errors.AccessDenied, "The person gave up.");
        var chosen = form["person"].ToString() is { Length: > 0 } person ? person.Split('|', 3) : [$"{form["country"]}{form["number"]}".Trim(), form["given"].ToString().Trim(), form["family"].ToString().Trim()];
        var means = Means.FirstOrDefault(one => one.Amr == form["means"]);
        if (chosen is not [{ Length: > 2 and <= 80 } subject, var given, var family] || means.Amr is null || subject.Any(char.IsWhiteSpace)) return Page(request, least, "Choose somebody, or type a country and a code; and a means.");
        // As the real ones do: a lower level than was asked for is not given.
        if (Array.IndexOf(Levels, means.Acr) < Array.IndexOf(Levels, least)) return Page(request, least, $"{means.Name} is of level {means.Acr}; {least} was asked for.");
        var identity = new ClaimsIdentity("DemoEid");
        identity.SetClaim(Claims.Subject, subject).SetClaim(Claims.AuthenticationContextReference, means.Acr);
        identity.SetClaim(Claims.AuthenticationMethodReference, means.Amr);
        identity.AddClaim(new(Claims.AuthenticationTime, DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), ClaimValueTypes.Integer64));
        identity.SetClaim("profile_attributes", JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["given_name"] = given, ["family_name"] = family }));
        identity.SetScopes(request.GetScopes());
        identity.SetDestinations(_ => [Destinations.IdentityToken]);
        return TypedResults.SignIn(new(identity), properties: null, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    static async Task<IResult> Token(HttpContext http)
    {
        var result = await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        return result.Principal is { } principal ? TypedResults.SignIn(principal, properties: null, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme) : Refuse(Errors.InvalidGrant, "The code is not valid.");
    }

    static Microsoft.AspNetCore.Http.HttpResults.ForbidHttpResult Refuse(string error, string description) => TypedResults.Forbid(new AuthenticationProperties(new Dictionary<string, string?>
    {
        [OpenIddictServerAspNetCoreConstants.Properties.Error] = error, [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
    }), [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);

    static Microsoft.AspNetCore.Http.HttpResults.ContentHttpResult Page(OpenIddictRequest request, string least, string? fault)
    {
        var html = new StringBuilder();
        string Text(string text) => WebUtility.HtmlEncode(text);
        html.Append(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Demo eID</title>
            <style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}label{display:block;margin:.75rem 0}input,select,button{font:inherit;padding:.5rem;max-width:100%}fieldset{margin:1rem 0}.fault{border-inline-start:.3rem solid;padding-inline-start:.75rem}</style></head>
            <body><main><h1>Demo eID</h1><p>A pretended eID for invented people: it believes whatever is chosen here. The portal asks for the level <strong>{{Text(least)}}</strong>.</p>
            """);
        if (fault is not null) html.Append(CultureInfo.InvariantCulture, $"<p class=\"fault\" role=\"alert\">{Text(fault)}</p>");
        html.Append(CultureInfo.InvariantCulture, $"<form method=\"post\" action=\"/oidc/authorize\">");
        // The request goes on with the answer.
        foreach (var (name, value) in request.GetParameters().Where(one => !Ours.Contains(one.Key))) html.Append(CultureInfo.InvariantCulture, $"<input type=\"hidden\" name=\"{Text(name)}\" value=\"{Text(value.ToString() ?? "")}\">");
        html.Append("<label>Who are you? <select name=\"person\"><option value=\"\">Somebody else, typed below</option>");
        foreach (var one in Personas.All) html.Append(CultureInfo.InvariantCulture, $"<option value=\"{Text($"{one.EidSubject}|{one.Name}|")}\">{Text(one.Name)} ({Text(one.EidSubject)})</option>");
        html.Append("""
            </select></label><fieldset><legend>Somebody else</legend><label>Country, two letters <input name="country" maxlength="6" autocomplete="off"></label><label>Personal code <input name="number" maxlength="60" autocomplete="off"></label>
            <label>Given name <input name="given" maxlength="60" autocomplete="off"></label><label>Family name <input name="family" maxlength="60" autocomplete="off"></label></fieldset><label>With what? <select name="means">
            """);
        foreach (var (amr, name, acr) in Means) html.Append(CultureInfo.InvariantCulture, $"<option value=\"{amr}\">{name} ({acr})</option>");
        html.Append("</select></label><p><button name=\"decision\" value=\"go\">Identify</button> <button name=\"decision\" value=\"cancel\">Give up</button></p></form></main></body></html>");
        return TypedResults.Content(html.ToString(), "text/html; charset=utf-8", Encoding.UTF8, fault is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }
}
