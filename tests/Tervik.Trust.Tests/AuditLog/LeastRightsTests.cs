using System.Text.RegularExpressions;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Tests.AuditLog;

/// <summary>A node that runs with the rights of docs/operations.md does all it has to, and cannot change the log.</summary>
public sealed partial class LeastRightsTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_role_of_the_node_appends_to_the_log_and_neither_changes_nor_removes_anything_in_it()
    {
        using var place = TestDatabase.Create(Engine.PostgreSql);
        var role = $"node_{Guid.NewGuid():N}";
        await using (var owner = await place.Open(TrustRoom.Migrations))
            await owner.Write(async session =>
            {
                await session.Execute($"CREATE ROLE {role} LOGIN");
                await session.Execute($"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}");
                await session.Execute($"REVOKE UPDATE, DELETE ON access_event, migration FROM {role}");
                return await session.Execute($"REVOKE INSERT ON migration FROM {role}");
            }, Stop);
        await using var database = await Database.Open(new(User().Replace(place.Connection, $"Username={role}")), TrustRoom.Migrations, Stop);
        await using var log = new AccessLog(database, new Keys(42), TimeProvider.System);
        await log.Append(new("Practitioner/1", new("read", "Observation", "1"), null, [], 200) { Patients = [7] }, AccessOrigin.Unknown, Stop);
        Assert.Single(await log.Read(new(Compartment: 7), Stop));
        var tokens = new AccessTokens(database, TimeProvider.System);
        var (token, _) = await tokens.Issue("client/a", Scope.Read, "a", TimeSpan.FromDays(1), Stop);
        Assert.True(await tokens.Revoke(token.Id, null, Stop));
        foreach (var sql in (string[])["DELETE FROM access_event", "UPDATE access_event SET agent = 'nobody'", "TRUNCATE access_event", "DROP TABLE access_event", "ALTER TABLE access_event DISABLE TRIGGER ALL", "CREATE TABLE other (a BIGINT)", "DELETE FROM migration"])
            await Assert.ThrowsAsync<StorageException>(() => database.Write(session => session.Execute(sql), Stop));
        Assert.Single(await log.After(long.MinValue, 10, Stop));
    }

    [GeneratedRegex("Username=[^;]*")]
    private static partial Regex User();
}
