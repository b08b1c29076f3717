using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Records.Access;
using Tervik.Trust.Identity;

namespace Tervik.Care.Hl7;

/// <summary><c>POST /hl7/v2</c>: HL7 over HTTP, as the HAPI specification of that name has it. The answer is the acknowledgment: 200 for AA, 422 for AE, 400 and other errors for AR.</summary>
static class Hl7Endpoint
{
    const string MediaType = "x-application/hl7-v2+er7";
    static readonly HashSet<string> Taken = new(StringComparer.OrdinalIgnoreCase) { MediaType, "application/hl7-v2+er7", "application/hl7-v2", "x-application/hl7-v2", "application/edi-hl7", "text/plain" };

    /// <summary>Maps it.</summary>
    public static void MapHl7(this IEndpointRouteBuilder routes) => routes.MapPost("/hl7/v2", (Delegate)Receive).WithTags("HL7 v2");

    static async Task Receive(HttpContext request)
    {
        var stop = request.RequestAborted;
        var intake = request.RequestServices.GetRequiredService<Hl7Intake>();
        var isProgram = await request.RequestServices.GetRequiredService<Identification>().Of(request, stop) is { Kind: PrincipalKind.System or PrincipalKind.Nobody };
        if (!isProgram)
        {
            // People have other ways: what a feed says is an institution's word.
            var permission = await request.RequestServices.GetRequiredService<IAccessControl>().Decide(request, new("transaction", null), stop);
            await request.RequestServices.GetRequiredService<IAccessControl>().Log(new(permission.Agent, new("transaction", null), null, [], StatusCodes.Status403Forbidden), stop);
            await Answer(request, intake.Unreadable("HL7 v2 is taken from programs of institutions alone (client/…)."), StatusCodes.Status403Forbidden, System.Text.Encoding.UTF8);
            return;
        }
        if (request.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = Hl7Message.LongestMessage;
        var bytes = await Body(request);
        var type = MediaTypeHeaderValue.TryParse(request.Request.ContentType, out var said) ? said : null;
        var isTaken = type?.MediaType is { } media && Taken.Contains(media);
        if (bytes is null || !isTaken && bytes.Length > 0 && await IsKnown(request))
        {
            await Answer(request, intake.Unreadable(bytes is null ? $"A message is at most {Hl7Message.LongestMessage} bytes long." : $"The content type is not {MediaType}."), bytes is null ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status415UnsupportedMediaType, System.Text.Encoding.UTF8);
            return;
        }
        var answer = await intake.Take(request, bytes, type?.CharSet?.Trim('"'), stop);
        await Answer(request, answer.Text, answer.Status, answer.Encoding);
    }

    static async Task<bool> IsKnown(HttpContext request) => await request.RequestServices.GetRequiredService<Identification>().Of(request, request.RequestAborted) is { Kind: PrincipalKind.System };

    static async Task<byte[]?> Body(HttpContext request)
    {
        if (request.Request.ContentLength > Hl7Message.LongestMessage) return null;
        using var body = new MemoryStream();
        try
        {
            await request.Request.Body.CopyToAsync(body, request.RequestAborted);
        }
        catch (BadHttpRequestException fault) when (fault.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
        return body.ToArray();
    }

    static Task Answer(HttpContext request, Taken taken, int status, System.Text.Encoding encoding) => Answer(request, taken.Answer, status, encoding);

    static async Task Answer(HttpContext request, string text, int status, System.Text.Encoding encoding)
    {
        var response = request.Response;
        (response.StatusCode, response.ContentType, response.Headers.CacheControl) = (status, $"{MediaType}; charset={encoding.WebName}", "no-store");
        if (status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer";
        var bytes = encoding.GetBytes(text);
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, request.RequestAborted);
    }
}
