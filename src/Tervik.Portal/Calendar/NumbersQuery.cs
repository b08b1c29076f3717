using System.Globalization;
using System.Text;
using NodaTime;
using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Calendar;

/// <summary>Appointments of a service in a time.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Booked">All that were to be, whatever became of them, but those that were cancelled.</param>
/// <param name="Fulfilled">Took place, as far as it was noted.</param>
/// <param name="NoShow">Nobody came.</param>
/// <param name="ByPatient">Cancelled by patients.</param>
/// <param name="ByClinic">Cancelled by the clinic.</param>
/// <param name="LeadDays">Median of the days from the booking to the appointment; null where none says when it was booked.</param>
/// <param name="Waiting">Wait for an earlier time now.</param>
public sealed record ServiceNumbers(string Service, int Booked, int Fulfilled, int NoShow, int ByPatient, int ByClinic, double? LeadDays, int Waiting)
{
    /// <summary>Days until the third time that could be had now; null where there are not so many within <see cref="Offers.Longest"/>. The first two may be times that somebody has just given back.</summary>
    public int? ThirdFreeDays { get; init; }
    /// <summary>Days within which there should be one; null without a target.</summary>
    public int? TargetDays { get; init; }
    /// <summary>Whether the target is missed.</summary>
    public bool IsBeyondTarget => TargetDays is { } target && !(ThirdFreeDays <= target);
}

/// <summary>How full a calendar was.</summary>
/// <param name="Calendar">Whose.</param>
/// <param name="OpenMinutes">Of its openings, without its absences.</param>
/// <param name="BookedMinutes">Of its appointments that were not cancelled.</param>
public sealed record CalendarNumbers(string Calendar, long OpenMinutes, long BookedMinutes)
{
    /// <summary>Of what was open; null where nothing was.</summary>
    public double? Filled => OpenMinutes == 0 ? null : Math.Min(1, (double)BookedMinutes / OpenMinutes);
}

/// <summary>A week of the units.</summary>
/// <param name="Monday">Its first day.</param>
/// <param name="Booked">Appointments that were not cancelled.</param>
/// <param name="NoShow">Of these, nobody came.</param>
/// <param name="Cancelled">Cancelled.</param>
public sealed record WeekNumbers(LocalDate Monday, int Booked, int NoShow, int Cancelled);

/// <summary>The numbers of the units that somebody leads.</summary>
/// <param name="From">First day.</param>
/// <param name="To">Last day.</param>
/// <param name="Services">By name.</param>
/// <param name="Calendars">By name.</param>
/// <param name="Weeks">In order.</param>
public sealed record NumbersModel(DateOnly From, DateOnly To, IReadOnlyList<ServiceNumbers> Services, IReadOnlyList<CalendarNumbers> Calendars, IReadOnlyList<WeekNumbers> Weeks)
{
    /// <summary>The services as RFC 4180 has it.</summary>
    public string Csv()
    {
        var csv = new StringBuilder("from,to,service,booked,took_place,did_not_come,cancelled_by_patient,cancelled_by_clinic,median_days_from_booking,waiting_for_earlier,days_to_third_free,target_days\r\n");
        foreach (var one in Services)
            csv.Append(CultureInfo.InvariantCulture, $"{From:yyyy-MM-dd},{To:yyyy-MM-dd},\"{Plain(one.Service)}\",{one.Booked},{one.Fulfilled},{one.NoShow},{one.ByPatient},{one.ByClinic},{one.LeadDays:0.#},{one.Waiting},{one.ThirdFreeDays},{one.TargetDays}\r\n");
        return csv.ToString();
    }

    // A name that begins like a formula is none in a spreadsheet.
    static string Plain(string text) => (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" : "") + text.Replace("\"", "\"\"", StringComparison.Ordinal);
}

/// <summary>Counts what became of appointments, for who leads a unit. Nobody's appointment is shown.</summary>
sealed class NumbersQuery(RecordQuery record, Clinics clinics, Offers offers, WaitingList waiting, StaffRegister register)
{
    const int PerPage = 500, MostAbsences = 1000;

    /// <summary>Reads them; null for who leads no unit.</summary>
    public async Task<NumbersModel?> Load(SignedIn person, DateOnly from, DateOnly to, CancellationToken stop)
    {
        var (staff, setup) = (await register.Of(person.Reference, stop), await clinics.Now(stop));
        var units = staff.Leads;
        if (units.Count == 0) return null;
        var services = setup.Services.Values.Where(service => service.Organization is { } unit && units.Contains(unit)).OrderBy(service => service.Name, StringComparer.CurrentCulture).ToList();
        var calendars = services.SelectMany(service => service.Needs).SelectMany(setup.CalendarsOf).Distinct().OrderBy(calendar => calendar.ActorName, StringComparer.CurrentCulture).ToList();
        var found = new List<(string Service, string Status, string? Reason, DateTimeOffset Start, int Minutes, double? LeadDays, IReadOnlyList<string> Actors)>();
        if (services.Count > 0)
            await foreach (var stored in record.All("Appointment", AccessFilter.Everything, stop, ("actor", string.Join(',', services.Select(service => $"HealthcareService/{service.Id}"))),
                ("date", $"ge{from:yyyy-MM-dd}"), ("date", $"le{to:yyyy-MM-dd}"), ("_count", PerPage.ToString(CultureInfo.InvariantCulture))))
                if (stored.Take(json => FhirDate.Read(json.TextAt("start")) is { } start && FhirDate.Read(json.TextAt("end")) is { } end && AppointmentReading.Actors(json).ToList() is var actors
                    ? (actors.First(actor => services.Exists(service => actor == $"HealthcareService/{service.Id}")), json.TextAt("status") ?? "", json.At("cancelationReason").FirstAt("coding").TextAt("code"), start.Instant, (int)(end.Instant - start.Instant).TotalMinutes,
                        FhirDate.Read(json.TextAt("created")) is { } made ? (start.Instant - made.Instant).TotalDays : (double?)null, actors) : default) is { Item1: not null } one) found.Add(one);

        // Those that are over too, which the set-up no longer knows.
        IReadOnlyList<Records.Resources.StoredResource> away = calendars.Count == 0 ? [] : (await record.Everywhere("Slot", AccessFilter.Everything, stop, ("schedule", string.Join(',', calendars.Select(calendar => calendar.Reference))), ("status", "busy-unavailable"), ("start", $"le{to:yyyy-MM-dd}"), ("_sort", "-start"), ("_count", MostAbsences.ToString(CultureInfo.InvariantCulture)))).Matches;
        var absences = away.Select(stored => stored.Take(json => Absence.Read(stored.Id, stored.Version, json))).OfType<Absence>().ToLookup(absence => absence.Schedule);
        var waits = (await waiting.Waiting(null, stop)).GroupBy(one => one.Service).ToDictionary(of => of.Key, of => of.Count());
        var free = new Dictionary<string, int?>(StringComparer.Ordinal);
        foreach (var service in services) free[service.Id] = await ThirdFree(service, stop);
        var (first, last) = (LocalDate.FromDateOnly(from), LocalDate.FromDateOnly(to));
        var kept = found.Where(one => IsKept(one.Status)).ToList();
        return new(from, to,
            [.. services.Select(service =>
            {
                var own = found.Where(one => one.Service == $"HealthcareService/{service.Id}").ToList();
                var lead = own.Where(one => one.LeadDays is not null && one.Status is not ("cancelled" or "entered-in-error")).Select(one => one.LeadDays!.Value).Order().ToList();
                return new ServiceNumbers(service.Name, own.Count(one => IsKept(one.Status)), own.Count(one => one.Status == "fulfilled"), own.Count(one => one.Status == "noshow"), own.Count(one => one.Status == "cancelled" && one.Reason?.StartsWith("pat", StringComparison.Ordinal) == true),
                    own.Count(one => one.Status == "cancelled" && one.Reason?.StartsWith("prov", StringComparison.Ordinal) == true), lead.Count == 0 ? null : lead[lead.Count / 2], waits.GetValueOrDefault(service.Id)) { ThirdFreeDays = free[service.Id], TargetDays = service.TargetDays };
            })],
            [.. calendars.Select(calendar => new CalendarNumbers(calendar.ActorName ?? calendar.Actor, Open(calendar, absences[calendar.Reference], first, last), kept.Where(one => one.Actors.Contains(calendar.Actor)).Sum(one => (long)one.Minutes)))],
            [.. Enumerable.Range(0, Period.DaysBetween(Monday(first), last) / 7 + 1).Select(week => Monday(first).PlusDays(7 * week)).Select(monday => new WeekNumbers(monday, kept.Count(one => In(one.Start, monday)), kept.Count(one => one.Status == "noshow" && In(one.Start, monday)), found.Count(one => one.Status == "cancelled" && In(one.Start, monday))))]);
    }

    /// <summary>Whole days until the third next available appointment, the usual measure of access: looked for a fortnight at a time, since most have one in the first.</summary>
    async Task<int?> ThirdFree(Service service, CancellationToken stop)
    {
        var (now, left) = (record.Now, 3);
        for (var from = now; from < now + Offers.Longest; from = from.AddDays(14))
        {
            var page = await offers.Find(new() { From = from, To = from.AddDays(14), Services = [service.Id], IsStaff = true, HasReferral = true, Count = left }, stop);
            left -= page.Offers.Count;
            if (left == 0) return (int)(page.Offers[^1].Time.Start - now).TotalDays;
        }
        return null;
    }

    static bool IsKept(string status) => status is not ("cancelled" or "entered-in-error" or "proposed");

    static LocalDate Monday(LocalDate day) => day.PlusDays(1 - (int)day.DayOfWeek);

    static bool In(DateTimeOffset start, LocalDate monday) => LocalDate.FromDateTime(start.DateTime) is var day && day >= monday && day < monday.PlusDays(7);

    static long Open(ClinicCalendar calendar, IEnumerable<Absence> absences, LocalDate first, LocalDate last)
    {
        var (from, to) = (calendar.Zone.AtStartOfDay(first).ToInstant(), calendar.Zone.AtStartOfDay(last.PlusDays(1)).ToInstant());
        var (minutes, until) = (0L, from);
        foreach (var window in calendar.Open(from, to))
        {
            var (start, end) = (Instant.Max(window.StartUtc, until), Instant.Min(window.EndUtc, to));
            if (start >= end) continue;
            until = end;
            minutes += (long)(end - start).TotalMinutes - absences.Sum(absence => Common(absence, start, end));
        }
        return Math.Max(0, minutes);
    }

    static long Common(Absence absence, Instant start, Instant end) =>
        Math.Max(0, (Math.Min(absence.EndUs, end.ToUnixTimeTicks() / 10) - Math.Max(absence.StartUs, start.ToUnixTimeTicks() / 10)) / 60_000_000);
}
