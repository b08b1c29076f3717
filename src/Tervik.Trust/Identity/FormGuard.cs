using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tervik.Records.Access;

namespace Tervik.Trust.Identity;

/// <summary>Makes sure that a form comes from our own page: the browser must say so, and the form must carry a token made from the secret in the cookie.</summary>
/// <remarks>Source: OWASP, Cross-Site Request Forgery Prevention: fetch metadata, and a token bound to the session by HMAC.</remarks>
public static class FormGuard
{
    /// <summary>Name of the hidden field.</summary>
    public const string Field = "form-token";
    const int SecretBytes = 32;

    /// <summary>The token to put into the forms of a page. Before the sign-in a cookie of its own takes the session's place.</summary>
    public static string TokenFor(HttpContext request)
    {
        var secret = Sessions.SecretOf(request) ?? request.Request.Cookies[CookieName(request)];
        if (secret is null)
        {
            secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
            request.Response.Cookies.Append(CookieName(request), secret,
                new() { HttpOnly = true, Secure = request.Request.IsHttps, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true });
        }
        return Token(secret);
    }

    /// <summary>Whether the posted form is ours.</summary>
    public static bool Accepts(HttpContext request, IFormCollection form)
    {
        if (IsOurs(request, form)) return true;
        SecurityLog.Note(request, "form-refused");
        return false;
    }

    static bool IsOurs(HttpContext request, IFormCollection form)
    {
        var site = request.Request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none")) return false;
        if (request.Request.Headers.Origin.ToString() is { Length: > 0 } origin && origin != $"{request.Request.Scheme}://{request.Request.Host}") return false;
        return (Sessions.SecretOf(request) ?? request.Request.Cookies[CookieName(request)]) is { } secret
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Token(secret)), Encoding.UTF8.GetBytes(form[Field].ToString()));
    }

    /// <summary>A new key for a form: the id of what it will write, bound to the session, so that a form sent twice writes once.</summary>
    public static string NewKey(HttpContext request)
    {
        var id = Guid.CreateVersion7().ToString("D");
        return $"{id}.{Sign(request, id)}";
    }

    /// <summary>The id in a key.</summary>
    public static string IdOf(string key) => key[..key.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>The id in a posted key; null when the key is not of this session.</summary>
    public static string? KeyOf(HttpContext request, string key) => key.IndexOf('.', StringComparison.Ordinal) is var dot and > 0
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(request, key[..dot])), Encoding.UTF8.GetBytes(key[(dot + 1)..])) ? key[..dot] : null;

    static string Sign(HttpContext request, string id) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Sessions.SecretOf(request) ?? ""), Encoding.UTF8.GetBytes($"key {id}")));

    /// <summary>Whether the browser says that the request comes from a page of ours. Enough to show somebody again what they wrote, not to write it.</summary>
    public static bool IsFromHere(HttpContext request) => request.Request.Headers["Sec-Fetch-Site"] == "same-origin";

    static string Token(string secret) => Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "form"u8));

    static string CookieName(HttpContext request) => request.Request.IsHttps ? "__Host-tervik-form" : "tervik-form";
}
