using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Tervik.Care.Calendars;
using Tervik.Care.Notices;
using Tervik.Portal.Appointments;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Notices;

/// <summary>Appointments in the calendar of one's own: a file of one, and private addresses that a program reads again and again.</summary>
static class CalendarFeedEndpoints
{
    const string Page = "/patients/{id}/appointments/calendar";
    static readonly Interaction Feed = new("search-compartment", "Patient");

    public static void MapCalendarFeeds(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/appointments/{appointment}/calendar.ics", One);
        routes.MapGet(Page, Show);
        routes.MapPost(Page, Make).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost(Page + "/revoke", Revoke).DisableAntiforgery();
        routes.MapGet("/calendar-feed/{secret}.ics", Read);
    }

    static string Base(string id) => $"/patients/{Uri.EscapeDataString(id)}/appointments/calendar";

    static async Task<IResult> One(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery appointments, CalendarFeedQuery calendar, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await appointments.One(id, appointment, visit, stop) is not var (_, stored) || calendar.One(stored, CalendarDetail.Place) is not { } file) return await visit.NotFound(stop);
        await visit.Log("calendar-file", [stored], [record.Compartment(id)], stop);
        request.Response.Headers.ContentDisposition = "attachment; filename=\"appointment.ics\"";
        return TypedResults.Bytes(file.Write(), CalendarFile.MediaType);
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, CalendarFeeds feeds, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        return await Shown(id, Form.Of(request, 0, new Dictionary<string, string> { ["detail"] = "place" }), null, visit, feeds, record, stop);
    }

    /// <summary>The page; for patients and whoever may read their appointments, not for professionals, whose calendar is another.</summary>
    static async Task<IResult> Shown(string id, Form form, Uri? address, Visit visit, CalendarFeeds feeds, RecordQuery record, CancellationToken stop)
    {
        if (visit.Person.IsProfessional || await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return await visit.NotFound(stop);
        await visit.Log("calendar-feeds", [patient], [record.Compartment(id)], stop);
        return visit.Page<CalendarFeedsPage>(new CalendarFeedsModel(header, await feeds.Of(visit.Person.Reference, id, stop), address), form);
    }

    static async Task<IResult> Make(string id, HttpContext request, Entrance entrance, CalendarFeeds feeds, RecordQuery record, TrustSettings trust, CancellationToken stop)
    {
        // It is read without a sign-in from then on.
        var (visit, form) = await entrance.EnterForm(request, new("search-compartment", "Patient", id), stop, SensitiveAction.ChangeSharing);
        if (visit.Refusal is { } refusal) return refusal;
        if (visit.Person.IsProfessional || await record.Patient(id, visit.Filter, stop) is null) return await visit.NotFound(stop);
        var detail = form.Choice("detail", CalendarFeedsPage.Details) switch { "time" => CalendarDetail.Time, "all" => CalendarDetail.All, _ => CalendarDetail.Place };
        if (form.MustShowAgain) return await Shown(id, form, null, visit, feeds, record, stop);
        if (await feeds.Make(visit.Person.Reference, id, detail, Language.Current, stop) is not var (_, secret))
        {
            form.Fail("", Words.Of("calendar too many", CalendarFeeds.MostOfAPerson));
            return await Shown(id, form, null, visit, feeds, record, stop);
        }
        await visit.Log("calendar-feed-new", [], [record.Compartment(id)], stop);
        return await Shown(id, Form.Of(request, 0, new Dictionary<string, string> { ["detail"] = "place" }), new Uri(trust.Issuer, $"/calendar-feed/{secret}.ics"), visit, feeds, record, stop);
    }

    static async Task<IResult> Revoke(string id, HttpContext request, Entrance entrance, CalendarFeeds feeds, RecordQuery record, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        // One's own, also of a record that one may no longer see.
        await feeds.Revoke(form["feed"], visit.Person.Reference, stop);
        await visit.Log("calendar-feed-revoked", [], [record.Compartment(id)], stop);
        return TypedResults.LocalRedirect($"{Base(id)}?saved=feed-revoked");
    }

    /// <summary>What a calendar program reads. Whose address it is says the secret; whether they still may is decided as if they asked themselves.</summary>
    static async Task<IResult> Read(string secret, HttpContext request, IAccessControl control, CalendarFeeds feeds, CalendarFeedQuery calendar, RecordStore store, RecordQuery record, CancellationToken stop)
    {
        var feed = await feeds.Find(secret, stop);
        // A session of the browser counts for nothing here.
        Identification.Admit(request, feed is null ? Principal.Nobody : new(PrincipalKind.Patient, feed.Person, Scope.Read));
        var interaction = Feed with { Id = feed?.Patient };
        var permission = await control.Decide(request, interaction, stop);
        var isOpen = feed is not null && permission.Refusal is null && await store.Read("Patient", feed.Person["Patient/".Length..], AccessFilter.Everything, stop) is not { IsDeleted: true } && await record.Patient(feed.Patient, permission.Filter, stop) is not null;
        if (!isOpen)
        {
            // Unknown, revoked, withdrawn: the same answer.
            await control.Log(new(permission.Agent, interaction, "portal:calendar-feed", [], feed is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden), stop);
            return TypedResults.Text(Words.Of("calendar no feed"), statusCode: StatusCodes.Status404NotFound);
        }
        CultureInfo.CurrentUICulture = Language.Of(feed!.Language);
        var (file, read) = await calendar.All(feed.Patient, feed.Detail, permission.Filter, stop);
        var bytes = file.Write();
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"";
        var isKnown = request.Request.Headers.IfNoneMatch.Any(known => known is not null && (known == "*" || known.Split(',', StringSplitOptions.TrimEntries).Contains(tag)));
        await control.Log(new(permission.Agent, interaction, "portal:calendar-feed", isKnown ? [] : AccessedResource.Of(store, read), StatusCodes.Status200OK) { Patients = [record.Compartment(feed.Patient)] }, stop);
        await feeds.NoteRead(feed, stop);
        var headers = request.Response.Headers;
        (headers.ETag, headers.CacheControl) = (tag, "private, no-cache");
        return isKnown ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Bytes(bytes, CalendarFile.MediaType);
    }
}
