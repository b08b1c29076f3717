using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Notices;

/// <summary>Something that has to leave by a channel.</summary>
/// <param name="Person">Whom to tell.</param>
/// <param name="Occasion">On which occasion: told once by each channel.</param>
/// <param name="Channel"><see cref="NoticeOutbox.Mail"/> or <see cref="NoticeOutbox.Webhook"/>.</param>
/// <param name="Notice">What it tells.</param>
/// <param name="IsUrgent">Whether quiet hours do not hold it.</param>
/// <param name="UntilUs">Of no use from then on; 0 for always.</param>
/// <param name="Attempts">Made, this one included.</param>
public sealed record Delivery(string Person, string Occasion, string Channel, Notice Notice, bool IsUrgent, long UntilUs, int Attempts);

/// <summary>A delivery that was given up, for the operator and for whom it was meant.</summary>
/// <param name="Notice">Id of the notice.</param>
/// <param name="Channel">By which channel.</param>
/// <param name="AtUs">When it was given up.</param>
/// <param name="Fault">Why, without an address.</param>
public sealed record FailedDelivery(string Notice, string Channel, long AtUs, string Fault);

/// <summary>Tables notice and notice_delivery: what is told in the portal, and what has to leave. A person is told of an event once by each channel, whatever is repeated or killed in between.</summary>
public sealed class NoticeOutbox(RecordStore store, NoticeSettings settings, TimeProvider clock)
{
    /// <summary>A channel.</summary>
    public const string Mail = "mail", Webhook = "webhook";
    const int Waits = 0, Sent = 1, GivenUp = 2, Useless = 3;
    const int MostShown = 100;

    /// <summary>Stores a notice and what has to leave because of it, in a transaction of the caller's: with what it tells of, or with how far a follower came.</summary>
    /// <returns>Whether it was new.</returns>
    public async ValueTask<bool> Add(Session session, NoticeDraft notice)
    {
        var nowUs = clock.NowUs();
        var isNew = await session.Execute("INSERT INTO notice (id, person, event, kind, about, patient, made_us, read_us) VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (person, event) DO NOTHING", notice.Id, notice.Person, notice.Event, NoticeRules.Write(notice.Kind), notice.About, notice.Patient, nowUs) > 0;
        if (!isNew) return false;
        var preference = await NoticePreferences.Of(session, notice.Person);
        foreach (var channel in settings.Channels.Where(channel => preference.Wants(channel, notice.Kind)))
            await session.Execute("INSERT INTO notice_delivery (person, occasion, channel, notice, is_urgent, until_us, state, due_us, attempts, first_us, done_us) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0, $7, 0) ON CONFLICT (person, occasion, channel) DO NOTHING",
                notice.Person, notice.Occasion, channel, notice.Id, notice.IsUrgent ? 1 : 0, notice.UntilUs, nowUs);
        return true;
    }

    /// <summary>Removes notices that have had their time (<see cref="NoticeSettings.Kept"/>), with what was to leave because of them. What they told of is not told again: those who follow the record are past it.</summary>
    /// <returns>How many notices.</returns>
    public Task<int> RemoveOld(CancellationToken stop) => store.Database.Write(session => Remove(session, "made_us < $1", clock.NowUs() - (long)settings.Kept.TotalMicroseconds), stop);

    /// <summary>Removes what is kept of a patient outside of the record: notices to them and about them, where they want to be told, and the addresses of their calendars. For who removes the record.</summary>
    /// <param name="database">Of the record.</param>
    /// <param name="patient">Logical id.</param>
    /// <param name="stop">Stops waiting for it.</param>
    public static Task Forget(Database database, string patient, CancellationToken stop) => database.Write(async session =>
    {
        await Remove(session, "person = $1 OR patient = $2", $"Patient/{patient}", patient);
        await session.Execute("DELETE FROM notice_preference WHERE person = $1", $"Patient/{patient}");
        return await session.Execute("DELETE FROM calendar_feed WHERE person = $1 OR patient = $2", $"Patient/{patient}", patient);
    }, stop);

    static async ValueTask<int> Remove(Session session, string which, params SqlValue[] values)
    {
        await session.Execute($"DELETE FROM notice_delivery WHERE notice IN (SELECT id FROM notice WHERE {which})", values);
        return await session.Execute($"DELETE FROM notice WHERE {which}", values);
    }

    /// <summary>A person's newest notices.</summary>
    public ValueTask<List<Notice>> Of(string person, CancellationToken stop) => store.Database.ReadOnce(async session =>
    {
        var notices = new List<Notice>();
        await using var rows = await session.Query($"SELECT id, kind, about, patient, made_us, read_us FROM notice WHERE person = $1 ORDER BY made_us DESC, id LIMIT {MostShown}", person);
        while (await rows.Read()) notices.Add(Read(rows, 0));
        return notices;
    }, stop);

    /// <summary>How many of a person's are unread.</summary>
    public ValueTask<long> Unread(string person, CancellationToken stop) => store.Database.ReadOnce(async session =>
    {
        await using var rows = await session.Query("SELECT count(*) FROM notice WHERE person = $1 AND read_us = 0", person);
        return await rows.Read() ? rows.Int64(0) : 0;
    }, stop);

    /// <summary>A person's notice of this name, which is read by that; null when there is none.</summary>
    public async Task<Notice?> Open(string id, string person, CancellationToken stop)
    {
        var found = await store.Database.ReadOnce(async session =>
        {
            await using var rows = await session.Query("SELECT id, kind, about, patient, made_us, read_us FROM notice WHERE id = $1 AND person = $2", id, person);
            return await rows.Read() ? Read(rows, 0) : null;
        }, stop);
        if (found is { ReadUs: 0 }) await store.Database.Write(session => session.Execute("UPDATE notice SET read_us = $1 WHERE id = $2 AND read_us = 0", clock.NowUs(), id), stop);
        return found;
    }

    /// <summary>Marks all of a person's as read.</summary>
    public Task ReadAll(string person, CancellationToken stop) => store.Database.Write(session => session.Execute("UPDATE notice SET read_us = $1 WHERE person = $2 AND read_us = 0", clock.NowUs(), person), stop);

    /// <summary>Takes what is due to be sent, so that nobody else does for a while: whoever is killed before it is marked as sent sends it again then.</summary>
    public Task<List<Delivery>> Claim(int most, CancellationToken stop) => store.Database.Write(async session =>
    {
        var nowUs = clock.NowUs();
        var due = new List<(Delivery Delivery, long DueUs)>();
        await using (var rows = await session.Query("""
            SELECT n.id, n.kind, n.about, n.patient, n.made_us, n.read_us, d.person, d.occasion, d.channel, d.is_urgent, d.until_us, d.attempts, d.due_us
            FROM notice_delivery d JOIN notice n ON n.id = d.notice WHERE d.state = 0 AND d.due_us <= $1 ORDER BY d.due_us LIMIT $2
            """, nowUs, most))
            while (await rows.Read()) due.Add((new(rows.Text(6)!, rows.Text(7)!, rows.Text(8)!, Read(rows, 0), rows.Int64(9) == 1, rows.Int64(10), (int)rows.Int64(11) + 1), rows.Int64(12)));
        var claimed = new List<Delivery>();
        foreach (var (delivery, dueUs) in due)
            // Another node may have been faster.
            if (await session.Execute("UPDATE notice_delivery SET due_us = $4, attempts = attempts + 1 WHERE person = $1 AND occasion = $2 AND channel = $3 AND state = 0 AND due_us = $5", delivery.Person, delivery.Occasion, delivery.Channel, nowUs + (long)settings.Lease.TotalMicroseconds, dueUs) > 0)
                claimed.Add(delivery);
        return claimed;
    }, stop);

    /// <summary>It was taken.</summary>
    public Task MarkSent(Delivery delivery, CancellationToken stop) => End(delivery, Sent, null, stop);

    /// <summary>It is of no use any more: read, called off, not wanted, not to be seen.</summary>
    public Task Withdraw(Delivery delivery, CancellationToken stop) => End(delivery, Useless, null, stop);

    /// <summary>Puts it off until the end of the quiet hours; that was no attempt.</summary>
    public Task PutOff(Delivery delivery, long untilUs, CancellationToken stop) => store.Database.Write(session => session.Execute("UPDATE notice_delivery SET due_us = $4, attempts = attempts - 1 WHERE person = $1 AND occasion = $2 AND channel = $3 AND state = 0", delivery.Person, delivery.Occasion, delivery.Channel, untilUs), stop);

    /// <summary>It failed: tried again after a wait that grows, or given up.</summary>
    /// <param name="delivery">Which.</param>
    /// <param name="fault">Why, without an address.</param>
    /// <param name="isFinal">Whether trying again is no use.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>Whether it was given up.</returns>
    public async Task<bool> MarkFailed(Delivery delivery, string fault, bool isFinal, CancellationToken stop)
    {
        if (isFinal || NoticeRules.Wait(delivery.Attempts) is not { } wait)
        {
            await End(delivery, GivenUp, fault, stop);
            return true;
        }
        await store.Database.Write(session => session.Execute("UPDATE notice_delivery SET due_us = $4, fault = $5 WHERE person = $1 AND occasion = $2 AND channel = $3 AND state = 0", delivery.Person, delivery.Occasion, delivery.Channel, clock.NowUs() + (long)wait.TotalMicroseconds, fault), stop);
        return false;
    }

    Task<int> End(Delivery delivery, int state, string? fault, CancellationToken stop) => store.Database.Write(session => session.Execute("UPDATE notice_delivery SET state = $4, done_us = $5, fault = $6 WHERE person = $1 AND occasion = $2 AND channel = $3 AND state = 0", delivery.Person, delivery.Occasion, delivery.Channel, state, clock.NowUs(), fault), stop);

    /// <summary>What was given up, newest first: a person's, or everybody's for the operator.</summary>
    public ValueTask<List<FailedDelivery>> Failed(string? person, CancellationToken stop) => store.Database.ReadOnce(async session =>
    {
        var failed = new List<FailedDelivery>();
        await using var rows = person is null ? await session.Query($"SELECT notice, channel, done_us, fault FROM notice_delivery WHERE state = {GivenUp} ORDER BY done_us DESC LIMIT {MostShown}")
            : await session.Query($"SELECT notice, channel, done_us, fault FROM notice_delivery WHERE state = {GivenUp} AND person = $1 ORDER BY done_us DESC LIMIT {MostShown}", person);
        while (await rows.Read()) failed.Add(new(rows.Text(0)!, rows.Text(1)!, rows.Int64(2), rows.Text(3) ?? ""));
        return failed;
    }, stop);

    /// <summary>Whether somebody could not be told of this by e-mail: for staff, who may call instead.</summary>
    /// <param name="about"><c>Type/id</c>.</param>
    /// <param name="stop">Stops it.</param>
    public ValueTask<bool> HasFailed(string about, CancellationToken stop) => store.Database.ReadOnce(async session =>
    {
        await using var rows = await session.Query($"SELECT 1 FROM notice n JOIN notice_delivery d ON d.notice = n.id WHERE n.about = $1 AND d.channel = '{Mail}' AND d.state = {GivenUp} LIMIT 1", about);
        return await rows.Read();
    }, stop);

    static Notice Read(Rows rows, int first) => new(rows.Text(first)!, NoticeRules.Read(rows.Text(first + 1)!), rows.Text(first + 2)!, rows.Text(first + 3)!, rows.Int64(first + 4), rows.Int64(first + 5));
}
