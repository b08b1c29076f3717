using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;
using Tervik.Care;
using Tervik.Care.Booking;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Bench;

/// <summary>Appointments: many clients want the same times, and many want each their own. What the clients were told is held against what is stored.</summary>
static class BookingBench
{
    const int HotSlots = 400;
    /// <summary>Seconds of load before the measurement: on two cores the compiler takes its time.</summary>
    const int Warm = 10;

    /// <summary>One line of the table.</summary>
    public sealed record Result(string Name, double PerSecond, double BookedPerSecond, double P50Ms, double P99Ms, double Ratio, int Wrong);

    public static async Task<int> Run(string[] options)
    {
        var clients = int.Parse(RecordBench.Option(options, "--clients") ?? "64", CultureInfo.InvariantCulture);
        var seconds = int.Parse(RecordBench.Option(options, "--seconds") ?? "6", CultureInfo.InvariantCulture);
        var kills = int.Parse(RecordBench.Option(options, "--kills") ?? "50", CultureInfo.InvariantCulture);
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench booking.");
        var all = new List<object>();
        var wrong = 0;
        foreach (var engine in RecordBench.Option(options, "--engine") is { } one ? [one] : (string[])["sqlite", "postgresql"])
        {
            using var cluster = RecordBench.Cluster(["--engine", engine]);
            var lines = new List<Result>();
            await InProcess(cluster, clients, seconds, lines);
            await OverHttp(program, cluster, clients, seconds, lines);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{engine}, {clients} clients on the same {Environment.ProcessorCount} cores; ratio: to the bare insert of the same kind"));
            Console.WriteLine($"{"",-44}{"answers/s",11}{"booked/s",10}{"p50 ms",9}{"p99 ms",9}{"ratio",8}{"wrong",7}");
            foreach (var line in lines) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Name,-44}{line.PerSecond,11:0}{line.BookedPerSecond,10:0}{line.P50Ms,9:0.0}{line.P99Ms,9:0.0}{line.Ratio,8:0.00}{line.Wrong,7}"));
            var crashed = kills == 0 ? (0, 0, 0) : await Killed(program, cluster, clients, kills);
            if (kills > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kills} kill -9 under load: {crashed.Item1} bookings and {crashed.Item2} cancellations acknowledged, {crashed.Item3} doubled, lost or half"));
            wrong += lines.Sum(line => line.Wrong) + crashed.Item3;
            all.Add(new { engine, clients, lines, kills, acknowledged = crashed.Item1, cancelled = crashed.Item2, wrong = crashed.Item3 });
        }
        if (RecordBench.Option(options, "--json") is { } file) await File.WriteAllTextAsync(file, JsonSerializer.Serialize(all));
        return wrong == 0 ? 0 : 2;
    }

    // ---- Within the process: the decision and its storing, without HTTP.

    static async Task InProcess(PostgreSqlCluster? cluster, int clients, int seconds, List<Result> lines)
    {
        var folder = Directory.CreateTempSubdirectory("tervik-booking-").FullName;
        try
        {
            var connection = cluster?.NewDatabase() ?? Path.Combine(folder, "record.db");
            await using var database = await Database.Open(new(connection), RecordStore.RecordMigrations, default);
            await CareRoom.Migrations.Apply(database, default);
            await using var store = await RecordStore.Open(database, default);
            await database.Write(session => session.Execute("CREATE TABLE bare (calendar BIGINT NOT NULL, cell BIGINT NOT NULL, who BIGINT NOT NULL, PRIMARY KEY (calendar, cell))"), default);
            var bareHot = await Bare(database, cluster is null ? null : connection, "bare insert, all on the same slot", clients, seconds, isHot: true, lines);
            var bareSpread = await Bare(database, cluster is null ? null : connection, "bare insert, spread", clients, seconds, isHot: false, lines);
            await using var bookings = new Bookings(store, new() { MostOfOwner = int.MaxValue }, _ => 1, TimeProvider.System);
            var tomorrow = (Cells.Day(Cells.At((DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10)) + 1) * Cells.PerDay;
            lines.Add(await Decide("in process, all on the same slot", bookings, database, clients, seconds, bareHot, (_, turn, _) => [new(1, tomorrow + turn, tomorrow + turn + 1)]));
            lines.Add(await Decide("in process, spread", bookings, database, clients, seconds, bareSpread, (client, turn, _) => [new(1000 + client, tomorrow + 4L * turn, tomorrow + 4L * turn + 4)]));
            // What storing costs, whoever asks for it: the record with its index, which the bare insert has not.
            lines.Add(await Decide("in process, spread, with its Appointment", bookings, database, clients, seconds, bareSpread, (client, turn, _) => [new(2000 + client, tomorrow + 4L * turn, tomorrow + 4L * turn + 4)], (id, client) =>
            {
                using var json = JsonDocument.Parse(Appointment(id, client));
                return new() { Method = "POST", Type = "Appointment", Id = id, ExpectedVersion = 0, Draft = Draft.Of(json.RootElement, id, store.Indexer) };
            }));
            // Somebody of 500, one of 500 rooms, one of 200 devices, 20 minutes, within a year.
            lines.Add(await Decide("in process, doctor + room + device", bookings, database, clients, seconds, bareSpread, (_, _, dice) =>
            {
                var from = tomorrow + dice.NextInt64(365L * 96) * 4;
                return [new(10_000 + dice.Next(500), from, from + 4), new(20_000 + dice.Next(500), from, from + 4), new(30_000 + dice.Next(200), from, from + 4)];
            }));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the database alone gives: one statement for each wish, a unique key, durable. SQLite through its one writer, PostgreSQL with a connection for each client.</summary>
    static async Task<double> Bare(Database database, string? connection, string name, int clients, int seconds, bool isHot, List<Result> lines)
    {
        const string insert = "INSERT INTO bare (calendar, cell, who) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        var (answers, booked, times) = (0L, 0L, new ConcurrentBag<double[]>());
        await using var source = connection is null ? null : NpgsqlDataSource.Create(connection + ";Maximum Pool Size=200");
        var until = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            await using var own = source is null ? null : await source.OpenConnectionAsync();
            await using var command = own is null ? null : new NpgsqlCommand(insert, own) { Parameters = { new() { Value = 0L }, new() { Value = 0L }, new() { Value = (long)client } } };
            if (command is not null) await command.PrepareAsync();
            var (mine, turn) = (new List<double>(), 0L);
            while (until.Elapsed.TotalSeconds < seconds)
            {
                // Hot: every slot is tried by every client, and one gets it.
                var (calendar, cell) = (isHot ? 0L : 1000L + client, turn++);
                var began = Stopwatch.GetTimestamp();
                long done;
                if (command is null) done = await database.Write(session => session.Execute(insert, calendar, cell, (long)client), default);
                else
                {
                    (command.Parameters[0].Value, command.Parameters[1].Value) = (calendar, cell);
                    done = await command.ExecuteNonQueryAsync();
                }
                mine.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (done > 0) Interlocked.Increment(ref booked);
            }
            Interlocked.Add(ref answers, mine.Count);
            times.Add([.. mine]);
        })));
        var took = until.Elapsed.TotalSeconds;
        var all = times.SelectMany(mine => mine).Order().ToList();
        lines.Add(new(name, answers / took, booked / took, all[all.Count / 2], all[all.Count * 99 / 100], 1, 0));
        return answers / took;
    }

    /// <summary>As large as those that are booked over HTTP, and found by as much.</summary>
    static string Appointment(string id, int client) => $$$"""{"resourceType":"Appointment","id":"{{{id}}}","meta":{"tag":[{"system":"urn:tervik:booking","code":"calendar"}]},"extension":[{"url":"urn:tervik:tzdata","valueString":"TZDB: 2026a"},{"url":"urn:tervik:booked-by","valueReference":{"display":"client/bench"}}],"status":"booked","serviceType":[{"coding":[{"system":"urn:bench","code":"consultation"}]}],"start":"2027-01-01T08:00:00+02:00","_start":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/tz-code","valueCode":"Europe/Tallinn"}]},"end":"2027-01-01T08:20:00+02:00","minutesDuration":20,"created":"2026-11-01T08:00:00Z","participant":[{"actor":{"reference":"Patient/p{{{client}}}","display":"Family{{{client}}}"},"status":"accepted"},{"actor":{"reference":"Practitioner/d{{{client}}}","display":"Doctor {{{client}}}"},"status":"accepted"},{"actor":{"reference":"HealthcareService/s{{{client}}}","display":"Consultation"},"status":"accepted"}]}""";

    static async Task<Result> Decide(string name, Bookings bookings, Database database, int clients, int seconds, double bare, Func<int, int, Random, IReadOnlyList<Span>> spans, Func<string, int, Write>? beside = null)
    {
        var journal = new ConcurrentDictionary<string, IReadOnlyList<Span>>();
        var times = new ConcurrentBag<double[]>();
        var until = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var (mine, dice) = (new List<double>(), new Random(client));
            for (var turn = 0; until.Elapsed.TotalSeconds < seconds; turn++)
            {
                var (id, wanted) = ($"{name.Length}-{client}-{turn}", spans(client, turn, dice));
                var began = Stopwatch.GetTimestamp();
                var answer = await bookings.Ask(new(BookingAct.Book, id, client + 1, 0, wanted) { Writes = beside is null ? [] : [beside(id, client)] }, default);
                mine.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (answer.IsDone) journal[id] = wanted;
            }
            times.Add([.. mine]);
        })));
        var took = until.Elapsed.TotalSeconds;
        var all = times.SelectMany(mine => mine).Order().ToList();
        // The journals: no two have a cell, and every one is stored with all its cells.
        var told = journal.SelectMany(one => one.Value.SelectMany(span => Enumerable.Range(0, (int)(span.To - span.From)).Select(i => (span.Calendar, Cell: span.From + i)))).ToList();
        var wrong = told.Count - told.Distinct().Count();
        var stored = new HashSet<(long, long)>();
        await database.ReadOnce(async session =>
        {
            await using var rows = await session.Query("SELECT calendar, cell FROM booking_cell");
            while (await rows.Read()) if (!stored.Add((rows.Int64(0), rows.Int64(1)))) wrong++;
            return 0;
        }, default);
        wrong += told.Count(cell => !stored.Contains(cell));
        return new(name, all.Count / took, journal.Count / took, all[all.Count / 2], all[all.Count * 99 / 100], all.Count / took / bare, wrong);
    }

    // ---- Over HTTP, with authorisation and the log of accesses.

    static async Task OverHttp(string program, PostgreSqlCluster? cluster, int clients, int seconds, List<Result> lines)
    {
        await using var node = await ClinicNode.Start(program, cluster);
        var (hotLimit, spreadLimit) = (lines[0].PerSecond, lines[1].PerSecond);
        var offers = await node.Offers(clients, HotSlots + (Warm + seconds) * 150);
        // Compiled for it first.
        await node.Load("warm", clients, TimeSpan.FromSeconds(Warm), (client, turn) => offers[client].ElementAtOrDefault(offers[client].Count - 1 - turn), lines: null, limit: 1);
        var hot = offers.SelectMany(of => of.Take(HotSlots)).ToList();
        await node.Load("HTTP, all on the same slot", clients, TimeSpan.FromSeconds(seconds), (_, turn) => hot[turn % hot.Count], lines, hotLimit);
        await node.Load("HTTP, spread", clients, TimeSpan.FromSeconds(seconds), (client, turn) => HotSlots + turn < HotSlots + seconds * 150 ? offers[client].ElementAtOrDefault(HotSlots + turn) : null, lines, spreadLimit);
    }

    /// <summary>Lives of a server, each ended by SIGKILL under load; then every answer is held against the record and the calendars.</summary>
    static async Task<(int Booked, int Cancelled, int Wrong)> Killed(string program, PostgreSqlCluster? cluster, int clients, int kills)
    {
        await using var node = await ClinicNode.Start(program, cluster);
        var offers = await node.Offers(8, 2000);
        var pool = offers.SelectMany(of => of).ToArray();
        new Random(1).Shuffle(pool);
        var random = new Random(42);
        for (var kill = 0; kill < kills; kill++)
        {
            await node.Life(clients, pool, random.Next(150, 900));
            if (!Console.IsOutputRedirected) Console.Write(string.Create(CultureInfo.InvariantCulture, $"\r{kill + 1} of {kills} kills, {node.Booked.Count} bookings acknowledged"));
        }
        if (!Console.IsOutputRedirected) Console.WriteLine();
        return (node.Booked.Count, node.Cancelled.Count, await node.Check());
    }
}
