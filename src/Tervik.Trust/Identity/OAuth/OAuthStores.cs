using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Tervik.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.Trust.Identity.OAuth;

#pragma warning disable CA1822 // members of the interfaces of OpenIddict

/// <summary>Applications.</summary>
sealed class OAuthApplications(Database database) : OAuthStore<OAuthApplication>(database, "oauth_application", ["client_id"]), IOpenIddictApplicationStore<OAuthApplication>
{
    /// <summary>A set of public keys as RFC 7517 has it.</summary>
    static string Written(JsonWebKeySet set) => JsonSerializer.Serialize(new
    {
        keys = set.Keys.Select(key => new Dictionary<string, string?> { ["kty"] = key.Kty, ["kid"] = key.Kid, ["use"] = key.Use, ["alg"] = key.Alg, ["crv"] = key.Crv, ["x"] = key.X, ["y"] = key.Y, ["n"] = key.N, ["e"] = key.E }.Where(pair => pair.Value is not null).ToDictionary()),
    });

    protected override SqlValue[] ColumnsOf(OAuthApplication entity) => [entity.ClientId ?? ""];

    public async ValueTask<OAuthApplication?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken) => await One("client_id = $1", cancellationToken, identifier);
    public IAsyncEnumerable<OAuthApplication> FindByRedirectUriAsync(string uri, CancellationToken cancellationToken) => Find("1 = 1", cancellationToken).Where(application => application.RedirectUris.Contains(uri));
    public IAsyncEnumerable<OAuthApplication> FindByPostLogoutRedirectUriAsync(string uri, CancellationToken cancellationToken) => Find("1 = 1", cancellationToken).Where(application => application.PostLogoutRedirectUris.Contains(uri));

    public ValueTask<string?> GetApplicationTypeAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.ApplicationType);
    public ValueTask<string?> GetClientIdAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.ClientId);
    public ValueTask<string?> GetClientSecretAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.ClientSecret);
    public ValueTask<string?> GetClientTypeAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.ClientType);
    public ValueTask<string?> GetConsentTypeAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.ConsentType);
    public ValueTask<string?> GetDisplayNameAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.DisplayName);
    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDisplayNamesAsync(OAuthApplication of, CancellationToken cancellationToken) => new(ImmutableDictionary<CultureInfo, string>.Empty);
    public ValueTask<string?> GetIdAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.Id);
    public ValueTask<JsonWebKeySet?> GetJsonWebKeySetAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.Keys is null ? null : JsonWebKeySet.Create(of.Keys));
    public ValueTask<ImmutableArray<string>> GetPermissionsAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.Permissions);
    public ValueTask<ImmutableArray<string>> GetPostLogoutRedirectUrisAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.PostLogoutRedirectUris);
    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.Properties);
    public ValueTask<ImmutableArray<string>> GetRedirectUrisAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.RedirectUris);
    public ValueTask<ImmutableArray<string>> GetRequirementsAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.Requirements);
    public ValueTask<ImmutableDictionary<string, string>> GetSettingsAsync(OAuthApplication of, CancellationToken cancellationToken) => new(of.Settings);
    public ValueTask SetApplicationTypeAsync(OAuthApplication of, string? value, CancellationToken cancellationToken) => Done(of.ApplicationType = value);
    public ValueTask SetClientIdAsync(OAuthApplication of, string? value, CancellationToken cancellationToken) => Done(of.ClientId = value);
    public ValueTask SetClientSecretAsync(OAuthApplication of, string? value, CancellationToken cancellationToken) => Done(of.ClientSecret = value);
    public ValueTask SetClientTypeAsync(OAuthApplication of, string? value, CancellationToken cancellationToken) => Done(of.ClientType = value);
    public ValueTask SetConsentTypeAsync(OAuthApplication of, string? value, CancellationToken cancellationToken) => Done(of.ConsentType = value);
    public ValueTask SetDisplayNameAsync(OAuthApplication of, string? value, CancellationToken cancellationToken) => Done(of.DisplayName = value);
    public ValueTask SetDisplayNamesAsync(OAuthApplication of, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) => default;
    public ValueTask SetJsonWebKeySetAsync(OAuthApplication of, JsonWebKeySet? set, CancellationToken cancellationToken) => Done(of.Keys = set is null ? null : Written(set));
    public ValueTask SetPermissionsAsync(OAuthApplication of, ImmutableArray<string> value, CancellationToken cancellationToken) => Done(of.Permissions = value);
    public ValueTask SetPostLogoutRedirectUrisAsync(OAuthApplication of, ImmutableArray<string> value, CancellationToken cancellationToken) => Done(of.PostLogoutRedirectUris = value);
    public ValueTask SetPropertiesAsync(OAuthApplication of, ImmutableDictionary<string, JsonElement> value, CancellationToken cancellationToken) => Done(of.Properties = value);
    public ValueTask SetRedirectUrisAsync(OAuthApplication of, ImmutableArray<string> value, CancellationToken cancellationToken) => Done(of.RedirectUris = value);
    public ValueTask SetRequirementsAsync(OAuthApplication of, ImmutableArray<string> value, CancellationToken cancellationToken) => Done(of.Requirements = value);
    public ValueTask SetSettingsAsync(OAuthApplication of, ImmutableDictionary<string, string> value, CancellationToken cancellationToken) => Done(of.Settings = value);
}

/// <summary>What people allowed.</summary>
sealed class OAuthAuthorizations(Database database) : OAuthStore<OAuthAuthorization>(database, "oauth_authorization", ["subject", "application", "status", "created_us"]), IOpenIddictAuthorizationStore<OAuthAuthorization>
{
    protected override SqlValue[] ColumnsOf(OAuthAuthorization entity) => [entity.Subject ?? "", entity.ApplicationId ?? "", entity.Status ?? "", entity.CreationDate?.Us() ?? 0];

    // No condition on what was not asked for.
    const string Matching = "($1 = '' OR subject = $1) AND ($2 = '' OR application = $2) AND ($3 = '' OR status = $3)";

    public IAsyncEnumerable<OAuthAuthorization> FindAsync(string? subject, string? client, string? status, string? type, ImmutableArray<string>? scopes, CancellationToken cancellationToken) =>
        Find(Matching, cancellationToken, subject ?? "", client ?? "", status ?? "").Where(one => (type is null || one.Type == type) && (scopes is null || scopes.Value.All(scope => one.Scopes.Contains(scope))));
    public IAsyncEnumerable<OAuthAuthorization> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) => Find("application = $1", cancellationToken, identifier);
    public IAsyncEnumerable<OAuthAuthorization> FindBySubjectAsync(string subject, CancellationToken cancellationToken) => Find("subject = $1 ORDER BY created_us DESC", cancellationToken, subject);
    public async ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, Matching, cancellationToken, subject ?? "", client ?? "", status ?? "");
    public async ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, "application = $1", cancellationToken, identifier);
    public async ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, "subject = $1", cancellationToken, subject);

    // What somebody once allowed is part of their history; only what was good for one time goes.
    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken) => await Database.Write(session => session.Execute(
        "DELETE FROM oauth_authorization WHERE status <> 'valid' AND created_us < $1 AND NOT EXISTS (SELECT 1 FROM oauth_token WHERE allowed_by = oauth_authorization.id)", threshold.Us()), cancellationToken);

    public ValueTask<string?> GetApplicationIdAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.ApplicationId);
    public ValueTask<DateTimeOffset?> GetCreationDateAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.CreationDate);
    public ValueTask<string?> GetIdAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.Id);
    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.Properties);
    public ValueTask<ImmutableArray<string>> GetScopesAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.Scopes);
    public ValueTask<string?> GetStatusAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.Status);
    public ValueTask<string?> GetSubjectAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.Subject);
    public ValueTask<string?> GetTypeAsync(OAuthAuthorization of, CancellationToken cancellationToken) => new(of.Type);
    public ValueTask SetApplicationIdAsync(OAuthAuthorization of, string? value, CancellationToken cancellationToken) => Done(of.ApplicationId = value);
    public ValueTask SetCreationDateAsync(OAuthAuthorization of, DateTimeOffset? value, CancellationToken cancellationToken) => Done(of.CreationDate = value);
    public ValueTask SetPropertiesAsync(OAuthAuthorization of, ImmutableDictionary<string, JsonElement> value, CancellationToken cancellationToken) => Done(of.Properties = value);
    public ValueTask SetScopesAsync(OAuthAuthorization of, ImmutableArray<string> value, CancellationToken cancellationToken) => Done(of.Scopes = value);
    public ValueTask SetStatusAsync(OAuthAuthorization of, string? value, CancellationToken cancellationToken) => Done(of.Status = value);
    public ValueTask SetSubjectAsync(OAuthAuthorization of, string? value, CancellationToken cancellationToken) => Done(of.Subject = value);
    public ValueTask SetTypeAsync(OAuthAuthorization of, string? value, CancellationToken cancellationToken) => Done(of.Type = value);
}

/// <summary>Scopes with a description: none.</summary>
sealed class OAuthScopes(Database database) : OAuthStore<OAuthScope>(database, "oauth_application", []), IOpenIddictScopeStore<OAuthScope>
{
    protected override SqlValue[] ColumnsOf(OAuthScope entity) => throw new NotSupportedException("Scopes are spelled by their standard and not registered.");

    public ValueTask<OAuthScope?> FindByNameAsync(string name, CancellationToken cancellationToken) => default;
    public IAsyncEnumerable<OAuthScope> FindByNamesAsync(ImmutableArray<string> names, CancellationToken cancellationToken) => AsyncEnumerable.Empty<OAuthScope>();
    public IAsyncEnumerable<OAuthScope> FindByResourceAsync(string resource, CancellationToken cancellationToken) => AsyncEnumerable.Empty<OAuthScope>();

    public ValueTask<string?> GetDescriptionAsync(OAuthScope of, CancellationToken cancellationToken) => new(of.Description);
    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDescriptionsAsync(OAuthScope of, CancellationToken cancellationToken) => new(ImmutableDictionary<CultureInfo, string>.Empty);
    public ValueTask<string?> GetDisplayNameAsync(OAuthScope of, CancellationToken cancellationToken) => new(of.DisplayName);
    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDisplayNamesAsync(OAuthScope of, CancellationToken cancellationToken) => new(ImmutableDictionary<CultureInfo, string>.Empty);
    public ValueTask<string?> GetIdAsync(OAuthScope of, CancellationToken cancellationToken) => new(of.Id);
    public ValueTask<string?> GetNameAsync(OAuthScope of, CancellationToken cancellationToken) => new(of.Name);
    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthScope of, CancellationToken cancellationToken) => new(of.Properties);
    public ValueTask<ImmutableArray<string>> GetResourcesAsync(OAuthScope of, CancellationToken cancellationToken) => new(of.Resources);
    public ValueTask SetDescriptionAsync(OAuthScope of, string? value, CancellationToken cancellationToken) => Done(of.Description = value);
    public ValueTask SetDescriptionsAsync(OAuthScope of, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) => default;
    public ValueTask SetDisplayNameAsync(OAuthScope of, string? value, CancellationToken cancellationToken) => Done(of.DisplayName = value);
    public ValueTask SetDisplayNamesAsync(OAuthScope of, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) => default;
    public ValueTask SetNameAsync(OAuthScope of, string? value, CancellationToken cancellationToken) => Done(of.Name = value);
    public ValueTask SetPropertiesAsync(OAuthScope of, ImmutableDictionary<string, JsonElement> value, CancellationToken cancellationToken) => Done(of.Properties = value);
    public ValueTask SetResourcesAsync(OAuthScope of, ImmutableArray<string> value, CancellationToken cancellationToken) => Done(of.Resources = value);
}

/// <summary>Tokens.</summary>
sealed class OAuthTokens(Database database) : OAuthStore<OAuthToken>(database, "oauth_token", ["reference", "allowed_by", "subject", "application", "status", "expires_us"]), IOpenIddictTokenStore<OAuthToken>
{
    protected override SqlValue[] ColumnsOf(OAuthToken entity) => [entity.ReferenceId, entity.AuthorizationId ?? "", entity.Subject ?? "", entity.ApplicationId ?? "", entity.Status ?? "", entity.ExpirationDate?.Us() ?? long.MaxValue];

    const string Matching = "($1 = '' OR subject = $1) AND ($2 = '' OR application = $2) AND ($3 = '' OR status = $3)";

    public IAsyncEnumerable<OAuthToken> FindAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) =>
        Find(Matching, cancellationToken, subject ?? "", client ?? "", status ?? "").Where(one => type is null || one.Type == type);
    public IAsyncEnumerable<OAuthToken> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) => Find("application = $1", cancellationToken, identifier);
    public IAsyncEnumerable<OAuthToken> FindByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken) => Find("allowed_by = $1", cancellationToken, identifier);
    public IAsyncEnumerable<OAuthToken> FindBySubjectAsync(string subject, CancellationToken cancellationToken) => Find("subject = $1", cancellationToken, subject);
    public async ValueTask<OAuthToken?> FindByReferenceIdAsync(string identifier, CancellationToken cancellationToken) => await One("reference = $1", cancellationToken, identifier);
    public async ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, Matching, cancellationToken, subject ?? "", client ?? "", status ?? "");
    public async ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, "application = $1", cancellationToken, identifier);
    public async ValueTask<long> RevokeByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, "allowed_by = $1", cancellationToken, identifier);
    public async ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken) => await Change(one => one.Status = Statuses.Revoked, "subject = $1", cancellationToken, subject);
    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken) => await Database.Write(session => session.Execute("DELETE FROM oauth_token WHERE expires_us < $1", threshold.Us()), cancellationToken);

    public ValueTask<string?> GetApplicationIdAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.ApplicationId);
    public ValueTask<string?> GetAuthorizationIdAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.AuthorizationId);
    public ValueTask<DateTimeOffset?> GetCreationDateAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.CreationDate);
    public ValueTask<DateTimeOffset?> GetExpirationDateAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.ExpirationDate);
    public ValueTask<string?> GetIdAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.Id);
    public ValueTask<string?> GetPayloadAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.Payload);
    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.Properties);
    public ValueTask<DateTimeOffset?> GetRedemptionDateAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.RedemptionDate);
    public ValueTask<string?> GetReferenceIdAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.ReferenceId);
    public ValueTask<string?> GetStatusAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.Status);
    public ValueTask<string?> GetSubjectAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.Subject);
    public ValueTask<string?> GetTypeAsync(OAuthToken of, CancellationToken cancellationToken) => new(of.Type);
    public ValueTask SetApplicationIdAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.ApplicationId = value);
    public ValueTask SetAuthorizationIdAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.AuthorizationId = value);
    public ValueTask SetCreationDateAsync(OAuthToken of, DateTimeOffset? value, CancellationToken cancellationToken) => Done(of.CreationDate = value);
    public ValueTask SetExpirationDateAsync(OAuthToken of, DateTimeOffset? value, CancellationToken cancellationToken) => Done(of.ExpirationDate = value);
    public ValueTask SetPayloadAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.Payload = value);
    public ValueTask SetPropertiesAsync(OAuthToken of, ImmutableDictionary<string, JsonElement> value, CancellationToken cancellationToken) => Done(of.Properties = value);
    public ValueTask SetRedemptionDateAsync(OAuthToken of, DateTimeOffset? value, CancellationToken cancellationToken) => Done(of.RedemptionDate = value);
    public ValueTask SetReferenceIdAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.ReferenceId = value);
    public ValueTask SetStatusAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.Status = value);
    public ValueTask SetSubjectAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.Subject = value);
    public ValueTask SetTypeAsync(OAuthToken of, string? value, CancellationToken cancellationToken) => Done(of.Type = value);
}
