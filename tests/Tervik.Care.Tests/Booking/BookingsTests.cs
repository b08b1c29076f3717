using System.Text;
using Tervik.Care.Booking;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Booking;

/// <summary>The owner of the calendars on a real database: what it answers is stored, with the Appointment, once.</summary>
public sealed class BookingsTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    static readonly HoldRules Rules = new() { MostOfOwner = 1000 };
    /// <summary>A cell of tomorrow.</summary>
    static readonly long Tomorrow = (Cells.Day(Cells.At(Now())) + 1) * Cells.PerDay;

    static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A record with calendars, which can be closed and opened again.</summary>
    sealed class Clinic(Engine engine) : IAsyncDisposable
    {
        readonly TestDatabase place = TestDatabase.Create(engine);
        public Database Database { get; private set; } = null!;
        public RecordStore Store { get; private set; } = null!;
        public Bookings Bookings { get; private set; } = null!;

        public async Task<Clinic> Open()
        {
            Database = await place.Open(RecordStore.RecordMigrations);
            await CareRoom.Migrations.Apply(Database, Stop);
            Store = await RecordStore.Open(Database, Stop);
            Bookings = new(Store, Rules, calendar => calendar == 9 ? 3 : 1, TimeProvider.System);
            return this;
        }

        public async Task Reopen()
        {
            await Close();
            await Open();
        }

        async Task Close()
        {
            await Bookings.DisposeAsync();
            await Store.DisposeAsync();
            await Database.DisposeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Close();
            place.Dispose();
        }

        public Task<BookingAnswer> Ask(BookingAct act, string id, long owner, long referral, IReadOnlyList<Span> spans, int? version = null) =>
            Bookings.Ask(new(act, id, owner, referral, spans) { Writes = act is BookingAct.Hold or BookingAct.Extend ? [] : [Appointment(id, act == BookingAct.Release ? "cancelled" : "booked", version ?? 0)] }, Stop);

        public Write Appointment(string id, string status, int version)
        {
            using var json = FhirJson.Parse(Encoding.UTF8.GetBytes($$"""{"resourceType":"Appointment","status":"{{status}}","participant":[{"actor":{"reference":"Patient/p"},"status":"accepted"}]}"""));
            return new() { Method = version == 0 ? "POST" : "PUT", Type = "Appointment", Id = id, Draft = Draft.Of(json.RootElement, id, Store.Indexer), ExpectedVersion = version };
        }

        public async Task<string?> Status(string id)
        {
            if (await Store.Read("Appointment", id, AccessFilter.Everything, Stop) is not { } stored) return null;
            using var json = FhirJson.Parse(stored.Body);
            return json.RootElement.GetProperty("status").GetString();
        }

        /// <summary>All cells as they are stored: which booking has which.</summary>
        public async Task<List<string>> Cells()
        {
            var found = new List<string>();
            await Database.ReadOnce(async session =>
            {
                await using var rows = await session.Query("SELECT c.calendar, c.cell, c.seat, b.id FROM booking_cell c LEFT JOIN booking b ON b.no = c.booking ORDER BY c.calendar, c.cell, c.seat");
                while (await rows.Read()) found.Add($"{rows.Int64(0)} {rows.Int64(1) - Tomorrow} {rows.Int64(2)} {rows.Text(3)}");
                return 0;
            }, Stop);
            return found;
        }
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_booking_is_stored_with_its_Appointment_and_is_there_after_a_restart(Engine engine)
    {
        await using var clinic = await new Clinic(engine).Open();
        Assert.True((await clinic.Ask(BookingAct.Hold, "a", 1, 7, [new(1, Tomorrow, Tomorrow + 2), new(2, Tomorrow, Tomorrow + 1)])).IsDone);
        Assert.Null(await clinic.Status("a"));
        await clinic.Reopen();
        // The hold is in everybody's way still, and is made firm by who has it.
        Assert.Equal(BookingOutcome.Taken, (await clinic.Ask(BookingAct.Book, "b", 2, 0, [new(2, Tomorrow, Tomorrow + 1)])).Verdict.Outcome);
        Assert.Equal(BookingOutcome.ReferralHeld, (await clinic.Ask(BookingAct.Book, "b", 2, 7, [new(3, Tomorrow, Tomorrow + 1)])).Verdict.Outcome);
        Assert.Null(await clinic.Status("b"));
        Assert.True((await clinic.Ask(BookingAct.Book, "a", 1, 7, [])).IsDone);
        Assert.Equal("booked", await clinic.Status("a"));
        // The same again changes nothing.
        Assert.Equal((true, false), await clinic.Ask(BookingAct.Book, "a", 1, 7, []) is var again ? (again.IsDone, again.HasChanged) : default);
        await clinic.Reopen();
        Assert.Equal(["1 0 0 a", "1 1 0 a", "2 0 0 a"], await clinic.Cells());
        Assert.True((await clinic.Ask(BookingAct.Move, "a", 1, 7, [new(1, Tomorrow + 1, Tomorrow + 3)], 1)).IsDone);
        Assert.Equal(["1 1 0 a", "1 2 0 a"], await clinic.Cells());
        await clinic.Reopen();
        Assert.True((await clinic.Ask(BookingAct.Release, "a", 1, 0, [], 2)).IsDone);
        Assert.Equal(("cancelled", 0), (await clinic.Status("a"), (await clinic.Cells()).Count));
        Assert.True((await clinic.Ask(BookingAct.Book, "b", 2, 7, [new(1, Tomorrow + 1, Tomorrow + 3)])).IsDone);
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Of_many_who_want_the_same_time_one_gets_it(Engine engine)
    {
        await using var clinic = await new Clinic(engine).Open();
        for (var slot = 0; slot < 20; slot++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(client => Task.Run(() => clinic.Ask(BookingAct.Book, $"s{slot}-c{client}", client, 0, [new(1, Tomorrow + slot, Tomorrow + slot + 1), new(2, Tomorrow + slot, Tomorrow + slot + 1)]))));
            Assert.Single(answers, answer => answer.IsDone);
            Assert.All(answers.Where(answer => !answer.IsDone), answer => Assert.Equal(BookingOutcome.Taken, answer.Verdict.Outcome));
        }
        var cells = await clinic.Cells();
        Assert.Equal(40, cells.Count);
        foreach (var id in cells.Select(cell => cell.Split(' ')[3]).Distinct()) Assert.Equal("booked", await clinic.Status(id));
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_the_database_knows_to_be_taken_is_not_booked_whatever_the_memory_says(Engine engine)
    {
        await using var clinic = await new Clinic(engine).Open();
        Assert.True((await clinic.Ask(BookingAct.Book, "a", 1, 0, [new(1, Tomorrow, Tomorrow + 1)])).IsDone);
        // Another program has it: this one's memory does not know.
        await clinic.Database.Write(session => session.Execute("INSERT INTO booking_cell (calendar, cell, seat, booking) VALUES (1, $1, 0, 4711)", Tomorrow + 5), Stop);
        var others = Enumerable.Range(0, 8).Select(i => clinic.Ask(BookingAct.Book, $"o{i}", 2, 0, [new(1, Tomorrow + 10 + i, Tomorrow + 11 + i)])).ToList();
        await Assert.ThrowsAsync<StorageException>(() => clinic.Ask(BookingAct.Book, "b", 2, 0, [new(1, Tomorrow + 4, Tomorrow + 6)]));
        Assert.All(await Task.WhenAll(others), answer => Assert.True(answer.IsDone));
        Assert.Null(await clinic.Status("b"));
        // What was not stored is in nobody's way.
        Assert.True((await clinic.Ask(BookingAct.Book, "c", 3, 0, [new(1, Tomorrow + 4, Tomorrow + 5)])).IsDone);
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_Appointment_that_was_changed_meanwhile_keeps_its_time_and_spoils_nobody_elses(Engine engine)
    {
        await using var clinic = await new Clinic(engine).Open();
        Assert.True((await clinic.Ask(BookingAct.Book, "a", 1, 0, [new(1, Tomorrow, Tomorrow + 1)])).IsDone);
        var answers = await Task.WhenAll(
            clinic.Ask(BookingAct.Book, "b", 2, 0, [new(2, Tomorrow, Tomorrow + 1)]), clinic.Ask(BookingAct.Move, "a", 1, 0, [new(1, Tomorrow + 8, Tomorrow + 9)], version: 5), clinic.Ask(BookingAct.Book, "c", 3, 0, [new(3, Tomorrow, Tomorrow + 1)]));
        Assert.Equal([true, false, true], answers.Select(answer => answer.IsDone));
        Assert.Equal(CommitOutcome.VersionConflict, answers[1].Commit!.Outcome);
        Assert.Equal(["1 0 0 a", "2 0 0 b", "3 0 0 c"], await clinic.Cells());
        Assert.Equal(BookingOutcome.Taken, (await clinic.Ask(BookingAct.Book, "d", 4, 0, [new(1, Tomorrow, Tomorrow + 1)])).Verdict.Outcome);
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_group_takes_as_many_as_it_has_seats(Engine engine)
    {
        await using var clinic = await new Clinic(engine).Open();
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => clinic.Ask(BookingAct.Book, $"g{i}", i, 0, [new(9, Tomorrow, Tomorrow + 2)])));
        Assert.Equal(3, answers.Count(answer => answer.IsDone));
        var first = answers.First(answer => answer.IsDone).Verdict.Claim!.Id;
        Assert.True((await clinic.Ask(BookingAct.Release, first, 0, 0, [], 1)).IsDone);
        await clinic.Reopen();
        Assert.True((await clinic.Ask(BookingAct.Book, "late", 7, 0, [new(9, Tomorrow + 1, Tomorrow + 3)])).IsDone);
        Assert.Equal(BookingOutcome.Taken, (await clinic.Ask(BookingAct.Book, "later", 8, 0, [new(9, Tomorrow, Tomorrow + 2)])).Verdict.Outcome);
        Assert.Equal(6, (await clinic.Cells()).Count);
    }

    /// <summary>Random requests of several clients at once, with restarts between: what is stored is what was answered, and nothing else.</summary>
    [Theory]
    [InlineData(Engine.Sqlite, 12), InlineData(Engine.PostgreSql, 4)]
    public async Task Whatever_was_answered_is_what_is_stored(Engine engine, int seeds)
    {
        for (var seed = 0; seed < seeds; seed++)
        {
            await using var clinic = await new Clinic(engine).Open();
            var last = new System.Collections.Concurrent.ConcurrentDictionary<string, Claim?>();
            for (var life = 0; life < 3; life++)
            {
                await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
                {
                    var dice = new Random(seed * 1000 + life * 100 + client);
                    var version = new Dictionary<string, int>();
                    for (var step = 0; step < 12; step++)
                    {
                        var id = $"l{life}-c{client}-{dice.Next(4)}";
                        var span = Tomorrow + dice.Next(20) is var from ? new Span(1 + dice.Next(3), from, from + 1 + dice.Next(3)) : default;
                        var act = (BookingAct)dice.Next(5);
                        var answer = await clinic.Ask(act, id, client, 0, act is BookingAct.Extend or BookingAct.Release ? [] : [span], version.GetValueOrDefault(id));
                        if (!answer.IsDone) continue;
                        if (answer.Commit is not null) version[id] = version.GetValueOrDefault(id) + 1;
                        last[id] = act == BookingAct.Release ? null : answer.Verdict.Claim;
                    }
                })));
                await clinic.Reopen();
                var expected = last.Values.OfType<Claim>().SelectMany(claim => claim.Spans.SelectMany(span => Enumerable.Range(0, (int)(span.To - span.From)).Select(i => $"{span.Calendar} {span.From + i - Tomorrow} 0 {claim.Id}"))).Order(StringComparer.Ordinal);
                Assert.Equal(expected, (await clinic.Cells()).Order(StringComparer.Ordinal));
            }
        }
    }
}
