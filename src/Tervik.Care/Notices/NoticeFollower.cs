using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tervik.Care.Booking;
using Tervik.Care.Calendars;
using Tervik.Care.Messages;
using Tervik.Care.Referrals;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Notices;

/// <summary>Follows the record and makes notices of it: of appointments that were booked, moved, cancelled, of times that are kept, of messages and referrals, and reminders when their time comes. Whoever wrote, by whatever way.</summary>
/// <remarks>Notices are stored in one transaction with how far it came: killed in between, it goes through the last ones again, and the key of person and event keeps each to one. What was in the record before it first ran is not told, only reminded of.</remarks>
public sealed class NoticeFollower(RecordStore store, NoticeOutbox outbox, NoticeReaders readers, TimeProvider clock, ILogger<NoticeFollower> logger) : Follower(logger)
{
    const int AtOnce = 200;
    const string FirstRun = "notices-since";

    readonly Dictionary<string, long> kept = new(StringComparer.Ordinal);
    DateTimeOffset removed;

    static string Setting(string type) => $"notices-followed-{type}";

    /// <inheritdoc/>
    protected override Task<bool> Step(CancellationToken stop) => Follow(stop);

    /// <summary>Goes through what is new, and through the reminders that are due.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> Follow(CancellationToken stop)
    {
        if (clock.GetUtcNow() is var now && now - removed >= TimeSpan.FromDays(1))
        {
            await outbox.RemoveOld(stop);
            removed = now;
        }
        var sinceUs = await Kept(FirstRun, clock.NowUs(), stop);
        var more = await Follow("Appointment", stored => OfAppointment(stored, sinceUs, stop), stop);
        more |= await Follow("Communication", stored => OfMessage(stored, sinceUs, stop), stop);
        more |= await Follow("Task", stored => OfReferral(stored, sinceUs, stop), stop);
        return await Remind(stop) || more;
    }

    async Task<bool> Follow(string type, Func<StoredResource, Task<Func<Session, ValueTask>?>> tell, CancellationToken stop)
    {
        var afterUs = await Kept(Setting(type), 0, stop);
        var changed = await store.Database.ReadOnce(session => store.Changed(session, type, afterUs, AtOnce), stop);
        if (changed.Count == 0) return false;
        var tellings = new List<Func<Session, ValueTask>>();
        foreach (var stored in changed)
            if (await tell(stored) is { } telling) tellings.Add(telling);
        await store.Database.Write(async session =>
        {
            foreach (var telling in tellings) await telling(session);
            return await session.Execute("UPDATE setting SET value = $2 WHERE name = $1", Setting(type), changed[^1].AtUs.ToString(CultureInfo.InvariantCulture));
        }, stop);
        kept[Setting(type)] = changed[^1].AtUs;
        return changed.Count == AtOnce;
    }

    /// <summary>A moment that is kept with the record; asked for once.</summary>
    async ValueTask<long> Kept(string name, long first, CancellationToken stop) => kept.TryGetValue(name, out var us) ? us
        : kept[name] = long.Parse(await store.Setting(name, () => first.ToString(CultureInfo.InvariantCulture), stop), CultureInfo.InvariantCulture);

    async Task<Func<Session, ValueTask>?> OfAppointment(StoredResource stored, long sinceUs, CancellationToken stop)
    {
        var (status, startUs, patients, kept) = stored.IsDeleted ? new AppointmentState("entered-in-error", 0, [], []) : AppointmentState.Of(stored);
        var known = await store.Database.ReadOnce(session => Known(session, stored.Id), stop);
        var nowUs = clock.NowUs();
        // Where it was deleted, who it was of is what the version before says.
        if (stored.IsDeleted && known is not null && stored.Version > 1 && await store.ReadVersion("Appointment", stored.Id, stored.Version - 1, Records.Access.AccessFilter.Everything, stop) is { IsDeleted: false } before) (_, startUs, patients, _) = AppointmentState.Of(before);
        var now = new KnownAppointment(status, startUs, known is not null && known.StartUs == startUs && known.Status == status ? known.SinceUs : stored.AtUs);
        var told = new List<(string Event, NoticeKind Kind, long UntilUs)>();
        if (stored.AtUs > sinceUs && NoticeRules.Told(known, status, startUs, nowUs) is { } kind) told.Add(($"Appointment/{stored.Id}/v{stored.Version}", kind, 0));
        // Each offer is told once, whatever else is changed of the appointment meanwhile.
        if (stored.AtUs > sinceUs && kept is [var first, ..] && first.Until.Us() > nowUs) told.Add(($"Appointment/{stored.Id}/kept/{first.Offer}", NoticeKind.TimeKept, first.Until.Us()));
        var drafts = new List<NoticeDraft>();
        foreach (var patient in told.Count == 0 ? [] : patients)
            foreach (var person in await readers.Around(patient, stop))
                // A deleted one nobody sees any more; those who were told of it hear that it is off.
                if (stored.IsDeleted || await readers.Seen(person, $"Appointment/{stored.Id}", stop) is not null)
                    drafts.AddRange(told.Select(one => new NoticeDraft(person, one.Event, one.Kind, $"Appointment/{stored.Id}", patient) { UntilUs = one.UntilUs }));
        return async session =>
        {
            foreach (var draft in drafts) await outbox.Add(session, draft);
            await session.Execute("INSERT INTO notice_appointment (id, status, start_us, since_us, next_us) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET status = excluded.status, start_us = excluded.start_us, since_us = excluded.since_us, next_us = excluded.next_us",
                stored.Id, status, startUs, now.SinceUs, NoticeRules.Next(now, nowUs));
        };
    }

    async Task<Func<Session, ValueTask>?> OfMessage(StoredResource stored, long sinceUs, CancellationToken stop)
    {
        if (stored.IsDeleted || stored.AtUs <= sinceUs || MessageFeed.Read(stored) is not { IsNew: true, Patient: { } about } message || about.Split('/') is not ["Patient", var patient]) return null;
        string? sender;
        using (var json = JsonDocument.Parse(stored.Body)) sender = json.RootElement.At("sender").TextAt("reference");
        if (await store.Read("Communication", message.Thread, Records.Access.AccessFilter.Everything, stop) is not { IsDeleted: false } thread) return null;
        var drafts = new List<NoticeDraft>();
        // Roles and units read in their inbox: nobody of them is told more than the others.
        foreach (var reference in message.Concerned.Where(one => one.StartsWith("Patient/", StringComparison.Ordinal) || one.StartsWith("Practitioner/", StringComparison.Ordinal)).Distinct())
            foreach (var person in reference.Split('/') is ["Patient", var id] ? await readers.Around(id, stop) : [reference])
                if (person != sender && !NoticeReaders.IsRead(thread, person, patient) && await readers.Seen(person, $"Communication/{message.Thread}", stop) is not null)
                    drafts.Add(new(person, $"Communication/{stored.Id}", NoticeKind.Message, $"Communication/{message.Thread}", patient) { IsUrgent = message.IsUrgent });
        return drafts.Count == 0 ? null : async session =>
        {
            foreach (var draft in drafts) await outbox.Add(session, draft);
        };
    }

    /// <summary>What was done with a referral, for the patient and the referrer; an answer, for who asked.</summary>
    async Task<Func<Session, ValueTask>?> OfReferral(StoredResource stored, long sinceUs, CancellationToken stop)
    {
        if (stored.IsDeleted || stored.AtUs <= sinceUs) return null;
        using var json = JsonDocument.Parse(stored.Body);
        var task = json.RootElement;
        if (!task.At("code").ItemsAt("coding").Any(coding => coding.TextAt("system") == Referral.System && coding.TextAt("code") == Referral.Code) || task.At("focus").TextAt("reference") is not { } about || task.At("for").TextAt("reference")?.Split('/') is not ["Patient", var patient]) return null;
        if (Referral.Of(about[(about.IndexOf('/', StringComparison.Ordinal) + 1)..], "{}"u8.ToArray(), stored.Body).Events is not [.., var last]) return null;
        List<string> people = last.Act is "accept" or "redirect" or "return" or "close" ? [.. await readers.Around(patient, stop)] : [];
        if (last.Act is "accept" or "ask" or "redirect" or "return" or "close" && task.At("requester").TextAt("reference") is { } requester) people.Add(requester);
        if (last.Act is "answer" && task.At("owner").TextAt("reference") is { } owner) people.Add(owner);
        var drafts = new List<NoticeDraft>();
        foreach (var person in people.Distinct().Where(person => person != last.Who?.Reference && (person.StartsWith("Patient/", StringComparison.Ordinal) || person.StartsWith("Practitioner/", StringComparison.Ordinal))))
            if (await readers.Seen(person, about, stop) is not null) drafts.Add(new(person, $"{about}/{last.Id}", NoticeKind.Referral, about, patient));
        return drafts.Count == 0 ? null : async session =>
        {
            foreach (var draft in drafts) await outbox.Add(session, draft);
        };
    }

    /// <summary>Reminders whose time has come.</summary>
    async Task<bool> Remind(CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        var due = await store.Database.ReadOnce(async session =>
        {
            var found = new List<(string Id, KnownAppointment Known, long NextUs)>();
            await using var rows = await session.Query($"SELECT id, status, start_us, since_us, next_us FROM notice_appointment WHERE next_us <= $1 ORDER BY next_us LIMIT {AtOnce}", nowUs);
            while (await rows.Read()) found.Add((rows.Text(0)!, new(rows.Text(1)!, rows.Int64(2), rows.Int64(3)), rows.Int64(4)));
            return found;
        }, stop);
        foreach (var (id, known, nextUs) in due)
        {
            var drafts = new List<NoticeDraft>();
            if (NoticeRules.Due(known, NoticeRules.Reminders, nowUs) is not null && await store.Read("Appointment", id, Records.Access.AccessFilter.Everything, stop) is { IsDeleted: false } stored && AppointmentState.Of(stored) is ("booked", var startUs, var patients, _) && startUs == known.StartUs)
                foreach (var patient in patients)
                    foreach (var person in await readers.Around(patient, stop))
                    {
                        var wanted = await store.Database.ReadOnce(session => NoticePreferences.Of(session, person), stop);
                        if (NoticeRules.Due(known, wanted.Reminders, nowUs) is not { } minutes || await readers.Seen(person, $"Appointment/{id}", stop) is null) continue;
                        var @event = string.Create(CultureInfo.InvariantCulture, $"reminder/{id}/{known.StartUs}/{minutes}");
                        drafts.Add(new(person, @event, NoticeKind.Reminder, $"Appointment/{id}", patient)
                        {
                            // Several visits of a day are one e-mail; two hours before, it is about the one.
                            Occasion = minutes < 1440 ? @event : string.Create(CultureInfo.InvariantCulture, $"reminder/{Day(stored, known.StartUs)}/{minutes}"), UntilUs = known.StartUs,
                        });
                    }
            await store.Database.Write(async session =>
            {
                foreach (var draft in drafts) await outbox.Add(session, draft);
                return await session.Execute("UPDATE notice_appointment SET next_us = $2 WHERE id = $1 AND next_us = $3", id, NoticeRules.Next(known, nowUs), nextUs);
            }, stop);
        }
        return due.Count == AtOnce;
    }

    /// <summary>The day on the wall where the appointment is.</summary>
    static string Day(StoredResource stored, long startUs)
    {
        using var json = JsonDocument.Parse(stored.Body);
        var id = json.RootElement.At("_start").ItemsAt("extension").Where(one => one.TextAt("url") == AppointmentJson.ZoneExtension).Select(one => one.TextAt("valueCode")).FirstOrDefault();
        var zone = id is not null && Zones.Current.TryGet(id, out var found) ? found : DateTimeZone.Utc;
        return Instant.FromUnixTimeTicks(startUs * 10).InZone(zone).Date.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
    }

    static async ValueTask<KnownAppointment?> Known(Session session, string id)
    {
        await using var rows = await session.Query("SELECT status, start_us, since_us FROM notice_appointment WHERE id = $1", id);
        return await rows.Read() ? new(rows.Text(0)!, rows.Int64(1), rows.Int64(2)) : null;
    }
}

/// <summary>What an Appointment says that is told.</summary>
/// <param name="Status">Of FHIR.</param>
/// <param name="StartUs">When; 0 without a time.</param>
/// <param name="Patients">Logical ids.</param>
/// <param name="Kept">Times that are kept for it.</param>
sealed record AppointmentState(string Status, long StartUs, IReadOnlyList<string> Patients, IReadOnlyList<KeptTime> Kept)
{
    public static AppointmentState Of(StoredResource stored) => stored.Take(json => new AppointmentState(json.TextAt("status") ?? "", AppointmentReading.Time(json, "start")?.Us() ?? 0,
        [.. AppointmentReading.Actors(json).Select(actor => actor.Split('/') is ["Patient", var id] ? id : null).OfType<string>().Distinct()], KeptTimes.Of(json)));
}
