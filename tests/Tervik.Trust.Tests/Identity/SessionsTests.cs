using Microsoft.AspNetCore.Http;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.Identity;
using Tervik.Trust.Tests.Relations;

namespace Tervik.Trust.Tests.Identity;

public sealed class SessionsTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Sessions and tokens in a database of their own, with a clock that is set.</summary>
    sealed class Door(TestDatabase place, Database database) : IAsyncDisposable
    {
        public House.SetClock Clock { get; } = new();
        public Database Database => database;
        public Sessions Sessions { get; private set; } = null!;
        public AccessTokens Tokens { get; private set; } = null!;

        public static async Task<Door> Open(Engine engine)
        {
            var place = TestDatabase.Create(engine);
            var door = new Door(place, await place.Open(TrustRoom.Migrations));
            door.Sessions = new(door.Database, new() { Folder = ".", SessionIdle = TimeSpan.FromMinutes(30), SessionLongest = TimeSpan.FromHours(12) }, door.Clock);
            door.Tokens = new(door.Database, door.Clock);
            return door;
        }

        /// <summary>Opens a session; gives the cookie that the browser sends from then on.</summary>
        public async Task<string> SignIn(string agent, string? cookie = null)
        {
            var request = Request(cookie);
            await Sessions.Open(request, agent, new("eid", Assurance.High, Clock.NowUs(), []), Stop);
            // A session that is replaced is deleted first; the last cookie counts.
            return request.Response.Headers.SetCookie[^1]!.Split(';')[0];
        }

        public async Task<string?> WhoIs(string cookie) => (await Sessions.Find(Request(cookie), Stop))?.Agent;

        public static DefaultHttpContext Request(string? cookie)
        {
            var request = new DefaultHttpContext();
            if (cookie is not null) request.Request.Headers.Cookie = cookie;
            return request;
        }

        public async ValueTask DisposeAsync()
        {
            await database.DisposeAsync();
            place.Dispose();
        }
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_session_ends_after_its_idle_time_and_after_its_longest_time_whatever_is_asked(Engine engine)
    {
        await using var door = await Door.Open(engine);
        var cookie = await door.SignIn("Patient/1");
        door.Clock.Now += TimeSpan.FromMinutes(29);
        Assert.Equal("Patient/1", await door.WhoIs(cookie));
        door.Clock.Now += TimeSpan.FromMinutes(31);
        Assert.Null(await door.WhoIs(cookie));

        cookie = await door.SignIn("Patient/1");
        for (var minutes = 0; minutes < 12 * 60 - 20; minutes += 20)
        {
            door.Clock.Now += TimeSpan.FromMinutes(20);
            Assert.Equal("Patient/1", await door.WhoIs(cookie));
        }
        door.Clock.Now += TimeSpan.FromMinutes(20);
        Assert.Null(await door.WhoIs(cookie));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Each_sign_in_has_a_new_secret_and_ends_the_session_it_began_from(Engine engine)
    {
        await using var door = await Door.Open(engine);
        var planted = "tervik-session=planted-by-somebody-else";
        var first = await door.SignIn("Patient/1", planted);
        Assert.NotEqual(planted, first);
        Assert.Null(await door.WhoIs(planted));
        var second = await door.SignIn("Practitioner/7", first);
        Assert.Equal((null, "Practitioner/7"), (await door.WhoIs(first), await door.WhoIs(second)));
        var secrets = new HashSet<string>();
        for (var i = 0; i < 100; i++) Assert.True(secrets.Add((await door.SignIn("Patient/2")).Split('=')[1]));
        // 256 random bits, in base64url.
        Assert.All(secrets, secret => Assert.Equal(43, secret.Length));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task The_others_and_any_one_session_can_be_ended_and_nobody_ends_those_of_another(Engine engine)
    {
        await using var door = await Door.Open(engine);
        var (here, there, third, stranger) = (await door.SignIn("Patient/1"), await door.SignIn("Patient/1"), await door.SignIn("Patient/1"), await door.SignIn("Patient/2"));
        foreach (var cookie in (string[])[here, there, third, stranger]) await door.WhoIs(cookie); // they are remembered
        var sessions = await door.Sessions.Of(Door.Request(here), "Patient/1", Stop);
        Assert.Equal((3, 1), (sessions.Count, sessions.Count(session => session.IsThis)));
        Assert.False(await door.Sessions.Close(sessions.First(session => !session.IsThis).Id, "Patient/2", Stop));
        Assert.True(await door.Sessions.Close(sessions.First(session => !session.IsThis).Id, "Patient/1", Stop));
        Assert.Equal(2, (await door.Sessions.Of(Door.Request(here), "Patient/1", Stop)).Count);
        await door.Sessions.CloseOthers(Door.Request(here), "Patient/1", Stop);
        Assert.Equal(("Patient/1", null, null, "Patient/2"), (await door.WhoIs(here), await door.WhoIs(there), await door.WhoIs(third), await door.WhoIs(stranger)));
        await door.Sessions.Close(Door.Request(here), Stop);
        Assert.Null(await door.WhoIs(here));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task The_database_holds_no_secret_and_a_token_ends_by_time_or_revocation(Engine engine)
    {
        await using var door = await Door.Open(engine);
        var cookie = await door.SignIn("Patient/1");
        var (token, secret) = await door.Tokens.Issue("client/x", Scope.Read, "x", TimeSpan.FromHours(1), Stop);
        var kept = await door.Database.Read(async session =>
        {
            var found = new List<string>();
            await using (var rows = await session.Query("SELECT secret FROM session")) while (await rows.Read()) found.Add(rows.Text(0)!);
            await using (var rows = await session.Query("SELECT secret FROM access_token")) while (await rows.Read()) found.Add(rows.Text(0)!);
            return found;
        }, Stop);
        Assert.Equal(2, kept.Count);
        Assert.All(kept, hash => Assert.Matches("^[0-9a-f]{64}$", hash));
        // What stands in the database opens nothing.
        Assert.Null(await door.WhoIs($"tervik-session={kept[0]}"));
        Assert.Null(await door.Tokens.Find($"tervik_{kept[1]}".AsMemory(), Stop));
        Assert.Null(await door.Tokens.Find(kept[1].AsMemory(), Stop));

        Assert.NotNull(await door.Tokens.Find(secret.AsMemory(), Stop));
        door.Clock.Now += TimeSpan.FromHours(1);
        Assert.Null(await door.Tokens.Find(secret.AsMemory(), Stop));
        door.Clock.Now -= TimeSpan.FromMinutes(45);
        Assert.NotNull(await door.Tokens.Find(secret.AsMemory(), Stop));
        Assert.False(await door.Tokens.Revoke(token.Id, "client/other", Stop));
        Assert.True(await door.Tokens.Revoke(token.Id, "client/x", Stop));
        Assert.Null(await door.Tokens.Find(secret.AsMemory(), Stop));
        Assert.NotNull(await door.WhoIs(cookie));
    }
}
