using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Portal.Forms;
using Tervik.Trust.Identity;

namespace Tervik.Portal.SignIn;

/// <summary>What somebody wrote into a form whose session had ended: it waits in the sign-in page itself, in hidden fields, and nowhere else.</summary>
/// <param name="Fields">Names and values, as posted.</param>
public sealed record HeldForm(IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    /// <summary>Before the names of held fields, so that they cannot be confused with the page's own.</summary>
    public const string Prefix = "held:";

    static readonly string[] Ours = [FormGuard.Field, Form.KeyField, Form.ReviewField];

    /// <summary>From a form as it was first posted.</summary>
    public static HeldForm Of(IFormCollection posted) => new([.. posted.Where(field => !Ours.Contains(field.Key)).Select(field => KeyValuePair.Create(field.Key, field.Value.ToString()))]);

    /// <summary>From a page that held it; null when it held none.</summary>
    public static HeldForm? Back(IFormCollection posted) =>
        posted.Where(field => field.Key.StartsWith(Prefix, StringComparison.Ordinal)).Select(field => KeyValuePair.Create(field.Key[Prefix.Length..], field.Value.ToString())).ToList() is { Count: > 0 } fields ? new(fields) : null;
}

/// <summary>The answer to a form of somebody who has been signed out: sign in again, and go on with what was written.</summary>
sealed class SignInAgain(IFormCollection posted) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var page = await SignInEndpoints.Page(httpContext, httpContext.Request.Path + httpContext.Request.QueryString, HeldForm.Of(posted), fault: null,
            httpContext.RequestServices.GetRequiredService<SignInParts>(), httpContext.RequestAborted);
        await page.ExecuteAsync(httpContext);
    }
}
