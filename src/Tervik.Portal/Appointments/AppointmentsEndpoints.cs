using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Tervik.Care.Booking;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Resources;

namespace Tervik.Portal.Appointments;

/// <summary>Appointments of a patient: those there are, finding and booking one, moving, cancelling, being there. For the patients themselves, for who acts for a child, and for professionals who treat them.</summary>
static class AppointmentsEndpoints
{
    const int LongestComment = 2000;
    const string Path = "/patients/{id}/appointments";

    public static void MapAppointments(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/appointments/new", Begin);
        routes.MapGet(Path, Show);
        routes.MapGet(Path + "/new", Find);
        routes.MapPost(Path + "/hold", Hold).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet(Path + "/held/{hold}", ShowHold);
        routes.MapPost(Path + "/held/{hold}", Decide).DisableAntiforgery();
        routes.MapGet(Path + "/{appointment}", ShowOne);
        routes.MapGet(Path + "/{appointment}/move", FindOther);
        routes.MapPost(Path + "/{appointment}/move", Move).DisableAntiforgery();
        routes.MapGet(Path + "/{appointment}/cancel", AskWhy);
        routes.MapPost(Path + "/{appointment}/cancel", Cancel).DisableAntiforgery();
        routes.MapPost(Path + "/{appointment}/arrive", Arrive).DisableAntiforgery();
        routes.MapPost(Path + "/{appointment}/end", End).DisableAntiforgery();
        routes.MapPost(Path + "/{appointment}/decline", Decline).DisableAntiforgery();
        routes.MapPost(Path + "/{appointment}/earlier", Earlier).DisableAntiforgery();
    }

    static string Base(string id) => $"/patients/{Uri.EscapeDataString(id)}/appointments";

    /// <summary>Where published times lead (Care/Publication): to the page of whoever is signed in, for a service and from a day on.</summary>
    static async Task<IResult> Begin(string? service, string? from, HttpContext request, Entrance entrance, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("$find", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        // A professional books for a patient: which one, the list says.
        return TypedResults.LocalRedirect(visit.Person.IsProfessional ? "/patients" : $"{Base(visit.Person.Id)}/new{QueryString.Create("service", service ?? "").Add("from", from ?? "")}");
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Load(id, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("appointments", read, [record.Compartment(id)], stop);
        return visit.Page<AppointmentsPage>(model);
    }

    static async Task<IResult> Find(string id, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        return await Found(id, null, request.Request.Query, Form.New(request), visit, query, record, stop);
    }

    static async Task<IResult> Hold(string id, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$hold", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Writable(id, visit, stop) is not { } patient) return await visit.NotFound(stop);
        var wish = new BookingWish($"Patient/{id}", patient.Header.Name, form["referral"] is { Length: > 0 } referral ? referral : null, null, visit.Person.Reference);
        if (OfferId.Parse(form["offer"]) is not { } offer || form.IsReview) return TypedResults.LocalRedirect($"{Base(id)}/new");
        if (await desk.WhyNot(offer, wish, !visit.Person.IsProfessional, visit.Filter, stop) is { } why) form.Fail("", why.What);
        else
        {
            var result = await desk.Hold(offer, wish, visit.Person.Reference, null, stop);
            if (result.IsDone)
            {
                await visit.Log("hold-appointment", [], [record.Compartment(id)], stop);
                return TypedResults.LocalRedirect($"{Base(id)}/held/{result.Id}{(wish.Referral is { } of ? $"?referral={Uri.EscapeDataString(of)}" : "")}");
            }
            Refuse(form, result.Outcome);
        }
        return await Found(id, null, form.Choices(), form, visit, query, record, stop);
    }

    /// <summary>The page of times that could be had: for a new appointment, or for one that there is.</summary>
    static async Task<IResult> Found(string id, (AppointmentModel Model, StoredResource Stored)? moving, IEnumerable<KeyValuePair<string, StringValues>> asked, Form form, Visit visit, AppointmentsQuery query, RecordQuery record, CancellationToken stop)
    {
        if (await query.Find(id, moving?.Model, asked, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("find-appointment", moving is { Stored: var stored } ? [stored, .. read] : read, [record.Compartment(id)], stop);
        return visit.Page<FindPage>(model, form);
    }

    /// <summary>Says what became of a wish that was not granted: others were faster, or the rules about holds are in its way.</summary>
    static void Refuse(Form form, BookingOutcome outcome)
    {
        form.Conflict(form.Version ?? 0, new Dictionary<string, string>(), null);
        form.Fail("", Words.Of(outcome switch
        {
            BookingOutcome.Taken => "booking taken", BookingOutcome.ReferralHeld => "booking referral held", BookingOutcome.ReferralBooked => "booking referral booked",
            BookingOutcome.TooManyHolds => "booking too many holds", BookingOutcome.TooManyExtensions => "booking too many extensions", _ => "booking gone",
        }));
    }

    static async Task<IResult> ShowHold(string id, string hold, string? referral, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Writable(id, visit, stop) is not { } patient) return await visit.NotFound(stop);
        return await Held(id, hold, referral, patient, Form.New(request), visit, record, desk, stop);
    }

    static async Task<IResult> Held(string id, string hold, string? referral, (PatientHeader Header, StoredResource Stored) patient, Form form, Visit visit, RecordQuery record, BookingDesk desk, CancellationToken stop)
    {
        if (await desk.HeldBy(hold, visit.Person.Reference, stop) is not var (offer, held)) return TypedResults.LocalRedirect($"{Base(id)}/new?ended=1");
        await visit.Log("held-appointment", [patient.Stored], [record.Compartment(id)], stop);
        return visit.Page<HoldPage>(new HoldModel(patient.Header, hold, offer, held.HeldUntil!.Value, held.ExtensionsLeft, record.Now, referral), form);
    }

    static async Task<IResult> Decide(string id, string hold, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$book", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Writable(id, visit, stop) is not { } patient) return await visit.NotFound(stop);
        var owner = visit.Person.Reference;
        var referral = form["referral"] is { Length: > 0 } one ? one : null;
        var wish = new BookingWish($"Patient/{id}", patient.Header.Name, referral, form.Text("comment", LongestComment, isRequired: false), owner);
        if (form["act"] == "let-go")
        {
            await desk.LetGo(hold, owner, stop);
            await visit.Log("let-go-appointment", [], [record.Compartment(id)], stop);
            return TypedResults.LocalRedirect($"{Base(id)}/new");
        }
        if (form["act"] == "extend")
        {
            var longer = await desk.Extend(hold, wish, owner, stop);
            if (!longer.IsDone) Refuse(form, longer.Outcome);
        }
        else if (!form.MustShowAgain)
        {
            // Which number a service takes is asked by the desk.
            var times = int.TryParse(form["times"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1;
            var (booked, count) = times > 1 ? await desk.BookSeries(hold, wish, owner, times, stop) : (await desk.BookHeld(hold, wish, owner, stop), 1);
            if (booked.Stored is { } stored)
            {
                await visit.Log("book-appointment", [stored], [record.Compartment(id)], stop);
                return TypedResults.LocalRedirect($"{Base(id)}/{stored.Id}?saved={(times == 1 ? "booked" : count < times ? "series-part" : "series")}");
            }
            Refuse(form, booked.Outcome);
        }
        return await Held(id, hold, referral, patient, form, visit, record, desk, stop);
    }

    static async Task<IResult> ShowOne(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, Questionnaires.QuestionnaireQuery questionnaires, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, appointment, visit, stop) is not var (model, stored)) return await visit.NotFound(stop);
        var asked = await questionnaires.StateOf(model, visit, stop);
        (model, var others) = await query.WithSeries(model with { Questionnaire = asked?.State }, visit, stop);
        await visit.Log("appointment", [stored, .. asked?.Read ?? [], .. others], [record.Compartment(id)], stop);
        return visit.Page<AppointmentPage>(await query.WithPlace(model, stop), Form.Of(request, stored.Version, new Dictionary<string, string>()));
    }

    static async Task<IResult> FindOther(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, appointment, visit, stop) is not { Model.CanChange: true } one) return await visit.NotFound(stop);
        return await Found(id, one, request.Request.Query, Form.Of(request, one.Stored.Version, new Dictionary<string, string>()), visit, query, record, stop);
    }

    static async Task<IResult> Move(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$book", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, appointment, visit, stop) is not { Model.CanChange: true } one) return await visit.NotFound(stop);
        if (OfferId.Parse(form["offer"]) is { } offer && IsCurrent(form, one.Stored) && !form.IsReview)
            try
            {
                var moved = await desk.Move(one.Stored, offer, stop);
                if (moved.Stored is { } now)
                {
                    await visit.Log("move-appointment", [now], [record.Compartment(id)], stop);
                    return TypedResults.LocalRedirect($"{Base(id)}/{now.Id}?saved=moved");
                }
                Refuse(form, moved.Outcome);
            }
            catch (FaultException)
            {
                form.Fail("", Words.Of("booking changed meanwhile"));
            }
        return await Found(id, one, form.Choices(), form, visit, query, record, stop);
    }

    static async Task<IResult> AskWhy(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, appointment, visit, stop) is not var (model, stored) || !model.CanChange) return await visit.NotFound(stop);
        (model, var others) = await query.WithSeries(model, visit, stop);
        await visit.Log("appointment", [stored, .. others], [record.Compartment(id)], stop);
        return visit.Page<CancelPage>(model, Form.Of(request, stored.Version, new Dictionary<string, string>()));
    }

    static async Task<IResult> Cancel(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$book", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.MayBook(id, record.Compartment(id)) || await query.One(id, appointment, visit, stop) is not var (model, stored)) return await visit.NotFound(stop);
        // The same form a second time.
        if (!model.CanChange) return TypedResults.LocalRedirect($"{Base(id)}/{stored.Id}");
        (model, var others) = await query.WithSeries(model, visit, stop);
        var (code, text) = (form.Choice("reason", CancelPage.Reasons), form.Text("text", LongestComment, isRequired: false));
        if (IsCurrent(form, stored) && !form.MustShowAgain)
            try
            {
                var reason = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", ["code"] = code }) };
                if (text.Length > 0) reason["text"] = text;
                // The later ones first: of this one the form is gone when it is done.
                var ended = new List<StoredResource>();
                if (form["later"] == "yes")
                    foreach (var later in model.Later)
                        if ((await desk.Cancel(others.First(one => one.Id == later.Id), reason, stop)).Stored is { } gone) ended.Add(gone);
                if ((await desk.Cancel(stored, reason, stop)).Stored is { } now)
                {
                    await visit.Log("cancel-appointment", [now, .. ended], [record.Compartment(id)], stop);
                    return TypedResults.LocalRedirect($"{Base(id)}/{now.Id}?saved={(ended.Count > 0 ? "cancelled-all" : "cancelled")}");
                }
            }
            catch (FaultException)
            {
                form.Fail("", Words.Of("booking changed meanwhile"));
            }
        await visit.Log("appointment", [stored], [record.Compartment(id)], stop);
        return visit.Page<CancelPage>(model, form);
    }

    static Task<IResult> Arrive(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop) =>
        Change(id, appointment, "arrive", request, entrance, query, record, async (model, stored, _) => !model.CanArrive ? null : (await desk.Change(stored, json => json["status"] = "arrived", gives: false, stop), "arrived"), stop);

    static Task<IResult> End(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, CancellationToken stop) =>
        Change(id, appointment, "attendance", request, entrance, query, record, async (model, stored, form) => !model.CanEnd || form["status"] is not ("fulfilled" or "noshow") ? null : (await desk.Change(stored, json => json["status"] = form["status"], gives: true, stop), "attendance"), stop);

    static Task<IResult> Decline(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, WaitingList waiting, CancellationToken stop) =>
        Change(id, appointment, "decline-time", request, entrance, query, record, async (model, stored, _) => !model.CanChange || model.Kept.Count == 0 ? null : (await desk.LetGoKept(stored, stop), "declined"), stop, waiting.Wake);

    static Task<IResult> Earlier(string id, string appointment, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, BookingDesk desk, WaitingList waiting, CancellationToken stop) =>
        Change(id, appointment, "wait-for-earlier", request, entrance, query, record, async (model, stored, form) =>
        {
            if (!model.CanWait) return null;
            if (form["act"] == "stop") return model.Earlier is null ? null : (await desk.Change(stored, json => KeptTimes.Wish(json, null), gives: false, stop), "not-waiting");
            var today = DateOnly.FromDateTime(record.Today);
            var from = form.Day("from", today, today.AddYears(2), isRequired: false);
            // Whoever waits already keeps their place.
            return form.Errors.Count > 0 ? null : (await desk.Change(stored, json => KeptTimes.Wish(json, new(model.Earlier?.Since ?? record.Now, from)), gives: false, stop), "waiting");
        }, stop, waiting.Wake);

    /// <summary>A change by one button of an appointment's page; after it, or when it cannot be done as things stand, that page is shown.</summary>
    /// <param name="step">Makes the change and says what is to be said of it; null when there is nothing to do.</param>
    /// <param name="after">Whom to tell.</param>
    static async Task<IResult> Change(string id, string appointment, string view, HttpContext request, Entrance entrance, AppointmentsQuery query, RecordQuery record, Func<AppointmentModel, StoredResource, Form, Task<(BookingResult Result, string Said)?>> step, CancellationToken stop, Action? after = null)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$book", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.MayBook(id, record.Compartment(id)) || await query.One(id, appointment, visit, stop) is not var (model, stored)) return await visit.NotFound(stop);
        // The form of an older version, or sent twice: the page says how it stands.
        if (form.IsReview || form.Version != stored.Version) return TypedResults.LocalRedirect($"{Base(id)}/{stored.Id}");
        try
        {
            if (await step(model, stored, form) is not var (result, said) || result.Stored is not { } now)
            {
                await visit.Log("appointment", [stored], [record.Compartment(id)], stop);
                return visit.Page<AppointmentPage>(await query.WithPlace(model, stop), form);
            }
            await visit.Log(view, [now], [record.Compartment(id)], stop);
            after?.Invoke();
            return TypedResults.LocalRedirect($"{Base(id)}/{stored.Id}?saved={said}");
        }
        catch (FaultException)
        {
            // Somebody changed it at the same time.
            return TypedResults.LocalRedirect($"{Base(id)}/{stored.Id}");
        }
    }

    /// <summary>Whether the form was filled in for the appointment as it is; otherwise it is shown again, with what it is now.</summary>
    static bool IsCurrent(Form form, StoredResource stored)
    {
        if (form.Version == stored.Version) return true;
        form.Conflict(stored.Version, new Dictionary<string, string>(), null);
        form.Fail("", Words.Of("booking changed meanwhile"));
        return false;
    }
}
