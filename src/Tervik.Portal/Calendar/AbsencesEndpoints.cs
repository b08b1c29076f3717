using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using NodaTime.Text;
using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Portal.Chart;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Trust;

namespace Tervik.Portal.Calendar;

/// <summary>An appointment that waits: for an earlier time, or for another one because its clinic is away.</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Version">Of the resource.</param>
/// <param name="Patient">Whose; null for a patient whom the reader may not see.</param>
/// <param name="Title">What it is.</param>
/// <param name="Start">When it is now.</param>
/// <param name="Kept">Times that are kept for it.</param>
/// <param name="IsDisplaced">Its clinic is away.</param>
public sealed record WaitingLine(string Id, int Version, PatientHeader? Patient, string? Title, FhirDate? Start, IReadOnlyList<KeptTime> Kept, bool IsDisplaced)
{
    /// <summary>Since when, and from which day on; null for one that waits because of an absence.</summary>
    public EarlierWish? Wish { get; init; }
    /// <summary>Priority of the Appointment; 0 for none said.</summary>
    public int Priority { get; init; }
}

/// <summary>An absence and what stands in its time.</summary>
/// <param name="Absence">Which.</param>
/// <param name="Calendar">Whose.</param>
/// <param name="Start">As the wall shows it.</param>
/// <param name="End">As the wall shows it.</param>
/// <param name="Appointments">In its time.</param>
public sealed record AbsenceLine(Absence Absence, ClinicCalendar Calendar, DateTime Start, DateTime End, IReadOnlyList<WaitingLine> Appointments);

/// <summary>The page of absences.</summary>
/// <param name="Calendars">To choose from.</param>
/// <param name="Absences">Those there are, soonest first.</param>
/// <param name="Preview">The one that is filled in, with what stands in its time; null before.</param>
public sealed record AbsencesModel(IReadOnlyList<ClinicCalendar> Calendars, IReadOnlyList<AbsenceLine> Absences, AbsenceLine? Preview);

/// <summary>The waiting list of the reader's units.</summary>
/// <param name="Services">By service, each in the order in which they are asked.</param>
public sealed record WaitingModel(IReadOnlyList<(string Service, IReadOnlyList<WaitingLine> Waiting)> Services);

/// <summary>Absences: they close a calendar for new appointments, and other times are kept for those that stand in them. And the waiting list.</summary>
static class AbsencesEndpoints
{
    const int LongestComment = 200, MostDays = 400;
    static readonly LocalDateTimePattern Wall = LocalDateTimePattern.CreateWithInvariantCulture("yyyy-MM-dd'T'HH:mm");
    /// <summary>Priorities that are offered, as RFC 5545 orders them: 1 is the most urgent, 0 says nothing.</summary>
    public static readonly int[] Priorities = [1, 5, 0];

    public static void MapAbsences(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/calendar/absences", Show);
        routes.MapPost("/calendar/absences", Add).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/calendar/absences/{id}/remove", Remove).DisableAntiforgery();
        routes.MapGet("/calendar/waiting", ShowWaiting);
        routes.MapPost("/calendar/waiting/{appointment}", SetPriority).DisableAntiforgery();
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, CalendarQuery calendars, Clinics clinics, WaitingList waiting, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var form = Form.New(request);
        form.Begin(request.Request.Query.Where(one => one.Key is "of" or "from-day" or "from-time" or "to-day" or "to-time" or "why").ToDictionary(one => one.Key, one => one.Value.ToString()));
        return await Page(form, isFilledIn: form["of"].Length > 0, visit, calendars, clinics, waiting, record, store, stop);
    }

    static async Task<IResult> Page(Form form, bool isFilledIn, Visit visit, CalendarQuery calendars, Clinics clinics, WaitingList waiting, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var (mine, setup) = (await calendars.Mine(visit.Person, stop), await clinics.Now(stop));
        var asked = isFilledIn ? Read(form, mine, record) : null;
        var read = new List<StoredResource>();
        async Task<AbsenceLine> Line(Absence absence, ClinicCalendar calendar) => new(absence, calendar, At(absence.StartUs, calendar), At(absence.EndUs, calendar), await Lines(await waiting.Between(calendar, absence, stop), visit, record, store, read, stop));
        var lines = new List<AbsenceLine>();
        foreach (var calendar in mine)
            foreach (var absence in setup.Absences.GetValueOrDefault(calendar.Reference, [])) lines.Add(await Line(absence, calendar));
        var preview = asked is var (of, one) ? await Line(one, of) : null;
        await visit.Log("absences", read, [.. read.SelectMany(store.CompartmentsOf).Distinct()], stop);
        return visit.Page<AbsencesPage>(new AbsencesModel(mine, [.. lines.OrderBy(line => line.Absence.StartUs)], preview), form);
    }

    static DateTime At(long us, ClinicCalendar calendar) => Instant.FromDateTimeOffset(Clock.Time(us)).InZone(calendar.Zone).ToDateTimeUnspecified();

    /// <summary>Reads what was filled in; null when something is wrong with it, which is noted.</summary>
    static (ClinicCalendar Calendar, Absence Absence)? Read(Form form, IReadOnlyList<ClinicCalendar> mine, RecordQuery record)
    {
        var of = form.Choice("of", mine.Select(calendar => calendar.Reference["Schedule/".Length..]));
        var today = DateOnly.FromDateTime(record.Today);
        var (first, last) = (form.Day("from-day", today, today.AddDays(MostDays)), form.Day("to-day", today, today.AddDays(MostDays)));
        var (begins, ends) = (Time(form, "from-time"), Time(form, "to-time"));
        var why = form.Text("why", LongestComment, isRequired: false);
        if (mine.FirstOrDefault(one => one.Reference == $"Schedule/{of}") is not { } calendar || first is not { } from || last is not { } to || begins is not { } start || ends is not { } end) return null;
        // A time that the clock skips is the next one there is.
        long Us(DateOnly day, TimeOnly time) => calendar.Zone.AtLeniently(LocalDateTime.FromDateTime(day.ToDateTime(time))).ToInstant().ToUnixTimeTicks() / 10;
        var (startUs, endUs) = (Us(from, start), Us(to, end));
        if (endUs <= startUs) form.Fail("to-time", Words.Of("absence ends before"));
        else if (endUs <= record.Now.Us()) form.Fail("to-time", Words.Of("absence is over"));
        else return (calendar, new("", 0, calendar.Reference, startUs, endUs, why.Length > 0 ? why : null));
        return null;
    }

    internal static TimeOnly? Time(Form form, string name)
    {
        if (TimeOnly.TryParseExact(form[name].Trim(), ["HH:mm", "H:mm", "HH.mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return time;
        form.Fail(name, Words.Of(form[name].Trim().Length == 0 ? "error required" : "absence no time"));
        return null;
    }

    /// <summary>Appointments as lines; those of patients whom the reader may not see are told without a name.</summary>
    internal static async Task<IReadOnlyList<WaitingLine>> Lines(IReadOnlyList<StoredResource> appointments, Visit visit, RecordQuery record, RecordStore store, List<StoredResource> read, CancellationToken stop)
    {
        var seen = appointments.Where(stored => visit.Filter.Sees(stored.Type, [.. store.CompartmentsOf(stored)])).ToHashSet();
        var people = await record.Patients(seen.Select(stored => stored.Take(RecordQuery.PatientOf)).OfType<string>(), visit.Filter, stop);
        read.AddRange(seen);
        read.AddRange(people.Values.Select(one => one.Stored));
        return [.. appointments.Select(stored => stored.Take(json => new WaitingLine(stored.Id, stored.Version,
            seen.Contains(stored) && RecordQuery.PatientOf(json) is { } id && people.TryGetValue(id, out var found) ? found.Header : null, seen.Contains(stored) ? json.TextAt("description") ?? Codes.Write(json.FirstAt("serviceType")) : null,
            FhirDate.Of(json, "start"), KeptTimes.Of(json), KeptTimes.IsDisplaced(json)) { Wish = KeptTimes.Earlier(json), Priority = AppointmentReading.Priority(json) }))];
    }

    static async Task<IResult> Add(HttpContext request, Entrance entrance, CalendarQuery calendars, Clinics clinics, WaitingList waiting, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("block-time", "Slot"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (Read(form, await calendars.Mine(visit.Person, stop), record) is var (calendar, absence) && !form.MustShowAgain)
        {
            DateTimeOffset On(long us) => Instant.FromDateTimeOffset(Clock.Time(us)).InZone(calendar.Zone).ToDateTimeOffset();
            var slot = Absence.Write(calendar.Reference, On(absence.StartUs), On(absence.EndUs), absence.Comment ?? "");
            slot["id"] = form.NewId;
            using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(slot.ToJsonString()));
            var draft = Draft.Of(json.RootElement, form.NewId, store.Indexer);
            // A Slot is no patient's: that professionals may is decided, and whose calendar it is was asked above.
            var commit = await store.Commit([new() { Method = "POST", Type = "Slot", Id = form.NewId, Draft = draft, ExpectedVersion = 0 }], [], stop);
            // Sent twice, it is there already.
            await visit.Log("absence", commit.Outcome == CommitOutcome.Done ? [commit.Results[0]!] : [], [], stop);
            waiting.Wake();
            return TypedResults.LocalRedirect("/calendar/absences?saved=absence");
        }
        return await Page(form, isFilledIn: true, visit, calendars, clinics, waiting, record, store, stop);
    }

    static async Task<IResult> Remove(string id, HttpContext request, Entrance entrance, CalendarQuery calendars, Clinics clinics, WaitingList waiting, RecordStore store, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("block-time", "Slot"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var mine = await calendars.Mine(visit.Person, stop);
        if ((await clinics.Now(stop)).Absences.Values.SelectMany(all => all).FirstOrDefault(one => one.Id == id) is not { } absence || !mine.Any(calendar => calendar.Reference == absence.Schedule)) return await visit.NotFound(stop);
        if (form.IsReview) return TypedResults.LocalRedirect("/calendar/absences");
        await store.Commit([new() { Method = "DELETE", Type = "Slot", Id = id, ExpectedVersion = absence.Version }], [], stop);
        await visit.Log("absence", [], [], stop);
        waiting.Wake();
        return TypedResults.LocalRedirect("/calendar/absences?saved=no-absence");
    }

    static async Task<IResult> ShowWaiting(HttpContext request, Entrance entrance, CalendarQuery calendars, Clinics clinics, WaitingList waiting, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var (mine, setup) = ((await calendars.Mine(visit.Person, stop)).Select(calendar => calendar.Reference).ToHashSet(), await clinics.Now(stop));
        var (read, services) = (new List<StoredResource>(), new List<(string, IReadOnlyList<WaitingLine>)>());
        foreach (var of in (await waiting.Waiting(null, stop)).GroupBy(one => one.Service))
            if (setup.Services.GetValueOrDefault(of.Key) is { } service && service.Needs[0].Any(mine.Contains)) services.Add((service.Name, await Lines([.. of.Select(one => one.Stored)], visit, record, store, read, stop)));
        await visit.Log("waiting-list", read, [.. read.SelectMany(store.CompartmentsOf).Distinct()], stop);
        return visit.Page<WaitingPage>(new WaitingModel(services), Form.New(request));
    }

    static async Task<IResult> SetPriority(string appointment, HttpContext request, Entrance entrance, CalendarQuery calendars, WaitingList waiting, RecordStore store, BookingDesk desk, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("$book", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await calendars.Movable(appointment, visit, stop) is not { } stored) return await visit.NotFound(stop);
        var said = "changed";
        if (int.TryParse(form["priority"], NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && Priorities.Contains(priority) && !form.IsReview && form.Version == stored.Version)
            try
            {
                var now = (await desk.Change(stored, json =>
                {
                    if (priority == 0) json.Remove("priority");
                    else json["priority"] = priority;
                }, gives: false, stop)).Stored!;
                await visit.Log("waiting-priority", [now], store.CompartmentsOf(now), stop);
                waiting.Wake();
                said = "priority";
            }
            catch (FaultException)
            {
                // Changed at the same time: the list shows how it stands.
            }
        return TypedResults.LocalRedirect($"/calendar/waiting?saved={said}");
    }
}
