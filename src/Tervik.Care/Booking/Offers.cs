using Tervik.Care.Calendars;
using Tervik.Care.Clinics;
using Tervik.Records.Resources;
using Tervik.Trust;

namespace Tervik.Care.Booking;

/// <summary>What is looked for. Lists are alternatives in order of preference; an empty one asks for nothing.</summary>
public sealed record OfferQuery
{
    /// <summary>Not before.</summary>
    public required DateTimeOffset From { get; init; }
    /// <summary>Beginning before.</summary>
    public required DateTimeOffset To { get; init; }
    /// <summary>Logical ids of services.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];
    /// <summary>What is done: <c>system|code</c>.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];
    /// <summary>Specialties: <c>system|code</c>.</summary>
    public IReadOnlyList<string> Specialties { get; init; } = [];
    /// <summary>References of those whose calendar it is.</summary>
    public IReadOnlyList<string> Actors { get; init; } = [];
    /// <summary>References of the Organization.</summary>
    public IReadOnlyList<string> Organizations { get; init; } = [];
    /// <summary>References of the Location.</summary>
    public IReadOnlyList<string> Places { get; init; } = [];
    /// <summary>Languages, BCP 47; a service that names none is offered in whatever is spoken there.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];
    /// <summary>By video (true), in person (false), or either.</summary>
    public bool? IsVideo { get; init; }
    /// <summary>Minutes of the local day between which it begins.</summary>
    public (int From, int To) TimeOfDay { get; init; } = (0, 24 * 60);
    /// <summary>For whom: what only staff may book is not offered to patients.</summary>
    public bool IsStaff { get; init; }
    /// <summary>With a referral.</summary>
    public bool HasReferral { get; init; }
    /// <summary>So many, from the earliest on.</summary>
    public int Count { get; init; } = 50;
    /// <summary>After this one (<see cref="Offer.Id"/> of the last of the page before).</summary>
    public OfferId? After { get; init; }
    /// <summary>A claim that is not in the way: the one that would be moved.</summary>
    public string? But { get; init; }
    /// <summary>How far a service is from whom it is for, in km; null where nobody knows.</summary>
    public Func<Service, double?>? DistanceKm { get; init; }
    /// <summary>Not farther than so many km; of video visits it does not matter. What is not known to be so near is left out.</summary>
    public double? WithinKm { get; init; }
    /// <summary>The nearest first, and of those as near the earliest; what is not known to be anywhere comes last.</summary>
    public bool IsNearestFirst { get; init; }
    /// <summary>At most so many of each place.</summary>
    public int MostOfPlace { get; init; } = int.MaxValue;
}

/// <summary>What was found.</summary>
/// <param name="Offers">A page, earliest first.</param>
/// <param name="Total">Of all pages.</param>
/// <param name="HasMore">Whether others follow.</param>
public sealed record OfferPage(IReadOnlyList<Offer> Offers, int Total, bool HasMore);

/// <summary>Which appointments could be had: the openings of the clinics, less what is taken or held.</summary>
public sealed class Offers(Clinics.Clinics clinics, Bookings bookings, RecordStore store, TimeProvider clock)
{
    /// <summary>The longest time that is looked through at once.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(92);
    /// <summary>More times than these are not looked through.</summary>
    const int MostTimes = 200_000;
    /// <summary>Looked at without a pause for those who book.</summary>
    const int AtOnce = 2_000;

    readonly record struct Candidate(Service Service, ClinicCalendar Calendar, ZonedSpan Time);

    /// <summary>Looks for appointments.</summary>
    /// <exception cref="Records.FaultException">The time is too long, or there is too much to look through.</exception>
    public async Task<OfferPage> Find(OfferQuery query, CancellationToken stop)
    {
        if (query.To - query.From > Longest) throw new Records.FaultException(new Records.Fault(Records.FaultKind.TooCostly, "too-costly", "end", $"At most {Longest.Days} days are looked through at once; start and end are {(query.To - query.From).TotalDays:0} days apart."));
        var setup = await clinics.Now(stop);
        var from = query.From > clock.GetUtcNow() ? query.From : clock.GetUtcNow();
        var candidates = new List<Candidate>();
        foreach (var service in setup.Services.Values.Where(service => Fits(service, query)))
            foreach (var calendar in setup.CalendarsOf(service.Needs[0]))
            {
                if (query.Actors.Count > 0 && !query.Actors.Contains(calendar.Actor)) continue;
                foreach (var time in calendar.Times(service, from, query.To))
                    if (IsAsked(time, query)) candidates.Add(new(service, calendar, time));
                if (candidates.Count > MostTimes) throw new Records.FaultException(new Records.Fault(Records.FaultKind.TooCostly, "too-costly", null, $"More than {MostTimes} times would have to be looked through: ask for a service, a person, a place or a shorter time."));
            }
        var far = query.IsNearestFirst ? candidates.Select(candidate => candidate.Service).Distinct().ToDictionary(service => service, service => query.DistanceKm?.Invoke(service) ?? double.MaxValue) : null;
        candidates.Sort((a, b) => far is not null && far[a.Service].CompareTo(far[b.Service]) is var nearer and not 0 ? nearer : a.Time.StartUtc != b.Time.StartUtc ? a.Time.StartUtc.CompareTo(b.Time.StartUtc)
            : a.Service.Id != b.Service.Id ? string.CompareOrdinal(a.Service.Id, b.Service.Id) : string.CompareOrdinal(a.Calendar.Reference, b.Calendar.Reference));
        long[] keys = [.. candidates.Select(candidate => candidate.Service).Distinct().SelectMany(service => service.Needs).SelectMany(setup.CalendarsOf).Select(calendar => calendar.Key).Distinct()];
        var (found, total, isAfter, hasMore) = (new List<Offer>(), 0, query.After is null, false);
        var ofPlace = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var at = 0; at < candidates.Count; at += AtOnce)
        {
            var some = candidates.GetRange(at, Math.Min(AtOnce, candidates.Count - at));
            foreach (var (candidate, calendars) in await bookings.Look(keys, view => Free(some, setup, query.But, KeptFor(query.But), view), stop))
            {
                total++;
                if (!isAfter) isAfter = query.After == IdOf(candidate);
                else if (query.MostOfPlace < int.MaxValue && (ofPlace[candidate.Service.Place ?? ""] = ofPlace.GetValueOrDefault(candidate.Service.Place ?? "") + 1) > query.MostOfPlace) continue;
                else if (found.Count < query.Count) found.Add(Made(candidate, calendars));
                else hasMore = true;
            }
        }
        return new(found, total, hasMore);
    }

    /// <summary>All times of a service, in order: how many of its calendars could be booked then, and how many no longer.</summary>
    /// <param name="service">What.</param>
    /// <param name="from">Not before.</param>
    /// <param name="to">Beginning before.</param>
    /// <param name="stop">Stops it.</param>
    public async IAsyncEnumerable<(ZonedSpan Time, int Free, int Busy)> Count(Service service, DateTimeOffset from, DateTimeOffset to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var setup = await clinics.Now(stop);
        var candidates = setup.CalendarsOf(service.Needs[0]).SelectMany(calendar => calendar.Times(service, from, to).Select(time => new Candidate(service, calendar, time))).Take(MostTimes)
            .OrderBy(candidate => candidate.Time.StartUtc).ThenBy(candidate => candidate.Time.EndUtc).ToList();
        long[] keys = [.. service.Needs.SelectMany(setup.CalendarsOf).Select(calendar => calendar.Key).Distinct()];
        for (var at = 0; at < candidates.Count;)
        {
            // Those of one time are counted together.
            var end = Math.Min(at + AtOnce, candidates.Count);
            while (end < candidates.Count && candidates[end].Time.StartUtc == candidates[end - 1].Time.StartUtc) end++;
            var some = candidates.GetRange(at, end - at);
            var free = (await bookings.Look(keys, view => Free(some, setup, null, 0, view), stop)).CountBy(one => one.Candidate.Time.StartUtc).ToDictionary();
            foreach (var same in some.GroupBy(candidate => candidate.Time.StartUtc))
            {
                var (all, can) = (same.Count(), free.GetValueOrDefault(same.Key));
                yield return (same.First().Time, can, all - can);
            }
            at = end;
        }
    }

    /// <summary>When a service could be had if nobody had booked anything: each time once, with how many of its calendars it is there. Absences count.</summary>
    /// <param name="service">What.</param>
    /// <param name="setup">As the clinics are set up, or would be.</param>
    /// <param name="from">Not before.</param>
    /// <param name="to">Beginning before; at most <see cref="Longest"/> later.</param>
    public static IReadOnlyList<(ZonedSpan Time, int Calendars)> Possible(Service service, ClinicSetup setup, DateTimeOffset from, DateTimeOffset to)
    {
        if (to - from > Longest) to = from + Longest;
        var candidates = setup.CalendarsOf(service.Needs[0]).OrderBy(calendar => calendar.Reference, StringComparer.Ordinal).SelectMany(calendar => calendar.Times(service, from, to).Select(time => new Candidate(service, calendar, time))).Take(MostTimes).ToList();
        return [.. Free(candidates, setup, null, 0, default).GroupBy(one => one.Candidate.Time.StartUtc).OrderBy(same => same.Key).Select(same => (same.First().Candidate.Time, same.Count()))];
    }

    /// <summary>The offer a proposal names, as it can be had now.</summary>
    /// <param name="id">Of the proposal.</param>
    /// <param name="but">A claim that is not in the way.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>Null when there never was such an offer, or it is over; with whether it is free. Of one that is not free, the calendars are the first of each need.</returns>
    public async Task<(Offer Offer, bool IsFree)?> Resolve(OfferId id, string? but, CancellationToken stop)
    {
        var setup = await clinics.Now(stop);
        if (!setup.ServicesByKey.TryGetValue(id.Service, out var service) || !setup.CalendarsByKey.TryGetValue(id.Calendar, out var calendar) || !service.Needs[0].Contains(calendar.Reference)) return null;
        var start = DateTimeOffset.UnixEpoch.AddMinutes(id.Minute);
        if (start < clock.GetUtcNow()) return null;
        foreach (var time in calendar.Times(service, start, start.AddMinutes(1)))
        {
            var candidate = new Candidate(service, calendar, time);
            long[] keys = [.. service.Needs.SelectMany(setup.CalendarsOf).Select(one => one.Key).Distinct()];
            var free = await bookings.Look(keys, view => Free([candidate], setup, but, KeptFor(but), view), stop);
            return free is [var (_, calendars)] ? (Made(candidate, calendars), true) : (Made(candidate, [calendar, .. service.Needs.Skip(1).Select(need => setup.CalendarsOf(need).FirstOrDefault()).OfType<ClinicCalendar>()]), false);
        }
        return null;
    }

    /// <summary>The offer that a claim was made from, with the calendars it took; null when the set-up no longer knows it.</summary>
    public async Task<Offer?> Of(Claim claim, CancellationToken stop)
    {
        if (OfferId.Parse(claim.Proposal) is not { } id) return null;
        var setup = await clinics.Now(stop);
        if (!setup.ServicesByKey.TryGetValue(id.Service, out var service) || !setup.CalendarsByKey.TryGetValue(id.Calendar, out var calendar)) return null;
        var start = DateTimeOffset.UnixEpoch.AddMinutes(id.Minute);
        var calendars = service.Needs.Select(need => setup.CalendarsOf(need).FirstOrDefault(one => one.Reference == calendar.Reference) ?? setup.CalendarsOf(need).FirstOrDefault(one => claim.Spans.Any(span => span.Calendar == one.Key))).ToList();
        if (calendars.Contains(null)) return null;
        var time = calendar.TimeAt(start, service.Minutes);
        return new(service, time, calendars!, claim.Spans) { Id = claim.Proposal };
    }

    static bool Fits(Service service, OfferQuery query) =>
        (query.Services.Count == 0 || query.Services.Contains(service.Id)) && (query.Types.Count == 0 || query.Types.Any(service.Types.Contains)) && (query.Specialties.Count == 0 || query.Specialties.Any(service.Specialties.Contains))
        && (query.Organizations.Count == 0 || service.Organization is { } organization && query.Organizations.Contains(organization)) && (query.Places.Count == 0 || service.Place is { } place && query.Places.Contains(place))
        && (query.Languages.Count == 0 || service.Languages.Count == 0 || query.Languages.Any(service.Languages.Contains)) && (query.IsVideo is not { } video || service.IsVideo == video)
        && (query.WithinKm is not { } most || service.IsVideo || query.DistanceKm?.Invoke(service) <= most)
        && (query.IsStaff || service.By == BookableBy.Patient || service.By == BookableBy.Referral && query.HasReferral);

    static bool IsAsked(ZonedSpan time, OfferQuery query) =>
        time.WallStart.Hour * 60 + time.WallStart.Minute is var minute && minute >= query.TimeOfDay.From && minute < query.TimeOfDay.To;

    /// <summary>Key of whoever holds times for an appointment that would be moved; 0 for none.</summary>
    long KeptFor(string? but) => but is null ? 0 : store.Keys.Reference($"Appointment/{but}");

    /// <summary>Of each candidate that can be had, the first free calendar for each need.</summary>
    static List<(Candidate Candidate, ClinicCalendar[] Calendars)> Free(List<Candidate> candidates, ClinicSetup setup, string? but, long keptFor, BookingView view)
    {
        var free = new List<(Candidate, ClinicCalendar[])>();
        foreach (var candidate in candidates)
        {
            var (from, to) = Offer.Cut(candidate.Service, candidate.Time);
            var chosen = new ClinicCalendar[candidate.Service.Needs.Count];
            var isFree = !setup.IsAbsent(candidate.Calendar, candidate.Time) && view.IsFree(new(candidate.Calendar.Key, from, to), but, keptFor);
            chosen[0] = candidate.Calendar;
            for (var need = 1; need < chosen.Length && isFree; need++)
            {
                isFree = false;
                foreach (var calendar in setup.CalendarsOf(candidate.Service.Needs[need]))
                {
                    if (chosen.AsSpan(0, need).Contains(calendar) || !calendar.IsOpen(candidate.Service, candidate.Time) || setup.IsAbsent(calendar, candidate.Time) || !view.IsFree(new(calendar.Key, from, to), but, keptFor)) continue;
                    (chosen[need], isFree) = (calendar, true);
                    break;
                }
            }
            if (isFree) free.Add((candidate, chosen));
        }
        return free;
    }

    static Offer Made(Candidate candidate, IReadOnlyList<ClinicCalendar> calendars) =>
        new(candidate.Service, candidate.Time, calendars, Offer.SpansOf(candidate.Service, candidate.Time, calendars)) { Id = IdOf(candidate).ToString() };

    static OfferId IdOf(Candidate candidate) => new(candidate.Service.Key, candidate.Calendar.ScheduleKey, candidate.Time.StartUtc.ToUnixTimeSeconds() / 60);
}
