using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Care.Hl7;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Hl7;

/// <summary>A record on a real database, and a hospital that sends to it.</summary>
sealed class Hospital : IAsyncDisposable, IAccessControl
{
    readonly TestDatabase place;
    Database database = null!;
    SearchEngine searches = null!;
    int sent;

    Hospital(Engine engine) => place = TestDatabase.Create(engine);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public RecordStore Store { get; private set; } = null!;
    public Hl7Intake Intake { get; private set; } = null!;
    /// <summary>What the sender may not write.</summary>
    public string? Forbidden { get; set; }
    public List<AccessEvent> Logged { get; } = [];

    public static async Task<Hospital> Open(Engine engine = Engine.Sqlite, Hl7Settings? settings = null)
    {
        var hospital = new Hospital(engine);
        hospital.database = await hospital.place.Open(RecordStore.RecordMigrations);
        await CareRoom.Migrations.Apply(hospital.database, Stop);
        hospital.Store = await RecordStore.Open(hospital.database, Stop);
        hospital.searches = new(hospital.Store);
        hospital.Intake = new(hospital.Store, hospital.searches, hospital, new(hospital.database, TimeProvider.System), settings ?? new(), TimeProvider.System, NullLogger<Hl7Intake>.Instance);
        return hospital;
    }

    /// <summary>A segment of these fields.</summary>
    public static string Segment(string name, params (int Number, string Value)[] fields)
    {
        var all = new string[fields.Max(field => field.Number) + 1];
        all[0] = name;
        foreach (var (number, value) in fields) all[number] = value;
        return string.Join('|', all);
    }

    public Task<IntakeAnswer> Take(string text) => Take(Encoding.UTF8.GetBytes(text));
    public Task<IntakeAnswer> Take(byte[] bytes) => Intake.Take(new DefaultHttpContext(), bytes, null, Stop);

    /// <summary>Sends a message of these segments, with a control id of its own.</summary>
    public async Task<Taken> Send(string type, params string[] segments) => (await Take(Text(type, segments))).Messages[0];

    public string Text(string type, params string[] segments) => $"MSH|^~\\&|HIS|HOSP|EHR|NODE|202601020304+0100||{type}|{Interlocked.Increment(ref sent)}|P|2.5\r{string.Concat(segments.Select(segment => segment + "\r"))}";

    /// <summary>The same, which must be taken.</summary>
    public async Task Told(string type, params string[] segments)
    {
        var taken = await Send(type, segments);
        Assert.True(taken.Code == "AA", $"{type}: {taken.Answer}");
    }

    public async Task<List<JsonObject>> All(string type) => [.. (await Store.Page(long.MinValue, 10_000, Stop)).Where(one => one.Type == type && !one.IsDeleted).Select(one => JsonNode.Parse(one.Body)!.AsObject())];

    public async Task<JsonObject> The(string type)
    {
        var all = await All(type);
        Assert.True(all.Count == 1, $"{all.Count} of {type}");
        return all[0];
    }

    /// <summary>The patient with a number.</summary>
    public async Task<JsonObject> Patient(string number) => (await All("Patient")).Single(one => one["identifier"]!.AsArray().Any(identifier => (string?)identifier!["value"] == number));

    public async Task<int> Count() => (await Store.Page(long.MinValue, 10_000, Stop)).Sum(one => one.Version);

    public ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop) => new(new Permission("client/his", AccessFilter.Everything, null));
    public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments) => interaction.Type == Forbidden ? new(FaultKind.Forbidden, "forbidden", interaction.Type, "Not granted.") : null;
    public ValueTask Log(AccessEvent access, CancellationToken stop)
    {
        lock (Logged) Logged.Add(access);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await database.DisposeAsync();
        place.Dispose();
    }
}
