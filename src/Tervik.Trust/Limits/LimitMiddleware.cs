using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Records;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Limits;

/// <summary>Answers 429 with <c>Retry-After</c> to who asks for too much: an OperationOutcome under /fhir, a page elsewhere.</summary>
public static class LimitMiddleware
{
    /// <summary>What is nobody's: it is not asked who wants it.</summary>
    static readonly string[] Open = ["/assets", "/health", "/access-log"];

    /// <summary>Whether a request is for what is nobody's.</summary>
    internal static bool IsOpen(HttpContext request) => Array.Exists(Open, path => request.Request.Path.StartsWithSegments(path));

    /// <summary>Around everything else.</summary>
    /// <param name="app">The program.</param>
    /// <param name="page">The page that says that it was too much.</param>
    public static void UseLimits(this WebApplication app, Func<HttpContext, IResult> page)
    {
        var (limits, identification) = (app.Services.GetRequiredService<RequestLimits>(), app.Services.GetRequiredService<Identification>());
        app.Use(async (request, next) =>
        {
            request.Response.Headers[AccessOrigin.RequestHeader] = AccessOrigin.Begin(request);
            if (limits.Exceeds(request) is { } after)
            {
                await Refuse(request, after, page);
                return;
            }
            if (!IsOpen(request) && limits.Exceeds(await identification.Of(request, request.RequestAborted)) is { } later)
            {
                await Refuse(request, later, page);
                return;
            }
            try
            {
                await next(request);
            }
            catch (FaultException fault) when (fault.Faults[0].Kind == FaultKind.TooMany && !request.Response.HasStarted)
            {
                await Answer(request, fault.Faults[0], page);
            }
        });
    }

    /// <summary>Notes on the answer after which time to ask again, in whole seconds.</summary>
    internal static void RetryAfter(HttpResponse response, TimeSpan after) => response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    static Task Refuse(HttpContext request, TimeSpan after, Func<HttpContext, IResult> page)
    {
        RetryAfter(request.Response, after);
        return Answer(request, new(FaultKind.TooMany, "throttled", null, "This account or network asks for more than it may in so short a time. Ask again after the time in Retry-After."), page);
    }

    static Task Answer(HttpContext request, Fault fault, Func<HttpContext, IResult> page) =>
        (request.Request.Path.StartsWithSegments("/fhir") ? FhirBody.Outcome(fault) : page(request)).ExecuteAsync(request);
}
