using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Care.Booking;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Resources;

namespace Tervik.Portal.Calendar;

/// <summary>The calendar of those who work with it: a day of a unit, a week of one of its people; appointments are moved in it.</summary>
static class CalendarEndpoints
{
    public static void MapCalendar(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/calendar", Show);
        routes.MapPost("/calendar/{appointment}/move", Move).DisableAntiforgery(); // FormGuard does it.
        routes.MapAbsences();
        routes.MapGet("/calendar/numbers", Numbers);
        routes.MapGet("/calendar/numbers.csv", NumbersFile);
    }

    /// <summary>Address of a page of the calendar.</summary>
    public static string Address(DateTime day, string? of) => $"/calendar?day={RecordQuery.Day(day)}{(of is null ? "" : $"&of={Uri.EscapeDataString(of)}")}";

    // Days far away have no date to step to.
    internal static DateTime? Day(string? text) => DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1900 and < 2200 ? day : null;

    static async Task<IResult> Show(string? day, string? of, HttpContext request, Entrance entrance, CalendarQuery calendars, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        return await Page(Day(day) ?? record.Today.Date, of, Form.New(request), null, visit, calendars, record, stop);
    }

    const int MostDays = 370, UsualDays = 56;

    static Task<IResult> Numbers(string? from, string? to, HttpContext request, Entrance entrance, NumbersQuery numbers, RecordQuery record, CancellationToken stop) =>
        Counted(from, to, request, entrance, numbers, record, (visit, model) => visit.Page<NumbersPage>(model), stop);

    static Task<IResult> NumbersFile(string? from, string? to, HttpContext request, Entrance entrance, NumbersQuery numbers, RecordQuery record, CancellationToken stop) =>
        Counted(from, to, request, entrance, numbers, record, (_, model) => TypedResults.File(Encoding.UTF8.GetBytes(model.Csv()), "text/csv; charset=utf-8", $"appointments-{model.From:yyyy-MM-dd}-{model.To:yyyy-MM-dd}.csv"), stop);

    // Nobody is found in them: they are for who leads a unit, whatever patients they treat.
    static async Task<IResult> Counted(string? from, string? to, HttpContext request, Entrance entrance, NumbersQuery numbers, RecordQuery record, Func<Visit, NumbersModel, IResult> answer, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var last = DateOnly.FromDateTime(Day(to) ?? record.Today.Date);
        var first = Day(from) is { } day && DateOnly.FromDateTime(day) is var asked && asked <= last && last.DayNumber - asked.DayNumber < MostDays ? asked : last.AddDays(-UsualDays);
        if (!visit.Person.IsProfessional || await numbers.Load(visit.Person, first, last, stop) is not { } model) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        await visit.Log("numbers", [], [], stop);
        return answer(visit, model);
    }

    static async Task<IResult> Page(DateTime day, string? of, Form form, string? refused, Visit visit, CalendarQuery calendars, RecordQuery record, CancellationToken stop)
    {
        if (await calendars.Load(visit.Person, day, of is { Length: > 0 } ? of : null, visit.Filter, stop) is not var (model, read, patients)) return await visit.NotFound(stop);
        await visit.Log("calendar", read, [.. patients.Select(record.Compartment)], stop);
        return visit.Page<CalendarPage>(model with { Refused = refused }, form);
    }

    static async Task<IResult> Move(string appointment, HttpContext request, Entrance entrance, CalendarQuery calendars, RecordQuery record, RecordStore store, BookingDesk desk, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$book", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await calendars.Movable(appointment, visit, stop) is not { } stored) return await visit.NotFound(stop);
        var (day, of) = (Day(form["day"]) ?? record.Today.Date, form["of"]);
        string? refused = "booking gone";
        if (form.Version != stored.Version) refused = "booking changed meanwhile";
        else if (OfferId.Parse(form["offer"]) is { } offer && !form.IsReview)
            try
            {
                var moved = await desk.Move(stored, offer, stop);
                if (moved.Stored is { } now)
                {
                    await visit.Log("move-appointment", [now], store.CompartmentsOf(now), stop);
                    return TypedResults.LocalRedirect($"{Address(day, of is { Length: > 0 } ? of : null)}&saved=moved");
                }
                refused = moved.Outcome == BookingOutcome.Taken ? "booking taken" : "booking gone";
            }
            catch (FaultException)
            {
                refused = "booking changed meanwhile";
            }
        form.Conflict(stored.Version, new Dictionary<string, string>(), null);
        return await Page(day, of, form, Words.Of(refused), visit, calendars, record, stop);
    }
}
