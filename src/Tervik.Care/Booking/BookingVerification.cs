using System.Globalization;
using Tervik.Care.Clinics;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Booking;

/// <summary>What the check of the calendars found.</summary>
/// <param name="Claims">Holds and bookings that are not over.</param>
/// <param name="Appointments">Appointments to come that take the time of a calendar.</param>
/// <param name="NotFollowed">Appointments that were stored since the program followed them last; they are not judged.</param>
/// <param name="Findings">What does not agree, in words; empty when all does.</param>
public sealed record BookingVerificationResult(long Claims, long Appointments, long NotFollowed, IReadOnlyList<string> Findings);

/// <summary>Checks who has which time from now on: every row of <c>booking_cell</c> against the claims in <c>booking</c>, and these against the Appointments of the record, both ways. Seats beyond a calendar's capacity are no fault: a calendar may have been made smaller since.</summary>
public sealed class BookingVerification(RecordStore store, TimeProvider clock)
{
    const int PageSize = 2000;
    /// <summary>More than so many findings are not listed.</summary>
    const int MostFindings = 100;

    readonly List<string> findings = [];

    /// <summary>Reads everything in one snapshot: what is written meanwhile is left for the next time.</summary>
    public async Task<BookingVerificationResult> Run(CancellationToken stop)
    {
        using var clinics = new Clinics.Clinics(store, clock);
        var setup = await clinics.Now(stop);
        var (nowUs, first) = (clock.NowUs(), Cells.At(clock.NowUs()));
        return await store.Database.Read(async session =>
        {
            var claims = (await BookingRows.From(session, first)).ToDictionary(claim => store.Keys.Reference($"Appointment/{claim.Id}"));
            await CheckCells(session, claims, first);
            var followed = await Followed(session, AppointmentFollower.Setting);
            // Of calendars that were just made or changed, the appointments are gone through within a second.
            var unsettled = (await store.Changed(session, "Schedule", await Followed(session, AppointmentFollower.CalendarsSetting), int.MaxValue)).Where(one => !one.IsDeleted)
                .Select(one => one.Take(json => json.FirstAt("actor").TextAt("reference"))).OfType<string>().Select(store.Keys.Reference).ToHashSet();
            var (standing, taking, ahead) = (new HashSet<long>(), 0L, 0L);
            for (var after = 0L; ;)
            {
                var page = await store.Changed(session, "Appointment", after, PageSize);
                if (page.Count == 0) break;
                after = page[^1].AtUs;
                foreach (var stored in page)
                {
                    var no = store.Keys.Reference($"Appointment/{stored.Id}");
                    if (stored.AtUs > followed)
                    {
                        standing.Add(no);
                        ahead++;
                        continue;
                    }
                    if (!stored.IsDeleted && stored.Take(json => AppointmentReading.Standing.Contains(json.TextAt("status")))) standing.Add(no);
                    var spans = AppointmentFollower.Spans(stored, setup, store.Keys, nowUs).Where(span => !unsettled.Contains(span.Calendar)).ToList();
                    if (spans.Count == 0) continue;
                    taking++;
                    if (claims.TryGetValue(no, out var claim) && claim.State == ClaimState.Booked && AppointmentFollower.Covers(claim, spans)) continue;
                    var others = await Others(session, spans, no, claims);
                    Find(others.Count > 0 ? $"Appointment/{stored.Id}: two claims; its time in the calendar of {Calendars(spans, setup)} is that of {string.Join(", ", others)}."
                        : $"Appointment/{stored.Id}: an appointment without its cells; its time in the calendar of {Calendars(spans, setup)} is not taken. Store it once more, and it is.");
                }
                stop.ThrowIfCancellationRequested();
            }
            foreach (var (no, claim) in claims)
                if (claim.State == ClaimState.Booked && !standing.Contains(no)) Find($"booking {claim.Id}: cells without an appointment; there is no Appointment/{claim.Id} that is booked.");
            return new BookingVerificationResult(claims.Count, taking, ahead, findings);
        }, stop);
    }

    void Find(string finding)
    {
        if (findings.Count < MostFindings) findings.Add(finding);
        else if (findings.Count == MostFindings) findings.Add($"More than {MostFindings} findings; the rest is not listed.");
    }

    static async ValueTask<long> Followed(Session session, string setting)
    {
        await using var rows = await session.Query("SELECT value FROM setting WHERE name = $1", setting);
        return await rows.Read() ? long.Parse(rows.Text(0)!, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>Each cell is of a claim that says so, and each claim has all of its cells.</summary>
    async ValueTask CheckCells(Session session, Dictionary<long, Claim> claims, long first)
    {
        var had = new Dictionary<long, long>();
        var odd = new HashSet<(long, bool)>();
        await using (var rows = await session.Query("SELECT calendar, cell, seat, booking FROM booking_cell WHERE cell >= $1 ORDER BY calendar, cell, seat", first))
            while (await rows.Read())
            {
                var (calendar, cell, no) = (rows.Int64(0), rows.Int64(1), rows.Int64(3));
                if (!claims.TryGetValue(no, out var claim))
                {
                    if (odd.Add((no, true))) Find($"booking_cell: cells without a claim, from {Time(cell)} on; booking {no} is not there.");
                }
                else if (claim.Spans.Any(span => span.Calendar == calendar && span.From <= cell && cell < span.To)) had[no] = had.GetValueOrDefault(no) + 1;
                else if (odd.Add((no, false))) Find($"booking_cell: a cell at {Time(cell)} that its claim, booking {claim.Id}, does not take.");
            }
        foreach (var (no, claim) in claims)
        {
            var expected = claim.Spans.Sum(span => Math.Max(0, span.To - Math.Max(span.From, first)));
            if (had.GetValueOrDefault(no) is var count && count != expected) Find($"booking {claim.Id}: it has {count} of its {expected} cells{(count > expected ? ", some of them twice" : "")}.");
        }
    }

    static async ValueTask<SortedSet<string>> Others(Session session, List<Span> spans, long no, Dictionary<long, Claim> claims)
    {
        var others = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var span in spans)
        {
            await using var rows = await session.Query("SELECT DISTINCT booking FROM booking_cell WHERE calendar = $1 AND cell >= $2 AND cell < $3", span.Calendar, span.From, span.To);
            while (await rows.Read())
                if (rows.Int64(0) != no) others.Add(claims.TryGetValue(rows.Int64(0), out var claim) ? $"Appointment/{claim.Id}" : $"booking {rows.Int64(0)}");
        }
        return others;
    }

    static string Calendars(List<Span> spans, ClinicSetup setup) => string.Join(", ", spans.Select(span => setup.ByActor.TryGetValue(span.Calendar, out var calendars) ? calendars[0].Actor : $"{span.Calendar}"));

    static string Time(long cell) => Clock.Time(Cells.StartUs(cell)).ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);
}
