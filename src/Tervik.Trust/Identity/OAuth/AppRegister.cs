using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>An application that people can use.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Name">As people read it.</param>
/// <param name="RedirectUris">Where codes go, compared exactly.</param>
/// <param name="LaunchUri">Where it is launched from the portal; null when it cannot be.</param>
/// <param name="HomeUri">Where one begins to use it; null when that is not known.</param>
public sealed record App(string ClientId, string Name, IReadOnlyList<string> RedirectUris, string? LaunchUri, string? HomeUri)
{
    /// <summary>What an application of people may ask for unless its registration says otherwise: reading.</summary>
    public static IReadOnlyList<string> UsualScopes { get; } = ["patient/*.rs", "user/*.rs", "openid", "fhirUser", "profile", "launch", "launch/patient", "offline_access", "online_access"];

    /// <summary>What it may ask for; each request must be covered by these (<see cref="SmartScopes.WhyNotCovered"/>).</summary>
    public IReadOnlyList<string> Scopes { get; init; } = UsualScopes;
}

/// <summary>What somebody allowed an application.</summary>
/// <param name="Id">Names it.</param>
/// <param name="App">The application; its id where it is no longer registered.</param>
/// <param name="Scopes">What was granted.</param>
/// <param name="Since">Since when.</param>
public sealed record AllowedApp(string Id, string App, IReadOnlyList<string> Scopes, DateTimeOffset Since);

/// <summary>The applications of this node, and what people allowed them.</summary>
public sealed class AppRegister(IOpenIddictApplicationManager applications, IOpenIddictAuthorizationManager authorizations, IOpenIddictTokenManager tokens)
{
    const string LaunchUri = "launch_uri", HomeUri = "home_uri", ScopesOf = "scopes";
    const int MostListed = 200;

    /// <summary>Registers an application, or changes the one of this id.</summary>
    /// <param name="app">The application; its name, addresses and <see cref="App.Scopes"/>.</param>
    /// <param name="scopes">The scopes of <paramref name="app"/>, understood.</param>
    /// <param name="secret">Its secret, at least 32 characters; null for none.</param>
    /// <param name="keys">Its public keys as a JSON Web Key Set (private_key_jwt); null for none.</param>
    /// <param name="isBackend">It asks for itself (client credentials); only with a secret or keys.</param>
    /// <param name="isExchanger">It may exchange tokens of people for its own (RFC 8693); likewise.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <exception cref="ArgumentException">An address is not absolute or not https (http on loopback only), the secret is short, the keys are not readable, or it could never ask for the scopes.</exception>
    public async Task Register(App app, SmartScopes scopes, string? secret, string? keys, bool isBackend, bool isExchanger, CancellationToken stop)
    {
        if (secret is { Length: < 32 }) throw new ArgumentException("A secret has at least 32 characters.", nameof(secret));
        var isConfidential = secret is not null || keys is not null;
        if ((isBackend || isExchanger) && !isConfidential) throw new ArgumentException("A program that asks for itself needs a secret or keys.", nameof(isBackend));
        if (isBackend && !scopes.Resources.Any(one => one.Context == "system")) throw new ArgumentException("A program that asks for itself is registered with the scopes it needs, such as system/Patient.rs.", nameof(scopes));
        if (!isBackend && scopes.Resources.FirstOrDefault(one => one.Context == "system") is { Text: { } foreign }) throw new ArgumentException($"The scope {foreign} is for programs that ask for themselves.", nameof(scopes));
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = app.ClientId, DisplayName = app.Name, ClientSecret = secret, ClientType = isConfidential ? ClientTypes.Confidential : ClientTypes.Public, ConsentType = ConsentTypes.Explicit, ApplicationType = ApplicationTypes.Web,
            Requirements = { Requirements.Features.ProofKeyForCodeExchange },
        };
        foreach (var address in app.RedirectUris.Append(app.LaunchUri).Append(app.HomeUri).OfType<string>())
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0 || uri.Scheme != "https" && !(uri.Scheme == "http" && uri.IsLoopback)) throw new ArgumentException($"{address} is no address of an application; https://… (or http:// on loopback) without a fragment was expected.", nameof(app));
        foreach (var address in app.RedirectUris) descriptor.RedirectUris.Add(new(address));
        if (keys is not null)
        {
            try { descriptor.JsonWebKeySet = JsonWebKeySet.Create(keys); }
            catch (ArgumentException fault) { throw new ArgumentException($"The keys are no JSON Web Key Set: {fault.Message}", nameof(keys)); }
            if (descriptor.JsonWebKeySet.Keys is not { Count: > 0 } all || all.Any(key => !IsOfClient(key))) throw new ArgumentException("A key set holds public keys for signing: EC with the curve P-384 (ES384) or RSA with 3072 bits or more (RS384), each with a kid, and no private ones.", nameof(keys));
            if (all.DistinctBy(key => key.Kid).Count() < all.Count) throw new ArgumentException("Two keys have one kid.", nameof(keys));
        }
        descriptor.Permissions.UnionWith([Permissions.Endpoints.Token, Permissions.Endpoints.Revocation]);
        if (app.RedirectUris.Count > 0) descriptor.Permissions.UnionWith([Permissions.Endpoints.Authorization, Permissions.Endpoints.PushedAuthorization, Permissions.GrantTypes.AuthorizationCode, Permissions.GrantTypes.RefreshToken, Permissions.ResponseTypes.Code]);
        if (isBackend) descriptor.Permissions.Add(Permissions.GrantTypes.ClientCredentials);
        if (isExchanger) descriptor.Permissions.UnionWith([Permissions.Prefixes.GrantType + GrantTypes.TokenExchange]);
        if (isConfidential) descriptor.Permissions.Add(Permissions.Endpoints.Introspection);
        if (app.LaunchUri is not null) descriptor.Properties[LaunchUri] = JsonSerializer.SerializeToElement(app.LaunchUri);
        if (app.HomeUri is not null) descriptor.Properties[HomeUri] = JsonSerializer.SerializeToElement(app.HomeUri);
        descriptor.Properties[ScopesOf] = JsonSerializer.SerializeToElement(app.Scopes);
        if (await applications.FindByClientIdAsync(app.ClientId, stop) is { } known) await applications.UpdateAsync(known, descriptor, stop);
        else await applications.CreateAsync(descriptor, stop);
    }

    /// <summary>Whether a key can sign a client's assertions: at least 128 bits of security (NIST SP 800-57 part 1, table 2).</summary>
    internal static bool IsOfClient(JsonWebKey key) => !key.HasPrivateKey && key.Kid is { Length: > 0 } && key.Use is null or "sig" && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify")) && (key.Kty switch
    {
        "EC" => key.Crv == "P-384" && key.Alg is null or "ES384",
        "RSA" => key.KeySize >= 3072 && key.Alg is null or "RS384",
        _ => false,
    });

    /// <summary>All applications that people can use, by name.</summary>
    public async Task<IReadOnlyList<App>> All(CancellationToken stop)
    {
        var apps = new List<App>();
        await foreach (var one in applications.ListAsync(MostListed, 0, stop))
            if (await Read(one, stop) is { RedirectUris.Count: > 0 } app) apps.Add(app);
        return [.. apps.OrderBy(app => app.Name, StringComparer.CurrentCulture)];
    }

    /// <summary>Origins of the addresses of all applications, as browsers send them in the header Origin.</summary>
    internal async Task<HashSet<string>> Origins(CancellationToken stop)
    {
        var origins = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var one in applications.ListAsync(cancellationToken: stop))
            if (await Read(one, stop) is { } app)
                foreach (var address in app.RedirectUris.Append(app.LaunchUri).Append(app.HomeUri).OfType<string>()) origins.Add(new Uri(address).GetLeftPart(UriPartial.Authority));
        return origins;
    }

    /// <summary>One; null when there is none of this id.</summary>
    public async Task<App?> Find(string clientId, CancellationToken stop) => await applications.FindByClientIdAsync(clientId, stop) is { } one ? await Read(one, stop) : null;

    /// <summary>Removes an application with everything that was allowed to it.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> Remove(string clientId, CancellationToken stop)
    {
        if (await applications.FindByClientIdAsync(clientId, stop) is not { } one) return false;
        var id = (await applications.GetIdAsync(one, stop))!;
        await tokens.RevokeByApplicationIdAsync(id, stop);
        await authorizations.RevokeByApplicationIdAsync(id, stop);
        await applications.DeleteAsync(one, stop);
        return true;
    }

    /// <summary>Notes what somebody allows, until they take it back.</summary>
    /// <returns>Its id, for the tokens.</returns>
    public async Task<string> Allow(System.Security.Claims.ClaimsPrincipal principal, string clientId, CancellationToken stop)
    {
        var application = await applications.FindByClientIdAsync(clientId, stop) ?? throw new InvalidOperationException("The application was removed.");
        var authorization = await authorizations.CreateAsync(principal, principal.GetClaim(Claims.Subject)!, (await applications.GetIdAsync(application, stop))!, AuthorizationTypes.Permanent, principal.GetScopes(), stop);
        return (await authorizations.GetIdAsync(authorization, stop))!;
    }

    /// <summary>What somebody allows now, newest first.</summary>
    public async Task<IReadOnlyList<AllowedApp>> Of(string agent, CancellationToken stop)
    {
        var allowed = new List<AllowedApp>();
        await foreach (var one in authorizations.FindBySubjectAsync(agent, stop))
        {
            if (allowed.Count == MostListed || await authorizations.GetStatusAsync(one, stop) != Statuses.Valid) continue;
            var application = await authorizations.GetApplicationIdAsync(one, stop) is { } id ? await applications.FindByIdAsync(id, stop) : null;
            allowed.Add(new((await authorizations.GetIdAsync(one, stop))!, (application is null ? null : await applications.GetDisplayNameAsync(application, stop)) ?? "?", await authorizations.GetScopesAsync(one, stop), await authorizations.GetCreationDateAsync(one, stop) ?? DateTimeOffset.UnixEpoch));
        }
        return allowed;
    }

    /// <summary>Takes back what somebody allowed: its tokens end, on every node within a second.</summary>
    /// <returns>Whether there was such a thing of theirs.</returns>
    public async Task<bool> TakeBack(string id, string agent, CancellationToken stop)
    {
        if (await authorizations.FindByIdAsync(id, stop) is not { } one || await authorizations.GetSubjectAsync(one, stop) != agent) return false;
        await authorizations.TryRevokeAsync(one, stop);
        await tokens.RevokeByAuthorizationIdAsync(id, stop);
        return true;
    }

    async Task<App> Read(object one, CancellationToken stop)
    {
        var properties = await applications.GetPropertiesAsync(one, stop);
        string? Text(string name) => properties.TryGetValue(name, out var value) ? value.GetString() : null;
        var id = (await applications.GetClientIdAsync(one, stop))!;
        var app = new App(id, await applications.GetDisplayNameAsync(one, stop) ?? id, await applications.GetRedirectUrisAsync(one, stop), Text(LaunchUri), Text(HomeUri));
        // Registered before scopes were: the usual ones, which give a backend service nothing.
        return properties.TryGetValue(ScopesOf, out var scopes) ? app with { Scopes = [.. scopes.EnumerateArray().Select(scope => scope.GetString()!)] } : app;
    }
}
