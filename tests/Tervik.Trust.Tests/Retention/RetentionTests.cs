using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.Identity;
using Tervik.Trust.Retention;
using Tervik.Trust.Tests.Relations;

namespace Tervik.Trust.Tests.Retention;

/// <summary>What is no part of a record goes when it has had its time, and nothing else does.</summary>
public sealed class RetentionTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    static readonly TrustSettings Settings = new() { Folder = ".", Retention = new() { EndedTokens = TimeSpan.FromDays(30), Answered = TimeSpan.FromDays(1000) } };

    static async Task<List<string>> Rows(Database database, string sql) => await database.ReadOnce(async session =>
    {
        var found = new List<string>();
        await using var rows = await session.Query(sql);
        while (await rows.Read()) found.Add(rows.Text(0)!);
        return found;
    }, Stop);

    static Task<int> Write(Database database, string sql, params SqlValue[] values) => database.Write(session => session.Execute(sql, values), Stop);

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Each_kind_is_removed_after_its_own_time_and_what_waits_for_an_answer_stays(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(TrustRoom.Migrations);
        var clock = new House.SetClock();
        var retention = new Trust.Retention.Retention(database, Settings, clock);
        // Columns that say nothing here have a value all the same. The name says how long ago it ended, or in how long it will.
        async Task Make(string name, TimeSpan ago)
        {
            var us = (clock.Now - ago).Us();
            await Write(database, "INSERT INTO session (secret, agent, opened_us, seen_us, ends_us) VALUES ($1, 'Patient/1', 0, $2, $3)", name, clock.Now.Us(), us);
            await Write(database, "INSERT INTO access_token (id, secret, agent, scope, label, issued_us, ends_us, revoked_us) VALUES ($1, $1, 'Patient/1', 1, '', 0, $2, 0)", name, us);
            await Write(database, "INSERT INTO access_token (id, secret, agent, scope, label, issued_us, ends_us, revoked_us) VALUES ($1, $1, 'Patient/1', 1, '', 0, $2, $3)", $"revoked {name}", long.MaxValue, us);
            await Write(database, "INSERT INTO oauth_token (id, reference, allowed_by, subject, application, status, expires_us, version, body) VALUES ($1, $1, $1, '', '', 'valid', $2, '', '')", name, us);
            foreach (var status in (string[])["valid", "revoked"]) await Write(database, "INSERT INTO oauth_authorization (id, subject, application, status, created_us, version, body) VALUES ($1, '', '', $3, $2, '', '')", $"{status} {name}", us, status);
            await Write(database, "INSERT INTO passkey_challenge (id, browser, state, ends_us) VALUES ($1, '', '', $2)", name, us);
            await Write(database, "INSERT INTO oauth_launch (id, agent, patient, ends_us) VALUES ($1, '', '', $2)", name, us);
            await Write(database, "INSERT INTO oauth_assertion (name, ends_us) VALUES ($1, $2)", name, us);
            foreach (var state in (string[])["Open", "Explained", "Confirmed"])
            {
                await Write(database, "INSERT INTO snooping_alert (id, rule, agent, at_us, patients, reasons, raised_us, state) VALUES ($1, 'Spree', '', $2, 1, 0, $2, $3)", $"{state} {name}", us, state);
                await Write(database, "INSERT INTO snooping_alert_unit (unit, raised_us, id, is_own) VALUES ('', $2, $1, 1)", $"{state} {name}", us);
                await Write(database, "INSERT INTO snooping_review (id, at_us, reviewer, state, comment) VALUES ($1, $2, '', $3, '')", $"{state} {name}", us, state);
                await Write(database, "INSERT INTO exceptional_access (id, kind, practitioner, practitioner_key, patient, comp, unit, reason, note, made_us, ends_us, ended_us, noticed_us, review, reviewer, reviewed_us, review_note, seq) VALUES ($1, 1, '', 0, '', 0, '', '', '', $2, $2, 0, 0, $3, '', $2, '', 0)",
                    $"{state} {name}", us, state == "Open" ? 0 : 1);
            }
            await Write(database, "INSERT INTO access_event (event, interaction, resources, compartments, status) VALUES ($1, 'read', '', '', 200)", us);
            await Write(database, "INSERT INTO sharing (id, kind, patient, comp, actor, actor_key, made_us, ends_us, ended_us) VALUES ($1, 1, '', 0, '', 0, $2, $2, $2)", name, us);
            await Write(database, "INSERT INTO passkey (id, handle, agent, name, made_us, used_us, sign_count, body) VALUES ($1, '', '', '', $2, $2, 0, '')", name, us);
        }
        await Make("in a day", TimeSpan.FromDays(-1));
        await Make("a minute ago", TimeSpan.FromMinutes(1));
        await Make("29 days ago", TimeSpan.FromDays(29));
        await Make("31 days ago", TimeSpan.FromDays(31));
        await Make("999 days ago", TimeSpan.FromDays(999));
        await Make("1001 days ago", TimeSpan.FromDays(1001));
        await Write(database, "INSERT INTO session (secret, agent, opened_us, seen_us, ends_us) VALUES ('idle', '', 0, $1, $2)", (clock.Now - TimeSpan.FromMinutes(31)).Us(), long.MaxValue);
        await Write(database, "INSERT INTO oauth_token (id, reference, allowed_by, subject, application, status, expires_us, version, body) VALUES ('of it', 'of it', 'revoked 31 days ago', '', '', 'valid', $1, '', '')", long.MaxValue);
        // It was answered again lately.
        await Write(database, "INSERT INTO snooping_review (id, at_us, reviewer, state, comment) VALUES ('Confirmed 1001 days ago', $1, '', 'Confirmed', '')", clock.Now.Us());

        Assert.Equal(new Removed(Sessions: 6, Tokens: 6, AppTokens: 3 + 2, Attempts: 5 + 5 + 4, Alerts: 1, Openings: 2), await retention.Remove(Stop));

        Assert.Equal(["in a day"], await Rows(database, "SELECT secret FROM session"));
        Assert.Equal(["29 days ago", "a minute ago", "in a day", "revoked 29 days ago", "revoked a minute ago", "revoked in a day"], (await Rows(database, "SELECT id FROM access_token")).Order(StringComparer.Ordinal));
        Assert.Equal(["29 days ago", "a minute ago", "in a day", "of it"], (await Rows(database, "SELECT id FROM oauth_token")).Order(StringComparer.Ordinal));
        Assert.Equal(["revoked 29 days ago", "revoked 31 days ago", "revoked a minute ago", "revoked in a day"], (await Rows(database, "SELECT id FROM oauth_authorization WHERE status = 'revoked'")).Order(StringComparer.Ordinal));
        Assert.Equal(6, (await Rows(database, "SELECT id FROM oauth_authorization WHERE status = 'valid'")).Count);
        foreach (var table in (string[])["passkey_challenge", "oauth_launch"]) Assert.Equal(["in a day"], await Rows(database, $"SELECT id FROM {table}"));
        Assert.Equal(["a minute ago", "in a day"], (await Rows(database, "SELECT name FROM oauth_assertion")).Order(StringComparer.Ordinal)); // it could still be valid by another clock
        Assert.Equal((18 - 1, 18 - 1, 18 - 2), ((await Rows(database, "SELECT id FROM snooping_alert")).Count, (await Rows(database, "SELECT id FROM snooping_alert_unit")).Count, (await Rows(database, "SELECT id FROM exceptional_access")).Count));
        Assert.Contains("Open 1001 days ago", await Rows(database, "SELECT id FROM snooping_alert"));
        Assert.Contains("Open 1001 days ago", await Rows(database, "SELECT id FROM exceptional_access"));
        Assert.Equal(18, (await Rows(database, "SELECT id FROM snooping_review")).Count); // 18 and a second answer, without the one of the alert that went
        // The log, choices and passkeys are for ever, as far as time goes.
        Assert.Equal((6, 6, 6), ((await Rows(database, "SELECT interaction FROM access_event")).Count, (await Rows(database, "SELECT id FROM sharing")).Count, (await Rows(database, "SELECT id FROM passkey")).Count));

        Assert.Equal(new Removed(0, 0, 0, 0, 0, 0), await retention.Remove(Stop));
        clock.Now += TimeSpan.FromDays(2);
        Assert.Equal(new Removed(Sessions: 1, Tokens: 2, AppTokens: 1 + 1, Attempts: 1 + 1 + 2, Alerts: 2, Openings: 2), await retention.Remove(Stop));
    }

    /// <summary>A clock whose days are called.</summary>
    sealed class CalledClock : TimeProvider
    {
        public House.SetClock Now { get; } = new();
        public TaskCompletionSource<(TimerCallback Tick, object? State, TimeSpan Period)> Timer { get; } = new();
        public override DateTimeOffset GetUtcNow() => Now.Now;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timer.TrySetResult((callback, state, period));
            return new Silent();
        }

        sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;
            public void Dispose() { }
            public ValueTask DisposeAsync() => default;
        }
    }

    [Fact]
    public async Task It_is_removed_at_the_start_and_each_day()
    {
        using var place = TestDatabase.Create(Engine.Sqlite);
        await using var database = await place.Open(TrustRoom.Migrations);
        var clock = new CalledClock();
        Task Make(string name, int days) => Write(database, "INSERT INTO passkey_challenge (id, browser, state, ends_us) VALUES ($1, '', '', $2)", name, (clock.Now.Now + TimeSpan.FromDays(days)).Us());
        async Task<bool> Becomes(params string[] names)
        {
            for (var wait = 0; wait < 500; wait++)
            {
                if ((await Rows(database, "SELECT id FROM passkey_challenge ORDER BY ends_us")).SequenceEqual(names)) return true;
                await Task.Delay(20, Stop);
            }
            return false;
        }
        await Make("old", -1);
        await Make("half a day", 0);
        await Make("two days", 2);
        clock.Now.Now -= TimeSpan.FromHours(1);
        using var service = new RetentionService(new(database, Settings, clock), clock, NullLogger<RetentionService>.Instance);
        await service.StartAsync(Stop);
        Assert.True(await Becomes("half a day", "two days"));
        var (tick, state, period) = await clock.Timer.Task;
        Assert.Equal(TimeSpan.FromDays(1), period);
        clock.Now.Now += TimeSpan.FromDays(1);
        tick(state);
        Assert.True(await Becomes("two days"));
        await service.StopAsync(Stop);
    }
}
