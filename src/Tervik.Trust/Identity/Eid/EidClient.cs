using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using OpenIddict.Abstractions;
using OpenIddict.Client;
using OpenIddict.Client.AspNetCore;
using Tervik.Records.Access;
using Tervik.Records.Search;
using Tervik.Trust.Identity.OAuth;
using Tervik.Trust.Relations;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.Trust.Identity.Eid;

/// <summary>What the eID's answer came to.</summary>
/// <param name="Agents">Who of the record it is, the professional first; empty when nobody.</param>
/// <param name="By">How they were identified; null when they were not.</param>
/// <param name="Fault">Why nobody is signed in: <c>refused</c> (the person or the eID gave up), <c>wrong</c> (the answer is not to be trusted), <c>too-low</c>, <c>unknown</c> (nobody of the record), <c>unclear</c> (several); null when somebody is.</param>
/// <param name="Detail">For the log: what was wrong, without personal data.</param>
public sealed record EidAnswer(IReadOnlyList<string> Agents, Identified? By, string? Fault, string Detail)
{
    /// <summary>What the sign-in was begun with: where to go, and what waits.</summary>
    public IReadOnlyDictionary<string, string?> Items { get; init; } = new Dictionary<string, string?>();
}

/// <summary>Sign-in with a national eID: a client of OpenID Connect (code with PKCE, state and nonce once, issuer checked) by OpenIddict, and the people of the record it stands for.</summary>
public sealed class EidClient(TrustSettings settings, SearchEngine search, StaffRegister staff, OpenIddictClientService? client, TimeProvider clock)
{
    /// <summary>Where people are sent off, and what its answers come to.</summary>
    public const string Path = "/sign-in/eid", AnswerPath = Path + "/answer";
    /// <summary>Clocks may differ by so much.</summary>
    static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);
    const string FreshItem = "tervik.fresh";

    /// <summary>Whether a provider is set.</summary>
    public bool IsOffered => settings.Eid is not null;

    /// <summary>As people call it.</summary>
    public string Name => settings.Eid?.Name ?? "";

    internal static void Add(OpenIddictBuilder builder, TrustSettings settings, OAuthKeys keys)
    {
        if (settings.Eid is not { } eid) return;
        builder.AddClient(client =>
        {
            client.AllowAuthorizationCodeFlow();
            client.SetRedirectionEndpointUris(AnswerPath.TrimStart('/'));
            client.SetStateTokenLifetime(TimeSpan.FromMinutes(15));
            client.DisableWebServicesFederationClaimMapping();
            foreach (var key in keys.Signing) client.AddSigningKey(key);
            foreach (var key in keys.Encryption) client.AddEncryptionKey(key);
            // Whether the way here is encrypted is the operator's: a proxy or the setting listen.
            client.UseAspNetCore().EnableRedirectionEndpointPassthrough().EnableErrorPassthrough().DisableTransportSecurityRequirement().Configure(options =>
            {
                var isSecure = settings.Issuer.Scheme == "https";
                options.CookieBuilder.Name = isSecure ? "__Host-tervik-eid" : "tervik-eid";
                (options.CookieBuilder.Path, options.CookieBuilder.HttpOnly, options.CookieBuilder.SameSite) = ("/", true, SameSiteMode.Lax);
                options.CookieBuilder.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
            });
            client.UseSystemNetHttp();
            var registration = new OpenIddictClientRegistration
            {
                RegistrationId = "eid", Issuer = eid.Issuer, ClientId = eid.ClientId, ClientSecret = eid.ClientSecret, ProviderDisplayName = eid.Name,
                RedirectUri = new(settings.Issuer, AnswerPath), GrantTypes = { GrantTypes.AuthorizationCode }, ResponseTypes = { ResponseTypes.Code }, ResponseModes = { ResponseModes.Query },
                CodeChallengeMethods = { CodeChallengeMethods.Sha256 },
            };
            registration.Scopes.UnionWith([Scopes.OpenId, .. eid.Scopes]);
            client.AddRegistration(registration);
        });
    }

    /// <summary>Sends somebody to the eID.</summary>
    /// <param name="least">The level to ask for.</param>
    /// <param name="isFresh">They have to prove it now, whatever session they have there.</param>
    /// <param name="items">What comes back with the answer: kept encrypted on the server.</param>
    public IResult Send(Assurance least, bool isFresh, IReadOnlyDictionary<string, string?> items)
    {
        var eid = settings.Eid ?? throw new InvalidOperationException("No eID is set.");
        var properties = new AuthenticationProperties();
        foreach (var (name, value) in items) properties.Items[name] = value;
        properties.Items[OpenIddictClientAspNetCoreConstants.Properties.RegistrationId] = "eid";
        properties.Parameters[Parameters.AcrValues] = EidSettings.AcrOf(least > eid.Least ? least : eid.Least);
        if (isFresh)
        {
            properties.Parameters[Parameters.Prompt] = PromptValues.Login;
            properties.Parameters[Parameters.MaxAge] = 0L;
            properties.Items[FreshItem] = clock.NowUs().ToString(CultureInfo.InvariantCulture);
        }
        return TypedResults.Challenge(properties, [OpenIddictClientAspNetCoreDefaults.AuthenticationScheme]);
    }

    /// <summary>The origins to which a form that begins a sign-in leads.</summary>
    public async ValueTask<IReadOnlyList<string>> Origins(CancellationToken stop) =>
        [.. new[] { settings.Eid?.Issuer, (await Metadata(stop))?.AuthorizationEndpoint }.OfType<Uri>().Select(address => address.GetLeftPart(UriPartial.Authority)).Distinct()];

    /// <summary>What the provider says of itself, read once an hour or so; null when it does not answer now, or speaks for another issuer.</summary>
    public async ValueTask<OpenIddictConfiguration?> Metadata(CancellationToken stop)
    {
        if (client is null) return null;
        try
        {
            return await client.GetServerConfigurationByRegistrationIdAsync("eid", stop);
        }
        catch (Exception fault) when (fault is OpenIddictExceptions.ProtocolException or HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>Reads the eID's answer, once.</summary>
    public async Task<EidAnswer> Receive(HttpContext request, CancellationToken stop)
    {
        var eid = settings.Eid ?? throw new InvalidOperationException("No eID is set.");
        // What OpenIddict itself refused: signature, state, nonce, issuer, audience, or the eID's own error.
        if (request.Features.Get<OpenIddictClientAspNetCoreFeature>()?.Transaction?.Response is { Error: { } error } response)
            return new([], null, error is Errors.AccessDenied or Errors.LoginRequired or Errors.InteractionRequired || error == "user_cancel" ? "refused" : "wrong", $"{error}: {response.ErrorDescription}");
        var result = await request.AuthenticateAsync(OpenIddictClientAspNetCoreDefaults.AuthenticationScheme);
        if (!result.Succeeded || result.Principal is not { } principal) return new([], null, "wrong", result.Failure?.Message ?? "no answer");
        var items = result.Properties!.Items.AsReadOnly();
        EidAnswer Fault(string fault, string detail) => new([], null, fault, detail) { Items = items };

        // OpenIddict leaves the times of an ID token to its client.
        var token = new JsonWebToken(result.Properties.GetTokenValue(OpenIddictClientAspNetCoreConstants.Tokens.BackchannelIdentityToken));
        var now = clock.GetUtcNow();
        if (token.ValidTo < (now - Skew).UtcDateTime || token.ValidFrom > (now + Skew).UtcDateTime || token.IssuedAt > (now + Skew).UtcDateTime) return Fault("wrong", "the ID token has ended, or begins later");
        var level = EidSettings.LevelOf(principal.GetClaim(Claims.AuthenticationContextReference));
        if (level < eid.Least) return Fault("too-low", $"acr {principal.GetClaim(Claims.AuthenticationContextReference) ?? "missing"}");
        var atUs = now.Us();
        if (principal.GetClaim(Claims.AuthenticationTime) is { } told)
        {
            if (!long.TryParse(told, CultureInfo.InvariantCulture, out var seconds) || seconds < 0 || seconds > (now + Skew).ToUnixTimeSeconds()) return Fault("wrong", "auth_time is no time in the past");
            atUs = Math.Min(atUs, seconds * 1_000_000);
        }
        if (items.TryGetValue(FreshItem, out var asked) && asked is not null)
        {
            if (principal.GetClaim(Claims.AuthenticationTime) is null || atUs < long.Parse(asked, CultureInfo.InvariantCulture) - (long)Skew.TotalMicroseconds) return Fault("wrong", "not authenticated anew (auth_time)");
            atUs = clock.NowUs();
        }
        if (principal.GetClaim(eid.Claim) is not { Length: > 0 and <= 100 } claim || eid.IdentifierOf(claim) is not var (system, value)) return Fault("unknown", $"no identifier of the record in the claim {eid.Claim}");
        var agents = new List<string>();
        foreach (var type in (string[])["Practitioner", "Patient"])
        {
            var page = await search.Search(new(type, [new("identifier", $"{SearchSyntax.Escape(system)}|{SearchSyntax.Escape(value)}"), new("_count", "2")]), AccessFilter.Everything, stop);
            if (page.Matches.Count > 1) return Fault("unclear", $"several {type} with this identifier");
            if (page.Matches is not [var one]) continue;
            var agent = $"{type}/{one.Id}";
            // Who works nowhere any more is no professional; the patient they are as well remains.
            if (type == "Practitioner" ? (await staff.Of(agent, stop)).Roles.Count > 0 : !IsClosed(one.Body)) agents.Add(agent);
        }
        return agents.Count == 0 ? Fault("unknown", "nobody of the record has this identifier") : new(agents, new("eid", level, atUs, agents), null, $"acr {level}") { Items = items };
    }

    /// <summary>Whether a Patient is of somebody who died, or was merged into another.</summary>
    static bool IsClosed(byte[] patient)
    {
        using var json = System.Text.Json.JsonDocument.Parse(patient);
        return json.RootElement.TryGetProperty("active", out var active) && active.ValueKind == System.Text.Json.JsonValueKind.False
            || json.RootElement.TryGetProperty("deceasedDateTime", out _) || json.RootElement.TryGetProperty("deceasedBoolean", out var dead) && dead.ValueKind == System.Text.Json.JsonValueKind.True;
    }
}
