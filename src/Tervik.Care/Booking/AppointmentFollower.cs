using System.Globalization;
using Microsoft.Extensions.Logging;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Booking;

/// <summary>Appointments that came another way than through the desk (the FHIR API, a hospital system, the demonstration) take and give back time as well: within a second of being stored they are in the calendars of those who have one here.</summary>
/// <remarks>What is stored is not refused afterwards: where somebody else has the time, the Appointment stays and both are shown, which is what happened. An Appointment that the desk made is found as it is, and nothing is done.</remarks>
public sealed partial class AppointmentFollower(RecordStore store, SearchEngine search, Clinics.Clinics clinics, Bookings bookings, TimeProvider clock, ILogger<AppointmentFollower> logger) : Follower(logger)
{
    const int AtOnce = 500;
    static readonly NewestOf NewestCalendar = new("Schedule");
    internal const string Setting = "appointments-followed", CalendarsSetting = "calendars-followed";
    /// <summary>What lasts longer is a stay, or a mistake, and takes nobody's calendar.</summary>
    static readonly TimeSpan LongestAppointment = TimeSpan.FromDays(1);

    /// <summary>Until when it has followed; null before it asked.</summary>
    long? followed, calendarsFollowed;

    /// <inheritdoc/>
    protected override async Task<bool> Step(CancellationToken stop)
    {
        var before = followed ??= long.Parse(await store.Setting(Setting, () => "0", stop), CultureInfo.InvariantCulture);
        // Before the first appointment is gone through, which then finds the calendars there are.
        var (newest, calendars) = (calendarsFollowed is null ? await store.Database.ReadOnce(NewestCalendar.In, stop) : 0, calendarsFollowed);
        calendars ??= long.Parse(await store.Setting(CalendarsSetting, () => newest.ToString(CultureInfo.InvariantCulture), stop), CultureInfo.InvariantCulture);
        followed = await Follow(before, stop);
        calendarsFollowed = await FollowCalendars(calendars.Value, stop);
        return followed > before || calendarsFollowed > calendars;
    }

    /// <summary>Goes through calendars that were stored after a moment: appointments of somebody who had none until now take their time as well.</summary>
    /// <returns>Until when it has followed.</returns>
    public async Task<long> FollowCalendars(long afterUs, CancellationToken stop)
    {
        var changed = await store.Database.ReadOnce(session => store.Changed(session, "Schedule", afterUs, AtOnce), stop);
        if (changed.Count == 0) return afterUs;
        var setup = await clinics.Now(stop);
        var actors = changed.Where(one => !one.IsDeleted).Select(one => one.Take(json => json.FirstAt("actor").TextAt("reference"))).OfType<string>().Distinct().Where(actor => setup.ByActor.ContainsKey(store.Keys.Reference(actor)));
        foreach (var actor in actors)
            await foreach (var some in search.All(new("Appointment", [new("actor", actor), new("date", $"ge{clock.GetUtcNow().AddDays(-1):yyyy-MM-dd}"), new("status", string.Join(',', AppointmentReading.Standing)), new("_count", $"{AtOnce}")], Strict: true), AccessFilter.Everything, stop).Chunk(AtOnce).WithCancellation(stop))
                await Task.WhenAll(some.Select(one => Follow(one, setup, stop)));
        await store.Database.Write(session => session.Execute("UPDATE setting SET value = $2 WHERE name = $1", CalendarsSetting, changed[^1].AtUs.ToString(CultureInfo.InvariantCulture)), stop);
        return changed[^1].AtUs;
    }

    /// <summary>Goes through Appointments that were stored after a moment.</summary>
    /// <returns>Until when it has followed.</returns>
    public async Task<long> Follow(long afterUs, CancellationToken stop)
    {
        var changed = await store.Database.ReadOnce(session => store.Changed(session, "Appointment", afterUs, AtOnce), stop);
        if (changed.Count == 0) return afterUs;
        var setup = await clinics.Now(stop);
        // Side by side: they are stored in one group.
        await Task.WhenAll(changed.Select(one => Follow(one, setup, stop)));
        // Kept apart from what it led to: to go through the last ones once more does no harm.
        await store.Database.Write(session => session.Execute("UPDATE setting SET value = $2 WHERE name = $1", Setting, changed[^1].AtUs.ToString(CultureInfo.InvariantCulture)), stop);
        return changed[^1].AtUs;
    }

    async Task Follow(StoredResource stored, Clinics.ClinicSetup setup, CancellationToken stop)
    {
        var claim = await bookings.Find(stored.Id, stop);
        var spans = Spans(stored, setup, store.Keys, clock.NowUs());
        if (spans.Count == 0)
        {
            if (claim is { State: ClaimState.Booked }) await bookings.Ask(new(BookingAct.Release, stored.Id, 0, 0, []) { KeptFor = store.Keys.Reference($"Appointment/{stored.Id}") }, stop);
            return;
        }
        if (claim is not null && Covers(claim, spans)) return;
        var answer = await bookings.Ask(new(claim is { State: ClaimState.Booked } ? BookingAct.Move : BookingAct.Book, stored.Id, claim?.Owner ?? 0, 0, spans), stop);
        if (!answer.IsDone) LogTaken(Logger, stored.Id, answer.Verdict.Claim?.Id ?? "-");
    }

    // The desk adds the time to set up and to clean.
    internal static bool Covers(Claim claim, IReadOnlyList<Span> spans) => spans.All(span => claim.Spans.Any(one => one.Calendar == span.Calendar && one.From <= span.From && one.To >= span.To));

    /// <summary>What an Appointment takes: of each participant who has a calendar here, from its start to its end. Nothing when it is cancelled, over, without a time, or of days.</summary>
    internal static List<Span> Spans(StoredResource stored, Clinics.ClinicSetup setup, Keys keys, long nowUs)
    {
        if (stored.IsDeleted) return [];
        using var json = FhirJson.Parse(stored.Body);
        var appointment = json.RootElement;
        if (!AppointmentReading.Standing.Contains(appointment.TextAt("status")) || AppointmentReading.Time(appointment, "start") is not { } start || AppointmentReading.Time(appointment, "end") is not { } end || end <= start || end.Us() < nowUs || end - start > LongestAppointment) return [];
        return [.. appointment.ItemsAt("participant").Where(participant => participant.TextAt("status") != "declined").Select(participant => participant.At("actor").TextAt("reference")).OfType<string>()
            .Select(actor => keys.Reference(actor)).Where(setup.ByActor.ContainsKey).Distinct().Order().Select(key => new Span(key, Cells.At(start.Us()), Cells.Until(end.Us())))];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Appointment/{Id} was stored at a time that Appointment/{Other} has: both are kept.")]
    static partial void LogTaken(ILogger logger, string id, string other);
}
