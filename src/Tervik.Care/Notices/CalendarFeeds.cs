using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Notices;

/// <summary>How much of an appointment a calendar shows.</summary>
public enum CalendarDetail
{
    /// <summary>That there is an appointment, and when.</summary>
    Time,
    /// <summary>And where.</summary>
    Place,
    /// <summary>And what it is about, and with whom: health data.</summary>
    All,
}

/// <summary>A private address under which a calendar program reads appointments, as its maker sees it afterwards: without the secret.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Person">Who made it, <c>Patient/id</c>.</param>
/// <param name="Patient">Whose appointments: logical id.</param>
/// <param name="Detail">How much it shows.</param>
/// <param name="Language">In which language.</param>
/// <param name="MadeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="ReadUs">When it was read last; 0 for never.</param>
public sealed record CalendarFeed(string Id, string Person, string Patient, CalendarDetail Detail, string Language, long MadeUs, long ReadUs);

/// <summary>Table calendar_feed. A secret only finds who asks: whether they may is decided by Trust at each read.</summary>
public sealed class CalendarFeeds(RecordStore store, TimeProvider clock)
{
    /// <summary>Of one person about one patient: a phone, a computer, a relative's wall calendar.</summary>
    public const int MostOfAPerson = 10;
    const int RandomBytes = 32, LongestSecret = 100;
    /// <summary>Revoked ones are forgotten after this time.</summary>
    static readonly TimeSpan Kept = TimeSpan.FromDays(90);
    static readonly TimeSpan Noted = TimeSpan.FromHours(1);

    const string Columns = "id, person, patient, detail, language, made_us, read_us";

    /// <summary>Makes one.</summary>
    /// <returns>It, and the secret of its address, which cannot be shown again; null when there are as many as there may be.</returns>
    public async Task<(CalendarFeed Feed, string Secret)?> Make(string person, string patient, CalendarDetail detail, string language, CancellationToken stop)
    {
        var (secret, nowUs) = (Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes)), clock.NowUs());
        var feed = new CalendarFeed(Guid.CreateVersion7(clock.GetUtcNow()).ToString(), person, patient, detail, language, nowUs, ReadUs: 0);
        var isMade = await store.Database.Write(async session =>
        {
            await session.Execute("DELETE FROM calendar_feed WHERE revoked_us > 0 AND revoked_us < $1", nowUs - (long)Kept.TotalMicroseconds);
            if ((await Of(session, person, patient)).Count >= MostOfAPerson) return false;
            return await session.Execute($"INSERT INTO calendar_feed ({Columns}, secret, revoked_us) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0)", feed.Id, person, patient, Write(detail), language, nowUs, Hash(secret)) == 1;
        }, stop);
        return isMade ? (feed, secret) : null;
    }

    /// <summary>Those of a person about a patient that can be read, newest first.</summary>
    public Task<List<CalendarFeed>> Of(string person, string patient, CancellationToken stop) => store.Database.Read(session => Of(session, person, patient), stop).AsTask();

    static async ValueTask<List<CalendarFeed>> Of(Session session, string person, string patient)
    {
        var feeds = new List<CalendarFeed>();
        await using var rows = await session.Query($"SELECT {Columns} FROM calendar_feed WHERE person = $1 AND patient = $2 AND revoked_us = 0 ORDER BY made_us DESC", person, patient);
        while (await rows.Read()) feeds.Add(Read(rows));
        return feeds;
    }

    /// <summary>The one of a secret; null when it is unknown or revoked.</summary>
    public async ValueTask<CalendarFeed?> Find(string secret, CancellationToken stop)
    {
        if (secret.Length is 0 or > LongestSecret) return null;
        return await store.Database.ReadOnce(async session =>
        {
            await using var rows = await session.Query($"SELECT {Columns} FROM calendar_feed WHERE secret = $1 AND revoked_us = 0", Hash(secret));
            return await rows.Read() ? Read(rows) : null;
        }, stop);
    }

    /// <summary>Notes that it was read, so that its maker sees whether it is in use.</summary>
    public async Task NoteRead(CalendarFeed feed, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        if (nowUs - feed.ReadUs > (long)Noted.TotalMicroseconds) await store.Database.Write(session => session.Execute("UPDATE calendar_feed SET read_us = $1 WHERE id = $2", nowUs, feed.Id), stop);
    }

    /// <summary>Ends one: the next read is refused.</summary>
    /// <returns>Whether there was one of this person.</returns>
    public async Task<bool> Revoke(string id, string person, CancellationToken stop) =>
        await store.Database.Write(session => session.Execute("UPDATE calendar_feed SET revoked_us = $1 WHERE id = $2 AND person = $3 AND revoked_us = 0", clock.NowUs(), id, person), stop) > 0;

    static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
    static string Write(CalendarDetail detail) => detail switch { CalendarDetail.Time => "time", CalendarDetail.All => "all", _ => "place" };
    static CalendarFeed Read(Rows rows) => new(rows.Text(0)!, rows.Text(1)!, rows.Text(2)!, rows.Text(3) switch { "time" => CalendarDetail.Time, "all" => CalendarDetail.All, _ => CalendarDetail.Place }, rows.Text(4)!, rows.Int64(5), rows.Int64(6));
}
