using System.Globalization;
using System.Text.Json;
using NodaTime;
using Tervik.Care.Booking;
using Tervik.Care.Calendars;
using Tervik.Care.Clinics;
using Tervik.Portal.Chart;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Calendar;

/// <summary>What takes time of a calendar.</summary>
public enum EntryKind
{
    /// <summary>An appointment with a patient whom the reader may see.</summary>
    Appointment,
    /// <summary>Taken, by somebody the reader may not see.</summary>
    Busy,
    /// <summary>Kept for somebody who has not decided yet.</summary>
    Held,
    /// <summary>Nobody is there.</summary>
    Absence,
}

/// <summary>Something in a column of the calendar.</summary>
/// <param name="Kind">What.</param>
/// <param name="From">Minute of the day on the wall at which it begins, 0 if before.</param>
/// <param name="To">Minute of the day at which it ends, 1440 if after.</param>
/// <param name="Start">As it is shown.</param>
/// <param name="End">As it is shown.</param>
public sealed record CalendarEntry(EntryKind Kind, int From, int To, string Start, string End)
{
    /// <summary>Logical id and version of the Appointment; null for others.</summary>
    public (string Id, int Version)? Appointment { get; init; }
    /// <summary>With whom.</summary>
    public PatientHeader? Patient { get; init; }
    /// <summary>What it is, or why somebody is away.</summary>
    public string? Title { get; init; }
    /// <summary>Of the Appointment.</summary>
    public string Status { get; init; } = "";
    /// <summary>What moving it needs: the service; null for what cannot be moved.</summary>
    public Service? Service { get; init; }
    /// <summary>Its clinic is away at that time.</summary>
    public bool IsDisplaced { get; init; }
    /// <summary>Other times are kept for it.</summary>
    public bool IsOffered { get; init; }
    /// <summary>Beside others at the same time: its lane, from 0, of so many.</summary>
    public (int Lane, int Lanes) Beside { get; set; } = (0, 1);
}

/// <summary>One day of one calendar.</summary>
/// <param name="Calendar">Whose.</param>
/// <param name="Day">Which.</param>
/// <param name="Open">When it is open: minutes of the day on the wall, and the minute since 1970 at which that begins.</param>
/// <param name="Entries">In order.</param>
public sealed record CalendarColumn(ClinicCalendar Calendar, LocalDate Day, IReadOnlyList<(int From, int To, long Minute)> Open, IReadOnlyList<CalendarEntry> Entries);

/// <summary>The calendar of a unit for a day, or of one of its people for a week.</summary>
/// <param name="Day">The day, or one of the week.</param>
/// <param name="IsWeek">A week of one calendar.</param>
/// <param name="Of">The calendar of the week; null for a day of all.</param>
/// <param name="Calendars">All that the reader may look at.</param>
/// <param name="Columns">What is shown.</param>
/// <param name="Today">The present day.</param>
public sealed record CalendarModel(DateTime Day, bool IsWeek, ClinicCalendar? Of, IReadOnlyList<ClinicCalendar> Calendars, IReadOnlyList<CalendarColumn> Columns, DateTime Today)
{
    /// <summary>Whether the reader leads a unit, whose numbers are theirs to see.</summary>
    public bool LeadsUnit { get; init; }
    /// <summary>Why a move was not done, in words; null when nothing was asked.</summary>
    public string? Refused { get; init; }
}

/// <summary>Reads calendars for those who work with them.</summary>
sealed class CalendarQuery(RecordQuery record, RecordStore store, Clinics clinics, Bookings bookings, StaffRegister register)
{
    /// <summary>Columns of a day that fit on a screen; others are chosen.</summary>
    public const int MostColumns = 12;
    const int DaysOfWeek = 7, PerPage = 500, Minutes = 24 * 60;

    /// <summary>The calendars of the units in which somebody works, and their own: their own first.</summary>
    public async Task<IReadOnlyList<ClinicCalendar>> Mine(SignedIn person, CancellationToken stop)
    {
        var (setup, staff) = (await clinics.Now(stop), await register.Of(person.Reference, stop));
        var (units, own) = (staff.Roles.Select(role => role.Organization).OfType<string>().ToHashSet(), staff.Roles.Select(role => $"PractitionerRole/{role.Id}").Append(person.Reference).ToHashSet());
        var ofUnits = setup.Services.Values.Where(service => service.Organization is { } unit && units.Contains(unit)).SelectMany(service => service.Needs).SelectMany(setup.CalendarsOf);
        return [.. setup.Calendars.Values.Where(calendar => own.Contains(calendar.Actor)).Concat(ofUnits.OrderBy(calendar => calendar.ActorName, StringComparer.CurrentCulture).ThenBy(calendar => calendar.Reference, StringComparer.Ordinal)).Distinct()];
    }

    /// <summary>Reads a page; null when a calendar is asked for that is not the reader's to see.</summary>
    /// <param name="person">Who reads.</param>
    /// <param name="day">The day, or one of the week.</param>
    /// <param name="of">Logical id of the Schedule whose week it is; null for a day of all.</param>
    /// <param name="filter">What they may see.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<(CalendarModel Model, IReadOnlyList<StoredResource> Read, IReadOnlyList<string> Patients)?> Load(SignedIn person, DateTime day, string? of, AccessFilter filter, CancellationToken stop)
    {
        var mine = await Mine(person, stop);
        var one = of is null ? null : mine.FirstOrDefault(calendar => calendar.Reference == $"Schedule/{of}");
        if (of is not null && one is null) return null;
        var first = LocalDate.FromDateTime(one is null ? day : day.AddDays(-(((int)day.DayOfWeek + 6) % 7)));
        (ClinicCalendar Calendar, LocalDate Day)[] columns = one is null ? [.. mine.Take(MostColumns).Select(calendar => (calendar, first))] : [.. Enumerable.Range(0, DaysOfWeek).Select(i => (one, first.PlusDays(i)))];
        var model = new CalendarModel(day, one is not null, one, mine, [], record.Today.Date) { LeadsUnit = (await register.Of(person.Reference, stop)).Codes.Contains(StaffRegister.UnitLead) };
        if (columns.Length == 0) return (model, [], []);

        var bounds = columns.Select(column => (Start: Start(column.Calendar.Zone, column.Day), End: Start(column.Calendar.Zone, column.Day.PlusDays(1)))).ToArray();
        var setup = await clinics.Now(stop);
        // Days of the search are those of the place of each appointment: one more on each side, for what lasts over midnight too.
        var read = await record.All("Appointment", filter, stop, ("actor", string.Join(',', columns.Select(column => column.Calendar.Actor).Distinct())), ("date", $"ge{RecordQuery.Day(first.ToDateTimeUnspecified().AddDays(-1))}"),
            ("date", $"le{RecordQuery.Day(columns[^1].Day.ToDateTimeUnspecified().AddDays(1))}"), ("status", "booked,pending,arrived,checked-in,fulfilled,noshow"), ("_sort", "date"), ("_count", PerPage.ToString(CultureInfo.InvariantCulture))).ToListAsync(stop);
        using var parsed = new ParsedRecord();
        var appointments = parsed.Add(read).Select(stored => (stored.Stored, stored.Json, Actors: AppointmentReading.Actors(stored.Json).ToList(),
            Start: FhirDate.Read(stored.Json.TextAt("start"))?.Instant, End: FhirDate.Read(stored.Json.TextAt("end"))?.Instant)).ToList();
        var shown = appointments.Where(appointment => Enumerable.Range(0, columns.Length).Any(i => appointment.Actors.Contains(columns[i].Calendar.Actor) && appointment.Start < bounds[i].End.ToDateTimeOffset() && appointment.End > bounds[i].Start.ToDateTimeOffset())).ToList();
        var people = await record.Patients(shown.Select(appointment => RecordQuery.PatientOf(appointment.Json)).OfType<string>(), filter, stop);
        var claims = await bookings.Look([.. columns.Select(column => column.Calendar.Key).Distinct()], view =>
        {
            var found = new IReadOnlyList<Claim>[columns.Length];
            for (var i = 0; i < found.Length; i++) found[i] = view.Claims(new(columns[i].Calendar.Key, Cells.At(Us(bounds[i].Start)), Cells.Until(Us(bounds[i].End))));
            return found;
        }, stop);

        var made = new List<CalendarColumn>();
        for (var i = 0; i < columns.Length; i++)
        {
            var ((calendar, date), (from, to)) = (columns[i], bounds[i]);
            var entries = new List<CalendarEntry>();
            var known = new HashSet<string>();
            foreach (var (stored, json, actors, start, end) in shown)
            {
                if (!actors.Contains(calendar.Actor) || start is not { } begins || end is not { } ends || begins >= to.ToDateTimeOffset() || ends <= from.ToDateTimeOffset()) continue;
                known.Add(stored.Id);
                var patient = RecordQuery.PatientOf(json) is { } id && people.TryGetValue(id, out var found) ? found.Header : null;
                var service = AppointmentReading.ServiceOf(json, setup);
                var status = json.TextAt("status") ?? "";
                entries.Add(Entry(EntryKind.Appointment, begins, ends) with
                {
                    Appointment = (stored.Id, stored.Version), Patient = patient, Status = status, Title = Codes.Write(json.FirstAt("serviceType")) ?? json.TextAt("description") ?? service?.Name,
                    Service = patient is not null && status is "booked" or "pending" && begins > record.Now ? service : null, IsDisplaced = KeptTimes.IsDisplaced(json), IsOffered = KeptTimes.Of(json).Count > 0,
                });
            }
            foreach (var claim in claims[i])
            {
                // What the reader sees as an appointment is not shown twice; of others they learn that the time is taken.
                if (known.Contains(claim.Id)) continue;
                foreach (var span in claim.Spans.Where(span => span.Calendar == calendar.Key))
                    entries.Add(Entry(claim.State == ClaimState.Held ? EntryKind.Held : EntryKind.Busy, Clock.Time(Cells.StartUs(span.From)), Clock.Time(Cells.StartUs(span.To))));
            }
            foreach (var absence in setup.Absences.GetValueOrDefault(calendar.Reference, []).Where(absence => absence.Takes(Us(from), Us(to))))
                entries.Add(Entry(EntryKind.Absence, Clock.Time(absence.StartUs), Clock.Time(absence.EndUs)) with { Title = absence.Comment });
            entries.Sort((a, b) => a.From != b.From ? a.From.CompareTo(b.From) : a.To.CompareTo(b.To));
            Lanes(entries);
            var open = new List<(int From, int To, long Minute)>();
            foreach (var window in calendar.Open(from, to))
                if (open.Count == 0 || MinuteOf(window.StartUtc, calendar.Zone, date) > open[^1].To) open.Add((MinuteOf(window.StartUtc, calendar.Zone, date), MinuteOf(window.EndUtc, calendar.Zone, date), Math.Max(window.StartUtc.ToUnixTimeSeconds(), from.ToUnixTimeSeconds()) / 60));
                else open[^1] = open[^1] with { To = Math.Max(open[^1].To, MinuteOf(window.EndUtc, calendar.Zone, date)) };
            made.Add(new(calendar, date, open, entries));

            CalendarEntry Entry(EntryKind kind, DateTimeOffset begins, DateTimeOffset ends)
            {
                var span = ZonedSpan.Of(calendar.Zone, Instant.FromDateTimeOffset(begins), Instant.FromDateTimeOffset(ends));
                return new(kind, MinuteOf(span.StartUtc, calendar.Zone, date), MinuteOf(span.EndUtc, calendar.Zone, date), span.StartShown, span.EndShown);
            }
        }
        return (model with { Columns = made }, [.. shown.Select(appointment => appointment.Stored), .. people.Values.Select(one => one.Stored)], [.. people.Keys]);
    }

    /// <summary>An Appointment that the reader may see, all of whose patients they may book for; null otherwise.</summary>
    public async Task<StoredResource?> Movable(string id, Visit visit, CancellationToken stop)
    {
        if (await store.Read("Appointment", id, visit.Filter, stop) is not { IsDeleted: false } stored) return null;
        var compartments = store.CompartmentsOf(stored);
        return compartments.Count > 0 && compartments.All(compartment => visit.MayBook("", compartment)) ? stored : null;
    }

    static Instant Start(DateTimeZone zone, LocalDate day) => zone.AtStartOfDay(day).ToInstant();

    static long Us(Instant time) => time.ToUnixTimeTicks() / 10;

    /// <summary>Minute of a day on the wall; an hour that comes twice is shown once, since a wall has no place for it.</summary>
    static int MinuteOf(Instant time, DateTimeZone zone, LocalDate day)
    {
        var wall = time.InZone(zone).LocalDateTime;
        return wall.Date < day ? 0 : wall.Date > day ? Minutes : wall.Hour * 60 + wall.Minute;
    }

    /// <summary>Puts what overlaps side by side.</summary>
    static void Lanes(List<CalendarEntry> entries)
    {
        for (var first = 0; first < entries.Count;)
        {
            var (last, end, free) = (first, entries[first].To, new List<int>());
            for (; last < entries.Count && (last == first || entries[last].From < end); last++)
            {
                end = Math.Max(end, entries[last].To);
                var lane = free.FindIndex(until => until <= entries[last].From);
                if (lane < 0) (lane, free) = (free.Count, [.. free, 0]);
                free[lane] = entries[last].To;
                entries[last].Beside = (lane, 1);
            }
            for (var i = first; i < last; i++) entries[i].Beside = (entries[i].Beside.Lane, free.Count);
            first = last;
        }
    }
}
