using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust.Identity.Eid;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>The authorization server: OAuth 2.1 and OpenID Connect by OpenIddict, with the launches and scopes of SMART. <c>/oauth/…</c> and <c>/.well-known/…</c>; the page on which people decide is the portal's.</summary>
public static class OAuthServer
{
    /// <summary>Lifetimes of what it gives out.</summary>
    static readonly TimeSpan AccessTokenLasts = TimeSpan.FromHours(1), CodeLasts = TimeSpan.FromMinutes(1), RefreshTokenLasts = TimeSpan.FromDays(30);

    /// <summary>The register of applications alone, as the command line needs it.</summary>
    /// <param name="services">Where.</param>
    /// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
    public static IServiceCollection AddApps(this IServiceCollection services, Database database)
    {
        services.AddSingleton<IOpenIddictApplicationStore<OAuthApplication>>(new OAuthApplications(database)).AddSingleton<IOpenIddictAuthorizationStore<OAuthAuthorization>>(new OAuthAuthorizations(database))
            .AddSingleton<IOpenIddictScopeStore<OAuthScope>>(new OAuthScopes(database)).AddSingleton<IOpenIddictTokenStore<OAuthToken>>(new OAuthTokens(database));
        services.AddTransient<AppRegister>();
        services.AddOpenIddict().AddCore(core => core.SetDefaultApplicationEntity<OAuthApplication>().SetDefaultAuthorizationEntity<OAuthAuthorization>().SetDefaultScopeEntity<OAuthScope>().SetDefaultTokenEntity<OAuthToken>().DisableEntityCaching());
        return services;
    }

    internal static IServiceCollection AddOAuth(this IServiceCollection services, Database database, TrustSettings settings)
    {
        services.AddApps(database);
        services.AddSingleton<OAuthPrincipals>();
        services.AddSingleton<AppOrigins>();
        services.AddSingleton(provider => new Launches(database, provider.GetRequiredService<TimeProvider>()));
        var keys = OAuthKeys.Open(OAuthKeys.FileIn(settings.Folder, settings.Vault));
        var library = services.AddOpenIddict();
        EidClient.Add(library, settings, keys);
        library
            .AddServer(server => Configure(server, settings, keys, new(database, TimeProvider.System)))
            .AddValidation(validation =>
            {
                validation.UseLocalServer();
                // A token that was revoked, or whose owner took back what they allowed, is refused at once.
                validation.EnableTokenEntryValidation().EnableAuthorizationEntryValidation();
            });
        services.AddAuthentication();
        return services;
    }

    static void Configure(OpenIddictServerBuilder server, TrustSettings settings, OAuthKeys keys, Assertions assertions)
    {
        server.SetIssuer(settings.Issuer)
            .SetAuthorizationEndpointUris("oauth/authorize").SetPushedAuthorizationEndpointUris("oauth/par").SetTokenEndpointUris("oauth/token").SetIntrospectionEndpointUris("oauth/introspect")
            .SetRevocationEndpointUris("oauth/revoke").SetJsonWebKeySetEndpointUris("oauth/jwks").SetUserInfoEndpointUris("oauth/userinfo");
        server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange().AllowRefreshTokenFlow().AllowClientCredentialsFlow().AllowTokenExchangeFlow();
        server.Configure(options =>
        {
            options.CodeChallengeMethods.Clear();
            options.CodeChallengeMethods.Add(CodeChallengeMethods.Sha256);
        });
        // Opaque: what is in them is read from the database, so that a revocation acts.
        server.UseReferenceAccessTokens().UseReferenceRefreshTokens();
        // Of a code or refresh token that comes twice, one is a thief's: everything from that sign-in ends.
        server.SetRefreshTokenReuseLeeway(TimeSpan.Zero);
        server.SetAccessTokenLifetime(AccessTokenLasts).SetAuthorizationCodeLifetime(CodeLasts).SetRefreshTokenLifetime(RefreshTokenLasts);
        // Counted from the sign-in, not from the last use.
        server.DisableSlidingRefreshTokenExpiration();
        // Scopes of SMART are spelled by a grammar (SmartScopes), not listed.
        server.DisableScopeValidation().IgnoreScopePermissions().IgnoreResourcePermissions();
        server.RegisterScopes(Scopes.OpenId, Scopes.Profile, Scopes.OfflineAccess, "fhirUser", "launch", "launch/patient");
        foreach (var key in keys.Signing) server.AddSigningKey(key);
        foreach (var key in keys.Encryption) server.AddEncryptionKey(key);
        var issuer = settings.Issuer.ToString().TrimEnd('/');
        server.AddEventHandler<OpenIddictServerEvents.ValidateTokenContext>(handler => handler.SetOrder(int.MinValue + 1000).UseInlineHandler(context =>
        {
            // SMART has clients name the token endpoint in their assertions; OpenIddict alone would take the issuer only.
            if (context.ValidTokenTypes.Contains(TokenTypeIdentifiers.Private.ClientAssertion)) context.ValidAudiences?.Add($"{issuer}/oauth/token");
            // A token that is exchanged is for our FHIR server and was given to somebody else; who may exchange is in the register.
            else if (context.Request?.IsTokenExchangeGrantType() == true && context.ValidTokenTypes.Contains(TokenTypeIdentifiers.AccessToken))
            {
                context.ValidAudiences?.Add($"{issuer}/fhir");
                context.DisablePresenterValidation = true;
            }
            return default;
        }));
        server.AddEventHandler<OpenIddictServerEvents.ValidateTokenContext>(handler => handler.SetOrder(int.MaxValue - 1000).UseInlineHandler(async context =>
        {
            // OpenIddict looks at the same assertion more than once while it answers one request.
            if (context.Principal is not { } assertion || !assertion.HasTokenType(TokenTypeIdentifiers.Private.ClientAssertion) || context.Transaction.GetProperty<string>(nameof(Assertions)) == context.Token) return;
            if (await assertions.WhyNot(context.Token, context.CancellationToken) is { } why) context.Reject(Errors.InvalidClient, why);
            else context.Transaction.SetProperty(nameof(Assertions), context.Token);
        }));
        // Codes and refresh tokens are good for the client they were given to; what is exchanged was given to another one by its nature.
        var party = OpenIddictServerHandlers.Exchange.ValidateAuthorizedParty.Descriptor;
        server.RemoveEventHandler(party).AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.SetOrder(party.Order).UseInlineHandler(context =>
            context.Request.IsTokenExchangeGrantType() ? default : new OpenIddictServerHandlers.Exchange.ValidateAuthorizedParty().HandleAsync(context)));
        server.AddEventHandler<OpenIddictServerEvents.ProcessErrorContext>(handler => handler.SetOrder(int.MinValue + 1000).UseInlineHandler(Note));
        // What is asked for is within what the register says of the application.
        server.AddEventHandler<OpenIddictServerEvents.HandleAuthorizationRequestContext>(handler => handler.SetOrder(int.MinValue + 1000).UseInlineHandler(context => Covered(context, context.Request)));
        server.AddEventHandler<OpenIddictServerEvents.HandlePushedAuthorizationRequestContext>(handler => handler.SetOrder(int.MinValue + 1000).UseInlineHandler(context => Covered(context, context.Request)));
        server.AddEventHandler<OpenIddictServerEvents.HandleTokenRequestContext>(handler => handler.SetOrder(int.MinValue + 1000).UseInlineHandler(context => Covered(context, context.Request)));
        // Whether the way here is encrypted is the operator's: a proxy or the setting listen.
        server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough().EnableUserInfoEndpointPassthrough().DisableTransportSecurityRequirement();
    }

    /// <summary>What was refused: something used before is of a thief, or was stolen from one who will try again.</summary>
    /// <remarks>Source: the numbers of OpenIddict's errors, ID2010 (a code) and ID2012 (a refresh token that was redeemed already).</remarks>
    static ValueTask Note(OpenIddictServerEvents.ProcessErrorContext context)
    {
        var what = context switch
        {
            { ErrorUri: { } number } when number.EndsWith("/ID2010", StringComparison.Ordinal) => "code-replayed",
            { ErrorUri: { } number } when number.EndsWith("/ID2012", StringComparison.Ordinal) => "refresh-token-replayed",
            { ErrorDescription: Assertions.Used } => "assertion-replayed",
            { Error: Errors.InvalidClient } => "client-refused",
            { Error: Errors.InvalidToken } when context.Transaction.Request?.ClientAssertion is not null => "client-refused",
            { Error: Errors.InvalidGrant or Errors.InvalidToken } => "grant-refused",
            _ => null,
        };
        if (what is not null) SecurityLog.Note(context.Transaction.GetHttpRequest()!.HttpContext, what, context.Transaction.Request?.ClientId);
        return default;
    }

    static async ValueTask Covered(OpenIddictServerEvents.BaseValidatingContext context, OpenIddictRequest request)
    {
        var services = context.Transaction.GetHttpRequest()!.HttpContext.RequestServices;
        if (await WhyNotCovered(services.GetRequiredService<AppRegister>(), services.GetRequiredService<RecordStore>(), request.ClientId, request.GetScopes(), context.CancellationToken) is { } why) context.Reject(Errors.InvalidScope, why);
    }

    /// <summary>Why an application may not have these scopes; null when it may.</summary>
    static async ValueTask<string?> WhyNotCovered(AppRegister register, RecordStore store, string? clientId, IReadOnlyList<string> asked, CancellationToken stop)
    {
        if (asked.Count == 0) return null;
        if (SmartScopes.Read(asked, store.Indexer.Parameters) is not ({ } scopes, _)) return SmartScopes.Read(asked, store.Indexer.Parameters).Fault;
        return clientId is not null && await register.Find(clientId, stop) is { } app && SmartScopes.Read(app.Scopes, store.Indexer.Parameters).Scopes is { } registered ? registered.WhyNotCovered(scopes) : "The application is not registered.";
    }

    /// <summary>Maps the endpoints without a page. The middleware of OpenIddict sees only its own paths, so that the others do not pay for it.</summary>
    internal static void MapOAuth(this WebApplication app)
    {
        // Without this the host puts the middleware before all others, security headers included.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        app.UseWhen(request => request.Request.Path.StartsWithSegments("/oauth", StringComparison.Ordinal) || request.Request.Path.StartsWithSegments("/.well-known", StringComparison.Ordinal)
            || request.Request.Path.StartsWithSegments(EidClient.Path, StringComparison.Ordinal), branch => branch.UseAuthentication());
        app.MapPost("/oauth/token", Token);
        app.MapGet("/oauth/userinfo", (Delegate)UserInfo);
        app.MapGet("/.well-known/smart-configuration", SmartConfiguration);
        app.MapGet("/fhir/.well-known/smart-configuration", SmartConfiguration);
    }

    /// <summary>Exchanges what OpenIddict has already checked (client, code, PKCE, refresh token) for tokens.</summary>
    static async Task<IResult> Token(HttpContext http, OAuthPrincipals principals, AppRegister register, GoneAccounts gone, RecordStore store, IAccessControl control, CancellationToken stop)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("OpenIddict did not read the request.");
        if (request.IsAuthorizationCodeGrantType() || request.IsRefreshTokenGrantType())
        {
            var held = (await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme)).Principal!;
            if (await gone.Has(held.GetClaim(Claims.Subject), stop)) return Refuse(Errors.InvalidGrant, "The account behind this is gone.");
            // The register may have been narrowed since.
            if (await WhyNotCovered(register, store, request.ClientId, held.GetScopes(), stop) is { } beyond) return Refuse(Errors.InvalidScope, beyond);
            await Log(control, held.GetClaim(Claims.Subject)!, $"{request.GrantType} {request.ClientId}", stop);
            return SignIn(held);
        }
        if (request.IsClientCredentialsGrantType())
        {
            if (SmartScopes.Read([.. request.GetScopes()], store.Indexer.Parameters) is not ({ } scopes, _)) return Refuse(Errors.InvalidScope, SmartScopes.Read([.. request.GetScopes()], store.Indexer.Parameters).Fault!);
            if (scopes.Resources.Count == 0 || scopes.Resources.Count < scopes.Texts.Count || scopes.Resources.Any(one => one.Context != "system")) return Refuse(Errors.InvalidScope, "A program that asks for itself is granted scopes that begin with system/.");
            await Log(control, $"client/{request.ClientId}", request.GrantType!, stop);
            return SignIn(principals.Make($"client/{request.ClientId}", scopes.Texts, patient: null, holder: null));
        }
        if (request.IsTokenExchangeGrantType())
        {
            // RFC 8693: an institution's service acts for the person whose token it was sent, with no more than that token allows.
            var subject = (await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme)).Principal!;
            var wanted = request.GetScopes().Length == 0 ? subject.GetScopes() : request.GetScopes();
            if (wanted.Any(scope => !subject.HasScope(scope))) return Refuse(Errors.InvalidScope, "A token is exchanged for one with the same scopes or fewer.");
            if (await WhyNotCovered(register, store, request.ClientId, wanted, stop) is { } more) return Refuse(Errors.InvalidScope, more);
            var agent = subject.GetClaim(Claims.Subject)!;
            var exchanged = principals.Make(agent, wanted.Where(scope => scope != Scopes.OfflineAccess), OAuthPrincipals.PatientOf(subject) is { } patient ? $"Patient/{patient}" : null, holder: null);
            await Log(control, agent, $"{request.GrantType} {request.ClientId}", stop);
            return SignIn(exchanged);
        }
        return Refuse(Errors.UnsupportedGrantType, "This grant type is not supported.");
    }

    static Task Log(IAccessControl control, string agent, string how, CancellationToken stop) => control.Log(new(agent, new("token", null), how, [], StatusCodes.Status200OK), stop).AsTask();

    static async Task<IResult> UserInfo(HttpContext http)
    {
        var held = (await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme)).Principal;
        return held is null ? TypedResults.Unauthorized() : TypedResults.Json(new Dictionary<string, string?> { ["sub"] = held.GetClaim(Claims.Subject), ["fhirUser"] = held.HasScope("fhirUser") ? held.GetClaim("fhirUser") : null }
            .Where(pair => pair.Value is not null).ToDictionary());
    }

    /// <summary>Lets OpenIddict answer with tokens; the patient they are about stands beside them, as SMART wants it.</summary>
    public static IResult SignIn(System.Security.Claims.ClaimsPrincipal principal)
    {
        var properties = new AuthenticationProperties();
        if (OAuthPrincipals.PatientOf(principal) is { } patient)
        {
            properties.Parameters["patient"] = patient;
            properties.Parameters["need_patient_banner"] = true;
        }
        return TypedResults.SignIn(principal, properties, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    /// <summary>Lets OpenIddict answer with an error of OAuth.</summary>
    public static IResult Refuse(string error, string description) => TypedResults.Forbid(new AuthenticationProperties(new Dictionary<string, string?>
    {
        [OpenIddictServerAspNetCoreConstants.Properties.Error] = error, [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
    }), [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);

    static readonly string[] Authentications = ["client_secret_basic", "private_key_jwt"], Challenges = ["S256"], Responses = ["code"],
        Grants = ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
        Offered = ["openid", "profile", "fhirUser", "launch", "launch/patient", "offline_access", "online_access", "patient/*.rs", "user/*.cruds", "system/*.cruds"],
        Capabilities =
        [
            "launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect", "context-ehr-patient", "context-banner",
            "context-standalone-patient", "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1", "permission-v2", "authorize-post",
        ];

    /// <summary>What the server can, in the words of SMART App Launch 2.2.</summary>
    static async Task<IResult> SmartConfiguration(HttpContext request, TrustSettings settings, IAccessControl control, CancellationToken stop)
    {
        if ((await control.Decide(request, new("capabilities", null), stop)).Refusal is not null) return TypedResults.Unauthorized();
        var issuer = settings.Issuer.ToString().TrimEnd('/');
        return TypedResults.Json(new Dictionary<string, object>
        {
            ["issuer"] = settings.Issuer.ToString(), ["jwks_uri"] = $"{issuer}/oauth/jwks", ["authorization_endpoint"] = $"{issuer}/oauth/authorize", ["token_endpoint"] = $"{issuer}/oauth/token",
            ["pushed_authorization_request_endpoint"] = $"{issuer}/oauth/par", ["introspection_endpoint"] = $"{issuer}/oauth/introspect", ["revocation_endpoint"] = $"{issuer}/oauth/revoke", ["management_endpoint"] = $"{issuer}/apps",
            ["token_endpoint_auth_methods_supported"] = Authentications, ["token_endpoint_auth_signing_alg_values_supported"] = Assertions.Algorithms, ["grant_types_supported"] = Grants, ["response_types_supported"] = Responses,
            ["code_challenge_methods_supported"] = Challenges, ["scopes_supported"] = Offered, ["capabilities"] = Capabilities,
        });
    }
}
