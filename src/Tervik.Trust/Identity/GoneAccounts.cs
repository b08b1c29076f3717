using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Limits;

namespace Tervik.Trust.Identity;

/// <summary>Whose Patient or Practitioner was deleted, or whose Practitioner is not active, has no account: what they had open ends with the deletion, and what is shown later is refused.</summary>
sealed class GoneAccounts(RecordStore store, Credentials credentials, TimeProvider clock)
{
    readonly CredentialCache<object> known = new(clock);
    static readonly object Gone = new(), There = new();

    /// <summary>Whether the person behind an account was deleted, or is a professional who is not active any more (Practitioner.active). Programs, and people who are not in the record, are not.</summary>
    public async ValueTask<bool> Has(string? agent, CancellationToken stop) => agent?.Split('/') is [("Patient" or "Practitioner") and var type, { Length: > 0 } id]
        && await known.Find(agent, async (_, cancel) => IsGone(await store.Read(type, id, AccessFilter.Everything, cancel)) ? Gone : There, stop) == Gone;

    static bool IsGone(StoredResource? person)
    {
        if (person is null or { IsDeleted: true } or { Type: not "Practitioner" }) return person is { IsDeleted: true };
        using var json = JsonDocument.Parse(person.Body);
        return json.RootElement.TryGetProperty("active"u8, out var isActive) && isActive.ValueKind == JsonValueKind.False;
    }

    /// <summary>Ends the accounts of the people whom somebody deleted.</summary>
    public async ValueTask After(AccessEvent access, CancellationToken stop)
    {
        if (access is not { Interaction: { Name: "delete", Type: "Patient" or "Practitioner" }, Status: < 400 }) return;
        foreach (var person in access.Resources.Select(resource => resource.Name).Append($"{access.Interaction.Type}/{access.Interaction.Id}").Distinct())
        {
            await credentials.End(person, stop);
            known.Forget(person);
        }
    }

    /// <summary>Refuses what is shown for an account that is gone, and ends it: it may be from before the deletion, or of a node that did not see it.</summary>
    public static void Use(WebApplication app)
    {
        var (gone, credentials, sessions, identification) = (app.Services.GetRequiredService<GoneAccounts>(), app.Services.GetRequiredService<Credentials>(), app.Services.GetRequiredService<Sessions>(), app.Services.GetRequiredService<Identification>());
        app.Use((request, next) =>
        {
            if (LimitMiddleware.IsOpen(request)) return next(request);
            // Mostly known already: then there is nothing to wait for.
            var checking = GoneAgent(request);
            return checking is { IsCompletedSuccessfully: true, Result: null } ? next(request) : EndIfGone(checking.AsTask(), request, next);
        });

        async ValueTask<string?> GoneAgent(HttpContext request) =>
            await identification.Of(request, request.RequestAborted) is { Agent: { } agent } && await gone.Has(agent, request.RequestAborted) ? agent : null;

        async Task EndIfGone(Task<string?> checking, HttpContext request, RequestDelegate next)
        {
            var stop = request.RequestAborted;
            if (await checking is { } agent)
            {
                await credentials.End(agent, stop);
                if (request.Request.Headers.Authorization.Count > 0)
                {
                    request.Response.Headers.WWWAuthenticate = "Bearer";
                    await FhirBody.Outcome(new Fault(FaultKind.Unauthenticated, "unknown", null, "The account behind this token is gone.")).ExecuteAsync(request);
                    return;
                }
                await sessions.Close(request, stop);
            }
            await next(request);
        }
    }
}
