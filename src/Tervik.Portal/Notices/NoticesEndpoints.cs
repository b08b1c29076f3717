using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using MimeKit;
using Tervik.Care.Calendars;
using Tervik.Care.Notices;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Notices;

/// <summary>A notice as the list shows it.</summary>
/// <param name="Notice">What is stored of it.</param>
/// <param name="About">Whose record it is of, where that is another's.</param>
/// <param name="When">The appointment it tells of, as it stands now.</param>
public sealed record NoticeLine(Notice Notice, string? About, string? When);

/// <summary>The list of notices.</summary>
/// <param name="Lines">Newest first.</param>
/// <param name="HasFailed">Whether one could not be delivered within the last month.</param>
public sealed record NoticesModel(IReadOnlyList<NoticeLine> Lines, bool HasFailed);

/// <summary>The page of preferences.</summary>
/// <param name="Preference">As it is stored.</param>
/// <param name="HasMail">Whether the node sends e-mail.</param>
/// <param name="HasWebhook">Whether the operator has set a webhook.</param>
/// <param name="IsAboutMail">Whether the form that is shown again is the one of the address.</param>
/// <param name="HasSaved">Whether it was just saved.</param>
public sealed record NoticePreferencesModel(NoticePreference Preference, bool HasMail, bool HasWebhook, bool IsAboutMail, bool HasSaved);

/// <summary>What a person is told: the list in the portal, and how else they want to be told.</summary>
static class NoticesEndpoints
{
    const string Preferences = "/notices/preferences";
    const int DaysOfFailures = 30, LongestMail = 200, LongestZone = 64;

    public static void MapNotices(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/notices", Show);
        routes.MapGet("/notices/{id}", Open);
        routes.MapPost("/notices/read", ReadAll).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet(Preferences, ShowPreferences);
        routes.MapPost(Preferences, Save).DisableAntiforgery();
        routes.MapPost(Preferences + "/mail", SaveMail).DisableAntiforgery();
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, NoticeOutbox outbox, RecordQuery record, RecordStore store, TimeProvider clock, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-system", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var notices = await outbox.Of(visit.Person.Reference, stop);
        // A notice is a reference: what is said of it is read now, as far as the reader may see it now.
        var (lines, read) = (new List<NoticeLine>(), new List<StoredResource>());
        var patients = await record.Patients(notices.Select(notice => notice.Patient).Where(patient => !visit.Person.Owns(patient)), visit.Filter, stop);
        foreach (var notice in notices)
        {
            var about = notice.About.Split('/');
            var stored = await store.Read(about[0], about[1], visit.Filter, stop) is { IsDeleted: false } found ? found : null;
            if (stored is null && notice.Kind != NoticeKind.Cancelled) continue;
            var of = patients.TryGetValue(notice.Patient, out var patient) ? patient.Header.Name : null;
            if (!visit.Person.Owns(notice.Patient) && of is null) continue;
            lines.Add(new(notice, of, stored is { Type: "Appointment" } ? stored.Take(json => FhirDate.Of(json, "start")?.DayAndTime) : null));
            if (stored is not null) read.Add(stored);
        }
        await visit.Log("notices", [.. read.DistinctBy(one => (one.Type, one.Id)), .. patients.Values.Select(one => one.Stored)], [], stop);
        var failedFrom = clock.GetUtcNow().AddDays(-DaysOfFailures);
        return visit.Page<NoticesPage>(new NoticesModel(lines, (await outbox.Failed(visit.Person.Reference, stop)).Exists(one => Trust.Clock.Time(one.AtUs) > failedFrom)));
    }

    /// <summary>Leads to what a notice tells of; that page decides whether it is shown.</summary>
    static async Task<IResult> Open(string id, HttpContext request, Entrance entrance, NoticeOutbox outbox, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await outbox.Open(id, visit.Person.Reference, stop) is not { } notice) return await visit.NotFound(stop);
        var (patient, about) = (Uri.EscapeDataString(notice.Patient), Uri.EscapeDataString(notice.About.Split('/')[1]));
        return TypedResults.LocalRedirect(notice.About.Split('/')[0] switch { "Communication" => $"/messages/{about}", "Appointment" => $"/patients/{patient}/appointments/{about}", _ => $"/patients/{patient}/referrals/{about}" });
    }

    static async Task<IResult> ReadAll(HttpContext request, Entrance entrance, NoticeOutbox outbox, CancellationToken stop)
    {
        var (visit, _) = await entrance.EnterForm(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        await outbox.ReadAll(visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/notices");
    }

    static async Task<IResult> ShowPreferences(string? saved, HttpContext request, Entrance entrance, NoticePreferences preferences, NoticeSettings settings, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        return visit.Refusal ?? await Page(Form.New(request), isAboutMail: false, saved is not null, visit, preferences, settings, stop);
    }

    static async Task<IResult> Page(Form form, bool isAboutMail, bool hasSaved, Visit visit, NoticePreferences preferences, NoticeSettings settings, CancellationToken stop)
    {
        var preference = await preferences.Of(visit.Person.Reference, stop);
        // What was typed stays; a box that was cleared stays so.
        if (isAboutMail || !form.MustShowAgain) form.Begin(Written(preference));
        return visit.Page<NoticePreferencesPage>(new NoticePreferencesModel(preference, settings.Smtp is not null, settings.Webhook is not null, isAboutMail, hasSaved), form);
    }

    static Dictionary<string, string> Written(NoticePreference preference)
    {
        static string Time(int minute) => string.Create(CultureInfo.InvariantCulture, $"{minute / 60:00}:{minute % 60:00}");
        var fields = new Dictionary<string, string> { ["quiet-from"] = Time(preference.QuietFrom), ["quiet-to"] = Time(preference.QuietTo), ["zone"] = preference.Zone, ["language"] = preference.Language };
        foreach (var kind in preference.MailKinds) fields[$"mail-{NoticeRules.Write(kind)}"] = "1";
        foreach (var kind in preference.WebhookKinds) fields[$"webhook-{NoticeRules.Write(kind)}"] = "1";
        foreach (var minutes in preference.Reminders) fields[$"before-{minutes}"] = "1";
        return fields;
    }

    static async Task<IResult> Save(HttpContext request, Entrance entrance, NoticePreferences preferences, NoticeSettings settings, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        int Minute(string name)
        {
            if (TimeOnly.TryParseExact(form[name], ["HH:mm", "H:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return time.Hour * 60 + time.Minute;
            form.Fail(name, Words.Of("notice no time"));
            return 0;
        }
        IReadOnlyList<NoticeKind> Kinds(string channel) => [.. Enum.GetValues<NoticeKind>().Where(kind => form[$"{channel}-{NoticeRules.Write(kind)}"] == "1")];
        var before = await preferences.Of(visit.Person.Reference, stop);
        var (zone, language) = (form.Text("zone", LongestZone), form.Choice("language", Language.All.Select(one => one.Code)));
        if (zone.Length > 0 && !Zones.Current.TryGet(zone, out _)) form.Fail("zone", Words.Of("notice no zone"));
        var wanted = before with
        {
            MailKinds = Kinds("mail"), WebhookKinds = settings.Webhook is null ? before.WebhookKinds : Kinds("webhook"), Reminders = [.. NoticeRules.Reminders.Where(minutes => form[$"before-{minutes}"] == "1")],
            QuietFrom = Minute("quiet-from"), QuietTo = Minute("quiet-to"), Zone = zone, Language = language,
        };
        if (form.MustShowAgain) return await Page(form, isAboutMail: false, hasSaved: false, visit, preferences, settings, stop);
        await preferences.Save(visit.Person.Reference, wanted, stop);
        return TypedResults.LocalRedirect($"{Preferences}?saved=1");
    }

    static async Task<IResult> SaveMail(HttpContext request, Entrance entrance, NoticePreferences preferences, NoticeSettings settings, SmtpMail mail, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var person = visit.Person.Reference;
        if (form["act"] == "forget") await preferences.Forget(person, stop);
        else if (form["act"] == "confirm")
        {
            if (!form.IsReview && !await preferences.Confirm(person, form.Text("code", 20), stop)) form.Fail("code", Words.Of("notice code wrong"));
        }
        else if (settings.Smtp is not null && form.Text("mail", LongestMail) is { Length: > 0 } address)
        {
            // An address alone: no name, no list, no quotes.
            if (!MailboxAddress.TryParse(address, out var parsed) || parsed.Address != address || !address.Contains('@', StringComparison.Ordinal) || address.Any(char.IsControl)) form.Fail("mail", Words.Of("notice mail wrong"));
            else if (!form.MustShowAgain)
            {
                if (await preferences.Ask(person, address, stop) is not { } code) form.Fail("mail", Words.Of("notice code too soon"));
                else
                    try
                    {
                        await mail.SendCode(code, address, Language.Current, stop);
                    }
                    catch (Exception fault) when (fault is not OutOfMemoryException && !stop.IsCancellationRequested)
                    {
                        form.Fail("mail", Words.Of("notice mail failed"));
                    }
            }
        }
        return form.MustShowAgain ? await Page(form, isAboutMail: true, hasSaved: false, visit, preferences, settings, stop) : TypedResults.LocalRedirect($"{Preferences}?saved=1");
    }
}
