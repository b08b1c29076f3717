using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.Tests.AuditLog;

public sealed class AccessLogTests
{
    static readonly Keys Keys = new(42);
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static AccessEvent Access(int number, string patient) =>
        new("Practitioner/1", new("read", "Observation", $"{number}"), null, [new($"Observation/{number}", [Keys.Reference(patient)])], 200);

    static async Task<string[]> Of(AccessLog log, string patient) =>
        [.. (await log.Read(new(Compartment: Keys.Reference(patient), Count: 10_000), Stop)).Select(access => access.Interaction.Id!)];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgreSql)]
    public async Task An_access_is_found_by_patient_and_by_agent_at_once_and_after_a_restart(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(TrustRoom.Migrations);
        await using (var log = new AccessLog(database, Keys, TimeProvider.System))
        {
            await log.Append(Access(1, "Patient/a"), AccessOrigin.Unknown, Stop);
            Assert.Equal(["1"], await Of(log, "Patient/a"));
            await log.Append(Access(2, "Patient/b"), AccessOrigin.Unknown, Stop);
            await log.Append(Access(3, "Patient/a"), AccessOrigin.Unknown, Stop);
            Assert.Equal(["3", "1"], await Of(log, "Patient/a"));
            await log.Append(Access(4, "Patient/a"), AccessOrigin.Unknown, Stop); // in no index yet when the program ends
        }
        await using var again = new AccessLog(database, Keys, TimeProvider.System);
        Assert.Equal(["4", "3", "1"], await Of(again, "Patient/a"));
        Assert.Equal(4, (await again.Read(new(Agent: "Practitioner/1"), Stop)).Count);
    }

    [Fact]
    public async Task Thousands_of_accesses_at_once_are_each_found_once()
    {
        using var place = TestDatabase.Create(Engine.Sqlite);
        await using var database = await place.Open(TrustRoom.Migrations);
        await using var log = new AccessLog(database, Keys, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(number => log.Append(Access(number, $"Patient/{number % 7}"), AccessOrigin.Unknown, Stop).AsTask()));
        for (var patient = 0; patient < 7; patient++)
            Assert.Equal(Enumerable.Range(0, 3000).Where(number => number % 7 == patient), (await Of(log, $"Patient/{patient}")).Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Equal(3000, (await log.Read(new(Agent: "Practitioner/1", Count: 10_000), Stop)).Count);
    }
}
