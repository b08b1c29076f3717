using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;
using OpenIddict.Abstractions;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Portal.SignIn;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.OAuth;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.Portal.Apps;

/// <summary>The page on which somebody decides what an application gets.</summary>
/// <param name="App">The application.</param>
/// <param name="Scopes">What it asks for about resources: scope and words.</param>
/// <param name="Others">What else it asks for, in words.</param>
/// <param name="Patients">Whom it could be about: reference and name; empty when it need not be about one.</param>
/// <param name="Parameters">The request, to be sent again with the answer.</param>
public sealed record ConsentModel(App App, IReadOnlyList<(string Scope, string Words)> Scopes, IReadOnlyList<string> Others, IReadOnlyList<(string Value, string Words)> Patients, IReadOnlyList<(string Name, string Value)> Parameters);

/// <summary>The page of applications.</summary>
/// <param name="Allowed">What the reader allows, with its scopes in words.</param>
/// <param name="Available">Applications one can begin to use.</param>
/// <param name="Patient">Whom they are launched about: reference and name; null for nobody.</param>
public sealed record AppsModel(IReadOnlyList<(AllowedApp App, IReadOnlyList<string> Words)> Allowed, IReadOnlyList<App> Available, (string Id, string Name)? Patient);

/// <summary>Applications of others (SMART App Launch): what they get is decided here, seen here and taken back here.</summary>
static class AppsEndpoints
{
    const int MostPatients = 100;

    public static void MapApps(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/oauth/authorize", [HttpMethods.Get, HttpMethods.Post], Authorize).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet("/apps", Show);
        routes.MapPost("/apps/take-back", TakeBack).DisableAntiforgery();
        routes.MapGet("/patients/{id}/apps", ShowFor);
        routes.MapPost("/patients/{id}/apps", Launch).DisableAntiforgery();
    }

    /// <summary>OpenIddict has checked the application, its address and PKCE; what is left is the person's.</summary>
    static async Task<IResult> Authorize(HttpContext http, Entrance entrance, Identification identification, AppRegister register, OAuthPrincipals principals, Launches launches, RecordQuery record, RecordStore store, IAccessControl control, TimeProvider clock, CancellationToken stop)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("OpenIddict did not read the request.");
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(stop) : null;
        var decision = form?["decision"].ToString() ?? "";
        // Posted by another site, our cookie is not with it: the same as a link.
        if (form is not null && decision.Length == 0) return TypedResults.LocalRedirect("/oauth/authorize" + new QueryBuilder(form.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToString()))));
        if (SmartScopes.Read([.. request.GetScopes()], store.Indexer.Parameters) is not ({ } scopes, _)) return OAuthServer.Refuse(Errors.InvalidScope, SmartScopes.Read([.. request.GetScopes()], store.Indexer.Parameters).Fault!);
        if (scopes.Texts.Count == 0 || scopes.Resources.Any(one => one.Context == "system")) return OAuthServer.Refuse(Errors.InvalidScope, "A person grants scopes that begin with patient/ or user/.");
        var audience = (string?)request.GetParameter("aud");
        if (scopes.Resources.Count > 0 && audience?.TrimEnd('/') != principals.Audience) return OAuthServer.Refuse(Errors.InvalidRequest, $"The parameter aud is {audience ?? "missing"}; {principals.Audience} was expected.");

        var person = await identification.Of(http, stop);
        if (person.Kind is not (PrincipalKind.Patient or PrincipalKind.Professional))
            return request.HasPromptValue(PromptValues.None) ? OAuthServer.Refuse(Errors.LoginRequired, "Nobody is signed in.") : TypedResults.LocalRedirect($"/sign-in?to={Uri.EscapeDataString("/oauth/authorize" + http.Request.QueryString)}");
        if (request.HasPromptValue(PromptValues.None)) return OAuthServer.Refuse(Errors.ConsentRequired, "The person has to decide.");
        if (StepUp.IsNeeded(person, SensitiveAction.AllowApp, clock.NowUs())) return ConfirmEndpoints.Send(http, SensitiveAction.AllowApp);
        var visit = await entrance.Enter(http, new("read", "Patient"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await register.Find(request.ClientId!, stop) is not { } app) return OAuthServer.Refuse(Errors.InvalidClient, "The application was removed.");

        var launch = (string?)request.GetParameter("launch");
        var launched = launch is null ? null : await launches.Find(launch, person.Agent!, stop);
        if (launch is not null && launched is null || launch is null && scopes.Has("launch")) return OAuthServer.Refuse(Errors.InvalidRequest, "The launch is unknown, has ended, or was begun by somebody else.");
        var patients = launched is not null ? [(launched, launched)] : scopes.NeedsPatient ? await Patients(visit, person, record, stop) : [];
        if (scopes.NeedsPatient && patients.Count == 0) return OAuthServer.Refuse(Errors.AccessDenied, "There is no patient it could be about.");

        if (decision.Length == 0)
        {
            await visit.Log("app-asked", [], [], stop);
            var named = new List<(string, string)>();
            foreach (var (reference, _) in patients)
                if (await record.Patient(reference["Patient/".Length..], visit.Filter, stop) is var (header, _)) named.Add((reference, header.Name));
            AllowRedirect(http, app);
            return visit.Page<ConsentPage>(new ConsentModel(app, [.. scopes.Resources.Select(one => (one.Text, ScopeWords.Of(one.Context, one.Scope)))], [.. scopes.Texts.Where(text => Words.Has($"scope {text}")).Select(text => Words.Of($"scope {text}"))], named,
                [.. http.Request.Query.Select(pair => (pair.Key, pair.Value.ToString()))]));
        }
        if (!FormGuard.Accepts(http, form!)) return FaultPage.Of(visit.Frame, StatusCodes.Status400BadRequest);
        AllowRedirect(http, app);
        if (decision != "allow") return OAuthServer.Refuse(Errors.AccessDenied, "The person did not allow it.");
        var chosen = scopes.NeedsPatient || launched is not null ? patients.Select(one => one.Item1).FirstOrDefault(one => one == form!["patient"].ToString()) ?? (patients.Count == 1 ? patients[0].Item1 : null) : null;
        if ((scopes.NeedsPatient || launched is not null) && (chosen is null || await record.Patient(chosen["Patient/".Length..], visit.Filter, stop) is null)) return OAuthServer.Refuse(Errors.AccessDenied, "No patient was chosen.");
        var kept = form!["grant"].Select(text => text ?? "").ToHashSet();
        var granted = scopes.Texts.Where(text => scopes.Resources.All(one => one.Text != text) || kept.Contains(text)).ToList();
        var principal = principals.Make(person.Agent!, granted, chosen, person);
        principal.SetAuthorizationId(await register.Allow(principal, app.ClientId, stop));
        await control.Log(new(person.Agent, new("allow-app", null), $"{app.ClientId}: {string.Join(' ', granted)}", [], StatusCodes.Status302Found) { Patients = chosen is null ? [] : [store.Keys.Reference(chosen)] }, stop);
        if (launch is not null) await launches.End(launch, stop);
        return OAuthServer.SignIn(principal);
    }

    // Browsers hold form-action against where a form's answer leads.
    static void AllowRedirect(HttpContext http, App app)
    {
        var origins = string.Join(' ', app.RedirectUris.Select(address => new Uri(address).GetLeftPart(UriPartial.Authority)).Distinct());
        http.Response.Headers.ContentSecurityPolicy = http.Response.Headers.ContentSecurityPolicy.ToString().Replace("form-action 'self'", $"form-action 'self' {origins}", StringComparison.Ordinal);
    }

    /// <summary>Whom an application can be about: the patient and their family, or the first patients of a professional by name.</summary>
    static async Task<List<(string, string)>> Patients(Visit visit, Principal person, RecordQuery record, CancellationToken stop)
    {
        if (person.Kind == PrincipalKind.Patient) return [(person.Agent!, person.Agent!), .. visit.Person.Family.Select(member => (member.Patient, member.Patient))];
        var found = await record.Everywhere("Patient", visit.Filter, stop, ("_sort", "family,given"), ("_count", $"{MostPatients}"));
        return [.. found.Matches.Select(one => ($"Patient/{one.Id}", one.Id))];
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, AppRegister register, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("apps", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        await visit.Log("apps", [], [], stop);
        return visit.Page<AppsPage>(await Load(visit, null, register, store, stop));
    }

    static async Task<IResult> ShowFor(string id, HttpContext request, Entrance entrance, AppRegister register, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await record.Patient(id, visit.Filter, stop) is not var (header, _)) return await visit.NotFound(stop);
        await visit.Log("apps", [], [record.Compartment(id)], stop);
        return visit.Page<AppsPage>(await Load(visit, (id, header.Name), register, store, stop));
    }

    static async Task<IResult> TakeBack(HttpContext request, Entrance entrance, AppRegister register, OAuthPrincipals principals, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("apps", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        await visit.Log("app-taken-back", [], [], stop);
        await register.TakeBack(form["app"], visit.Person.Reference, stop);
        principals.Forget();
        return TypedResults.LocalRedirect("/apps");
    }

    /// <summary>Launches an application about a patient (EHR launch): it is told where, and an opaque value that stands for about whom.</summary>
    static async Task<IResult> Launch(string id, HttpContext request, Entrance entrance, AppRegister register, Launches launches, OAuthPrincipals principals, RecordQuery record, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("read", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await record.Patient(id, visit.Filter, stop) is null || await register.Find(form["app"], stop) is not { LaunchUri: { } address } app) return await visit.NotFound(stop);
        await visit.Log("app-launched", [], [record.Compartment(id)], stop);
        var launch = await launches.Begin(visit.Person.Reference, $"Patient/{id}", stop);
        AllowLaunch(request, address);
        return TypedResults.Redirect($"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}iss={Uri.EscapeDataString(principals.Audience)}&launch={Uri.EscapeDataString(launch)}");
    }

    static void AllowLaunch(HttpContext http, string address) =>
        http.Response.Headers.ContentSecurityPolicy = http.Response.Headers.ContentSecurityPolicy.ToString().Replace("form-action 'self'", $"form-action 'self' {new Uri(address).GetLeftPart(UriPartial.Authority)}", StringComparison.Ordinal);

    static async Task<AppsModel> Load(Visit visit, (string, string)? patient, AppRegister register, RecordStore store, CancellationToken stop) => new(
        [.. (await register.Of(visit.Person.Reference, stop)).Select(one => (one, ScopeWords.Of(one.Scopes, store)))],
        [.. (await register.All(stop)).Where(app => patient is null ? app.HomeUri is not null : app.LaunchUri is not null)], patient);
}

/// <summary>Scopes in words.</summary>
static class ScopeWords
{
    public static string Of(string context, SmartScope scope)
    {
        var kind = scope.Type == "*" ? Words.Of("everything in the record") : Access.AccessWords.Kind(scope.Type);
        if (scope.Criteria.Count > 0) kind = Words.Of("only those with", kind, string.Join(", ", scope.Criteria.Select(one => $"{one.Key} = {one.Value}")));
        var reads = (scope.Actions & (SmartActions.Read | SmartActions.Search)) != 0;
        var writes = (scope.Actions & (SmartActions.Create | SmartActions.Update | SmartActions.Delete)) != 0;
        return Words.Of((reads, writes) switch { (true, true) => "app reads and writes", (true, false) => "app reads", _ => "app writes" }, kind, Words.Of(context == "patient" ? "of one patient" : "of all you may see"));
    }

    public static IReadOnlyList<string> Of(IReadOnlyList<string> texts, RecordStore store) => SmartScopes.Read(texts, store.Indexer.Parameters).Scopes is { } scopes
        ? [.. scopes.Resources.Select(one => Of(one.Context, one.Scope)), .. scopes.Texts.Where(text => Words.Has($"scope {text}")).Select(text => Words.Of($"scope {text}"))] : texts;
}
