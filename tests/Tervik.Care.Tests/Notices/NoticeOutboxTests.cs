using Tervik.Care.Notices;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Notices;

public sealed class NoticeOutboxTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
        public override DateTimeOffset GetUtcNow() => Now;
    }

    sealed class Place(TestDatabase place, Database database, RecordStore store) : IAsyncDisposable
    {
        public SetClock Clock { get; } = new();
        public RecordStore Store => store;
        public NoticeOutbox Outbox => new(store, new() { Webhook = new(new("http://127.0.0.1:1/"), new byte[32]), Smtp = new("127.0.0.1", 25, SmtpTls.None, "a@b.example", null, null) }, Clock);
        public NoticePreferences Preferences => new(store, Clock);

        public static async Task<Place> Open(Engine engine)
        {
            var place = TestDatabase.Create(engine);
            var database = await place.Open(RecordStore.RecordMigrations);
            await CareRoom.Migrations.Apply(database, Stop);
            return new(place, database, await RecordStore.Open(database, Stop));
        }

        public Task<bool> Add(NoticeDraft draft) => store.Database.Write(session => Outbox.Add(session, draft), Stop);

        public async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            await database.DisposeAsync();
            place.Dispose();
        }
    }

    static NoticeDraft Booked(int number, string person = "Patient/p1") => new(person, $"Appointment/a{number}/v1", NoticeKind.Booked, $"Appointment/a{number}", "p1");

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task However_often_an_event_is_found_it_is_told_once_by_each_channel(Engine engine)
    {
        await using var place = await Place.Open(engine);
        var code = await place.Preferences.Ask("Patient/p1", "one@example.org", Stop);
        Assert.True(await place.Preferences.Confirm("Patient/p1", code!, Stop));
        var added = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => place.Add(Booked(1))));
        Assert.Single(added, isNew => isNew);
        Assert.Single(await place.Outbox.Of("Patient/p1", Stop));
        Assert.Equal(1, await place.Outbox.Unread("Patient/p1", Stop));
        // Two who claim at the same time do not both get it.
        var claimed = (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => place.Outbox.Claim(20, Stop)))).SelectMany(one => one).ToList();
        Assert.Equal(["mail", "webhook"], claimed.Select(one => one.Channel).Order());
        // Killed before it was marked: after the lease it is there again, under the same name.
        Assert.Empty(await place.Outbox.Claim(20, Stop));
        place.Clock.Now += TimeSpan.FromMinutes(6);
        var again = await place.Outbox.Claim(20, Stop);
        Assert.Equal((2, 2, claimed[0].Notice.Id), (again.Count, again[0].Attempts, again[0].Notice.Id));
        foreach (var one in again) await place.Outbox.MarkSent(one, Stop);
        place.Clock.Now += TimeSpan.FromDays(30);
        Assert.Empty(await place.Outbox.Claim(20, Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Several_visits_of_a_day_are_one_mail_and_a_notice_each(Engine engine)
    {
        await using var place = await Place.Open(engine);
        foreach (var number in (int[])[1, 2, 3]) await place.Add(new("Patient/p1", $"reminder/a{number}/1/1440", NoticeKind.Reminder, $"Appointment/a{number}", "p1") { Occasion = "reminder/2026-12-01/1440" });
        Assert.Equal(3, (await place.Outbox.Of("Patient/p1", Stop)).Count);
        Assert.Single(await place.Outbox.Claim(20, Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_fails_is_tried_again_later_and_later_and_given_up_with_a_note(Engine engine)
    {
        await using var place = await Place.Open(engine);
        await place.Add(Booked(1));
        var (begin, attempts) = (place.Clock.Now, 0);
        while (attempts < 100)
        {
            if (await place.Outbox.Claim(20, Stop) is [var delivery])
            {
                attempts++;
                if (await place.Outbox.MarkFailed(delivery, "the webhook answered 500", isFinal: false, Stop)) break;
                Assert.Empty(await place.Outbox.Claim(20, Stop));
            }
            place.Clock.Now += TimeSpan.FromMinutes(1);
        }
        Assert.InRange((place.Clock.Now - begin).TotalDays, 3, 5);
        var failed = Assert.Single(await place.Outbox.Failed("Patient/p1", Stop));
        Assert.Equal(("webhook", "the webhook answered 500"), (failed.Channel, failed.Fault));
        Assert.Equal(failed, Assert.Single(await place.Outbox.Failed(null, Stop)));
        Assert.Empty(await place.Outbox.Failed("Patient/p2", Stop));
        Assert.False(await place.Outbox.HasFailed("Appointment/a1", Stop)); // a program's failure is no reason to call
        var code = await place.Preferences.Ask("Patient/p1", "one@example.org", Stop);
        Assert.True(await place.Preferences.Confirm("Patient/p1", code!, Stop));
        await place.Add(Booked(2));
        await place.Outbox.MarkFailed((await place.Outbox.Claim(20, Stop)).Single(one => one.Channel == "mail"), "the mail server refused the recipient (550)", isFinal: true, Stop);
        Assert.True(await place.Outbox.HasFailed("Appointment/a2", Stop));
        place.Clock.Now += TimeSpan.FromMinutes(6);
        foreach (var left in await place.Outbox.Claim(20, Stop)) await place.Outbox.MarkSent(left, Stop);
        Assert.Empty(await place.Outbox.Claim(20, Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_address_counts_when_its_code_came_back_and_codes_cannot_be_tried_out(Engine engine)
    {
        await using var place = await Place.Open(engine);
        var code = (await place.Preferences.Ask("Patient/p1", "one@example.org", Stop))!;
        Assert.Null(await place.Preferences.Ask("Patient/p1", "two@example.org", Stop)); // not within a minute
        Assert.False(await place.Preferences.Confirm("Patient/p2", code, Stop));
        Assert.Null((await place.Preferences.Of("Patient/p1", Stop)).Mail);
        for (var i = 0; i < 5; i++) Assert.False(await place.Preferences.Confirm("Patient/p1", code == "000000" ? "000001" : "000000", Stop));
        Assert.False(await place.Preferences.Confirm("Patient/p1", code, Stop)); // five were too many
        place.Clock.Now += TimeSpan.FromMinutes(2);
        var second = (await place.Preferences.Ask("Patient/p1", "two@example.org", Stop))!;
        place.Clock.Now += TimeSpan.FromMinutes(31);
        Assert.False(await place.Preferences.Confirm("Patient/p1", second, Stop)); // too late
        var third = (await place.Preferences.Ask("Patient/p1", "two@example.org", Stop))!;
        Assert.True(await place.Preferences.Confirm("Patient/p1", third, Stop));
        Assert.Equal("two@example.org", (await place.Preferences.Of("Patient/p1", Stop)).Mail);
        // The other settings do not touch it.
        await place.Preferences.Save("Patient/p1", new() { MailKinds = [NoticeKind.Reminder], Reminders = [120], QuietFrom = 60, QuietTo = 120, Zone = "Asia/Seoul", Language = "ko" }, Stop);
        var stored = await place.Preferences.Of("Patient/p1", Stop);
        Assert.Equal(("two@example.org", "Asia/Seoul", "ko", 60, 120, true, false), (stored.Mail, stored.Zone, stored.Language, stored.QuietFrom, stored.QuietTo, stored.Wants("mail", NoticeKind.Reminder), stored.Wants("mail", NoticeKind.Booked)));
        Assert.Equal([120], stored.Reminders);
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_feed_of_a_calendar_is_found_by_its_secret_alone_until_it_is_revoked(Engine engine)
    {
        await using var place = await Place.Open(engine);
        var feeds = new CalendarFeeds(place.Store, place.Clock);
        var (feed, secret) = (await feeds.Make("Patient/p1", "p1", CalendarDetail.Place, "et", Stop))!.Value;
        Assert.Equal(feed, await feeds.Find(secret, Stop));
        Assert.Null(await feeds.Find(secret[..^1], Stop));
        Assert.Null(await feeds.Find(feed.Id, Stop));
        // Of the secret only a hash is stored.
        var stored = await place.Store.Database.ReadOnce(async session =>
        {
            await using var rows = await session.Query("SELECT secret FROM calendar_feed");
            return await rows.Read() ? rows.Text(0)! : "";
        }, Stop);
        Assert.DoesNotContain(secret, stored, StringComparison.OrdinalIgnoreCase);
        Assert.False(await feeds.Revoke(feed.Id, "Patient/p2", Stop));
        Assert.True(await feeds.Revoke(feed.Id, "Patient/p1", Stop));
        Assert.Null(await feeds.Find(secret, Stop));
        for (var i = 0; i < CalendarFeeds.MostOfAPerson; i++) Assert.NotNull(await feeds.Make("Patient/p1", "p1", CalendarDetail.Time, "en", Stop));
        Assert.Null(await feeds.Make("Patient/p1", "p1", CalendarDetail.Time, "en", Stop));
    }

    [Theory]
    [InlineData("mail.example", null, null, "a@b.example", null, null, true), InlineData("mail.example", "465", "tls", "a@b.example", null, null, true), InlineData("127.0.0.1", "25", "none", "a@b.example", null, null, true)]
    [InlineData("mail.example", null, "none", "a@b.example", null, null, false), InlineData("mail.example", "0", null, "a@b.example", null, null, false), InlineData("mail.example", null, "ssl", "a@b.example", null, null, false), InlineData("mail.example", null, null, null, null, null, false), InlineData("mail.example", null, null, "a@b.example", "user", null, false)]
    public void A_mail_server_is_reached_encrypted_or_on_loopback(string host, string? port, string? tls, string? from, string? user, string? secretFile, bool isTaken)
    {
        if (isTaken) Assert.NotNull(NoticeSettings.SmtpOf(host, port, tls, from, user, secretFile));
        else Assert.Throws<FormatException>(() => NoticeSettings.SmtpOf(host, port, tls, from, user, secretFile));
    }

    [Theory, InlineData("https://hook.example/a", true), InlineData("http://127.0.0.1:9/a", true), InlineData("http://hook.example/a", false), InlineData("ftp://hook.example/", false), InlineData("https://user:x@hook.example/", false), InlineData("/a", false)]
    public void A_webhook_is_https_or_on_loopback(string address, bool isTaken)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, new string('s', 40));
        try
        {
            if (isTaken) Assert.NotNull(NoticeSettings.WebhookOf(address, file));
            else Assert.Throws<FormatException>(() => NoticeSettings.WebhookOf(address, file));
            File.WriteAllText(file, "short");
            Assert.Throws<FormatException>(() => NoticeSettings.WebhookOf(address, file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_has_had_its_time_goes_with_what_was_to_leave_because_of_it_and_the_rest_stays(Engine engine)
    {
        await using var place = await Place.Open(engine);
        await place.Add(Booked(1));
        place.Clock.Now += TimeSpan.FromDays(365);
        await place.Add(Booked(2));
        Assert.Equal(0, await place.Outbox.RemoveOld(Stop));
        place.Clock.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(1, await place.Outbox.RemoveOld(Stop));
        Assert.Equal("Appointment/a2", Assert.Single(await place.Outbox.Of("Patient/p1", Stop)).About);
        Assert.All(await place.Outbox.Claim(20, Stop), delivery => Assert.Equal("Appointment/a2", delivery.Notice.About));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Of_a_patient_who_is_forgotten_there_is_no_notice_no_address_and_no_calendar(Engine engine)
    {
        await using var place = await Place.Open(engine);
        var feeds = new CalendarFeeds(place.Store, place.Clock);
        foreach (var person in new[] { "Patient/p1", "Patient/p2" })
        {
            Assert.True(await place.Preferences.Confirm(person, (await place.Preferences.Ask(person, "one@example.org", Stop))!, Stop));
            await feeds.Make(person, person.Split('/')[1], CalendarDetail.Time, "en", Stop);
        }
        await place.Add(Booked(1));
        await place.Add(Booked(1, "Patient/p2")); // about the first, to the second
        await place.Add(new("Patient/p2", "Appointment/b/v1", NoticeKind.Booked, "Appointment/b", "p2"));
        await feeds.Make("Patient/p2", "p1", CalendarDetail.Time, "en", Stop);
        await NoticeOutbox.Forget(place.Store.Database, "p1", Stop);
        Assert.Empty(await place.Outbox.Of("Patient/p1", Stop));
        Assert.Equal("Appointment/b", Assert.Single(await place.Outbox.Of("Patient/p2", Stop)).About);
        Assert.All(await place.Outbox.Claim(20, Stop), delivery => Assert.Equal("Appointment/b", delivery.Notice.About));
        Assert.Equal((0, 0, 1), ((await feeds.Of("Patient/p1", "p1", Stop)).Count, (await feeds.Of("Patient/p2", "p1", Stop)).Count, (await feeds.Of("Patient/p2", "p2", Stop)).Count));
        Assert.Equal((null, "one@example.org"), (await Mail("Patient/p1"), await Mail("Patient/p2")));

        async Task<string?> Mail(string person) => (await place.Store.Database.ReadOnce(session => NoticePreferences.Of(session, person), Stop)).Mail;
    }
}
