using Microsoft.AspNetCore.Http;
using Tervik.Trust.Identity.OAuth;

namespace Tervik.Trust.Identity;

/// <summary>Finds out who sent a request: a bearer token before a session cookie.</summary>
public sealed class Identification(AccessTokens tokens, OAuthPrincipals oauth, Sessions sessions)
{
    static readonly object Key = new();

    /// <summary>Who asks. A token that is not valid gives nobody, even beside a valid cookie. Found once per request.</summary>
    public ValueTask<Principal> Of(HttpContext request, CancellationToken stop) =>
        request.Items.TryGetValue(Key, out var known) ? new((Principal)known!) : Find(request, stop);

    /// <summary>Whether a posted form is of our own pages. If it is, the session behind it may write for this one request: a cookie alone never does.</summary>
    public async ValueTask<bool> Accepts(HttpContext request, IFormCollection form, CancellationToken stop)
    {
        if (!FormGuard.Accepts(request, form)) return false;
        if (request.Request.Headers.Authorization.Count == 0 && await Of(request, stop) is { Kind: not PrincipalKind.Nobody } principal)
            request.Items[Key] = principal with { Scope = Scope.Read | Scope.Write };
        return true;
    }

    async ValueTask<Principal> Find(HttpContext request, CancellationToken stop)
    {
        var principal = request.Request.Headers.Authorization.ToString() is { Length: > 0 } authorization
            ? await OfToken(authorization, stop) ?? Principal.Refused
            : await sessions.Find(request, stop) ?? Principal.Nobody;
        request.Items[Key] = principal;
        return principal;
    }

    ValueTask<Principal?> OfToken(string authorization, CancellationToken stop)
    {
        const string Scheme = "Bearer ";
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return default;
        var secret = authorization.AsMemory(Scheme.Length).Trim();
        return secret.Span.StartsWith(AccessTokens.Prefix, StringComparison.Ordinal) ? tokens.Find(secret, stop) : oauth.Find(secret, stop);
    }

    /// <summary>Says who sent what came by another way than HTTP: whom that way belongs to, by the settings.</summary>
    public static void Admit(HttpContext request, Principal principal) => request.Items[Key] = principal;

    internal static void Forget(HttpContext request) => request.Items.Remove(Key);
}
