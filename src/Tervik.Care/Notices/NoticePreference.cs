using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Notices;

/// <summary>How a person wants to be told outside of the portal, which tells everything.</summary>
public sealed record NoticePreference
{
    /// <summary>Confirmed address; null where there is none: then no e-mail is sent.</summary>
    public string? Mail { get; init; }
    /// <summary>Address that waits for its code, or null.</summary>
    public string? AskedMail { get; init; }
    /// <summary>What is told by e-mail.</summary>
    public IReadOnlyList<NoticeKind> MailKinds { get; init; } = Enum.GetValues<NoticeKind>();
    /// <summary>What is told by the webhook, where the operator has set one.</summary>
    public IReadOnlyList<NoticeKind> WebhookKinds { get; init; } = Enum.GetValues<NoticeKind>();
    /// <summary>Minutes before an appointment, of <see cref="NoticeRules.Reminders"/>.</summary>
    public IReadOnlyList<int> Reminders { get; init; } = NoticeRules.Reminders;
    /// <summary>Minute of the day from which on nothing is sent; equal to <see cref="QuietTo"/>: there are no quiet hours.</summary>
    public int QuietFrom { get; init; } = 21 * 60;
    /// <summary>Minute of the day from which on it is sent again.</summary>
    public int QuietTo { get; init; } = 7 * 60;
    /// <summary>IANA name: whose clock the quiet hours are on.</summary>
    public string Zone { get; init; } = Zones.Current.TryGet(TimeZoneInfo.Local.Id, out _) ? TimeZoneInfo.Local.Id : "UTC";
    /// <summary>Code of the language of what is sent.</summary>
    public string Language { get; init; } = "en";

    /// <summary>Whether a kind is told by a channel.</summary>
    public bool Wants(string channel, NoticeKind kind) => channel == NoticeOutbox.Mail ? Mail is not null && MailKinds.Contains(kind) : WebhookKinds.Contains(kind);

    /// <summary>The end of the quiet hours in which an instant lies; null when it lies in none.</summary>
    public Instant? QuietUntil(Instant now)
    {
        if (QuietFrom == QuietTo) return null;
        var zone = Zones.Current.TryGet(Zone, out var found) ? found : DateTimeZone.Utc;
        var wall = now.InZone(zone).LocalDateTime;
        var minute = wall.Hour * 60 + wall.Minute;
        var isQuiet = QuietFrom < QuietTo ? minute >= QuietFrom && minute < QuietTo : minute >= QuietFrom || minute < QuietTo;
        if (!isQuiet) return null;
        var day = QuietFrom > QuietTo && minute >= QuietFrom ? wall.Date.PlusDays(1) : wall.Date;
        var end = day.AtMidnight() + Period.FromMinutes(QuietTo);
        // In an hour that the clock shows twice the first end may be over.
        return zone.MapLocal(end) is { Count: 2 } twice && twice.First().ToInstant() <= now ? twice.Last().ToInstant() : end.InZoneLeniently(zone).ToInstant();
    }
}

/// <summary>Table notice_preference.</summary>
public sealed class NoticePreferences(RecordStore store, TimeProvider clock)
{
    const int MostTries = 5;
    static readonly TimeSpan CodeLasts = TimeSpan.FromMinutes(30), BetweenCodes = TimeSpan.FromMinutes(1);
    const string Columns = "mail, asked_mail, mail_kinds, webhook_kinds, reminders, quiet_from, quiet_to, zone, language";

    /// <summary>A person's; how it is for all where they have said nothing.</summary>
    public ValueTask<NoticePreference> Of(string person, CancellationToken stop) => store.Database.ReadOnce(session => Of(session, person), stop);

    internal static async ValueTask<NoticePreference> Of(Session session, string person)
    {
        await using var rows = await session.Query($"SELECT {Columns} FROM notice_preference WHERE person = $1", person);
        return !await rows.Read() ? new() : new NoticePreference
        {
            Mail = rows.Text(0), AskedMail = rows.Text(1), MailKinds = Kinds(rows.Text(2)!), WebhookKinds = Kinds(rows.Text(3)!),
            Reminders = [.. rows.Text(4)!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(minutes => int.Parse(minutes, CultureInfo.InvariantCulture))],
            QuietFrom = (int)rows.Int64(5), QuietTo = (int)rows.Int64(6), Zone = rows.Text(7)!, Language = rows.Text(8)!,
        };
    }

    /// <summary>Stores all but the addresses.</summary>
    public Task Save(string person, NoticePreference wanted, CancellationToken stop) => store.Database.Write(async session =>
    {
        await Ensure(session, person);
        return await session.Execute("UPDATE notice_preference SET mail_kinds = $2, webhook_kinds = $3, reminders = $4, quiet_from = $5, quiet_to = $6, zone = $7, language = $8 WHERE person = $1", person, Write(wanted.MailKinds), Write(wanted.WebhookKinds),
            string.Join(' ', wanted.Reminders), wanted.QuietFrom, wanted.QuietTo, wanted.Zone, wanted.Language);
    }, stop);

    /// <summary>Asks for an address: it counts when its code was given back.</summary>
    /// <returns>The code, to be sent there; null when the last one was asked for less than a minute ago: nobody's mailbox is filled from here.</returns>
    public async Task<string?> Ask(string person, string mail, CancellationToken stop)
    {
        var (code, nowUs) = (RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture), clock.NowUs());
        var endsUs = nowUs + (long)CodeLasts.TotalMicroseconds;
        var isAsked = await store.Database.Write(async session =>
        {
            await Ensure(session, person);
            return await session.Execute("UPDATE notice_preference SET asked_mail = $2, code = $3, code_until_us = $4, code_tries = 0 WHERE person = $1 AND code_until_us <= $5", person, mail, Hash(person, code), endsUs, endsUs - (long)BetweenCodes.TotalMicroseconds);
        }, stop) > 0;
        return isAsked ? code : null;
    }

    /// <summary>Confirms the address that was asked for. Five wrong codes, or half an hour, and a new one is needed.</summary>
    public async Task<bool> Confirm(string person, string code, CancellationToken stop) => await store.Database.Write(async session =>
    {
        var done = await session.Execute("UPDATE notice_preference SET mail = asked_mail, asked_mail = NULL, code = NULL WHERE person = $1 AND code = $2 AND asked_mail IS NOT NULL AND code_until_us > $3 AND code_tries < $4", person, Hash(person, code.Trim()), clock.NowUs(), MostTries);
        if (done == 0) await session.Execute("UPDATE notice_preference SET code_tries = code_tries + 1 WHERE person = $1", person);
        return done;
    }, stop) > 0;

    /// <summary>Takes the addresses away: nothing more is sent there.</summary>
    public Task Forget(string person, CancellationToken stop) => store.Database.Write(session => session.Execute("UPDATE notice_preference SET mail = NULL, asked_mail = NULL, code = NULL WHERE person = $1", person), stop);

    static async ValueTask Ensure(Session session, string person)
    {
        var usual = new NoticePreference();
        await session.Execute("INSERT INTO notice_preference (person, code_until_us, code_tries, mail_kinds, webhook_kinds, reminders, quiet_from, quiet_to, zone, language) VALUES ($1, 0, 0, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (person) DO NOTHING", person, Write(usual.MailKinds), Write(usual.WebhookKinds),
            string.Join(' ', usual.Reminders), usual.QuietFrom, usual.QuietTo, usual.Zone, usual.Language);
    }

    static string Hash(string person, string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{person}\n{code}")));
    static string Write(IEnumerable<NoticeKind> kinds) => string.Join(' ', kinds.Select(NoticeRules.Write));
    static IReadOnlyList<NoticeKind> Kinds(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(NoticeRules.Read)];
}
