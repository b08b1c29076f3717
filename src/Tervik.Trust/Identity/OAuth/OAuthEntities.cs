using System.Collections.Immutable;
using System.Text.Json;

namespace Tervik.Trust.Identity.OAuth;

// What OpenIddict keeps, one property for each of its own; their meaning is in its documentation.
#pragma warning disable CS1591

/// <summary>Something OpenIddict keeps.</summary>
public abstract class OAuthEntity
{
    public string Id { get; set; } = Guid.CreateVersion7().ToString();
    /// <summary>Changes with each write: of two that change the same, the second fails.</summary>
    public string Version { get; set; } = "";
}

/// <summary>An application that was registered.</summary>
public sealed class OAuthApplication : OAuthEntity
{
    public string? ApplicationType { get; set; }
    public string? ClientId { get; set; }
    public string? ClientSecret { get; set; }
    public string? ClientType { get; set; }
    public string? ConsentType { get; set; }
    public string? DisplayName { get; set; }
    public string? Keys { get; set; }
    public ImmutableArray<string> Permissions { get; set; } = [];
    public ImmutableArray<string> PostLogoutRedirectUris { get; set; } = [];
    public ImmutableDictionary<string, JsonElement> Properties { get; set; } = ImmutableDictionary<string, JsonElement>.Empty;
    public ImmutableArray<string> RedirectUris { get; set; } = [];
    public ImmutableArray<string> Requirements { get; set; } = [];
    public ImmutableDictionary<string, string> Settings { get; set; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>What somebody allowed an application.</summary>
public sealed class OAuthAuthorization : OAuthEntity
{
    public string? ApplicationId { get; set; }
    public DateTimeOffset? CreationDate { get; set; }
    public ImmutableDictionary<string, JsonElement> Properties { get; set; } = ImmutableDictionary<string, JsonElement>.Empty;
    public ImmutableArray<string> Scopes { get; set; } = [];
    public string? Status { get; set; }
    public string? Subject { get; set; }
    public string? Type { get; set; }
}

/// <summary>A scope with a description; ours are spelled by their standard and need none.</summary>
public sealed class OAuthScope : OAuthEntity
{
    public string? Description { get; set; }
    public string? DisplayName { get; set; }
    public string? Name { get; set; }
    public ImmutableDictionary<string, JsonElement> Properties { get; set; } = ImmutableDictionary<string, JsonElement>.Empty;
    public ImmutableArray<string> Resources { get; set; } = [];
}

/// <summary>A code, an access, refresh or request token.</summary>
public sealed class OAuthToken : OAuthEntity
{
    public string? ApplicationId { get; set; }
    public string? AuthorizationId { get; set; }
    public DateTimeOffset? CreationDate { get; set; }
    public DateTimeOffset? ExpirationDate { get; set; }
    public string? Payload { get; set; }
    public ImmutableDictionary<string, JsonElement> Properties { get; set; } = ImmutableDictionary<string, JsonElement>.Empty;
    public DateTimeOffset? RedemptionDate { get; set; }
    public string? ReferenceId { get; set; }
    public string? Status { get; set; }
    public string? Subject { get; set; }
    public string? Type { get; set; }
}
