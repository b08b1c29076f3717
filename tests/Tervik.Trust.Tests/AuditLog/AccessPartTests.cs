using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.Tests.AuditLog;

public sealed class AccessPartTests
{
    static readonly Keys Keys = new(42);
    static readonly long A = Keys.Reference("Patient/a"), B = Keys.Reference("Patient/b");
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static AccessEvent Access(params AccessedResource[] resources) => new("Practitioner/1", new("search-type", "Observation"), "code=1", resources, 200);

    static string Parts(AccessEvent access) => string.Join("; ", AccessPart.Of(access).Select(part => $"{(part.Patient == A ? "a" : part.Patient == B ? "b" : part.Patient is null ? "-" : "?")}: {string.Join(' ', part.Resources)}"));

    [Fact]
    public void Each_patient_has_a_part_with_only_what_is_theirs_and_what_is_nobodys_stands_apart() =>
        Assert.Equal("a: Observation/1 Observation/3; b: Observation/2 Observation/3; -: Practitioner/7",
            Parts(Access(new("Observation/1", [A]), new("Observation/2", [B]), new("Observation/3", [A, B]), new("Practitioner/7", []), new("Observation/1", [A]))));

    [Fact]
    public void What_is_nobodys_goes_with_the_only_patient() =>
        Assert.Equal("a: Observation/1 Practitioner/7", Parts(Access(new("Observation/1", [A]), new("Practitioner/7", []))));

    [Fact]
    public void A_patient_is_concerned_of_whom_no_resource_was_given() =>
        Assert.Equal("a: Practitioner/7", Parts(Access(new AccessedResource("Practitioner/7", [])) with { Patients = [A] }));

    [Fact]
    public void An_access_that_concerns_nobody_is_one_part() =>
        Assert.Equal(("-: ", "-: Practitioner/7"), (Parts(Access()), Parts(Access(new AccessedResource("Practitioner/7", [])))));

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_access_to_several_patients_is_one_event_of_each_with_how_many_they_were_and_how_it_came_about(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(TrustRoom.Migrations);
        await using var log = new AccessLog(database, Keys, TimeProvider.System);
        await log.Append(Access(new("Observation/1", [A]), new("Observation/2", [B])), new("request-1", "app", PurposeOfUse.Treatment, "192.0.2.7"), Stop);
        foreach (var (patient, resource) in ((long, string)[])[(A, "Observation/1"), (B, "Observation/2")])
        {
            var access = Assert.Single(await log.Read(new(Compartment: patient), Stop));
            Assert.Equal([resource], access.Resources);
            Assert.Equal([patient], access.Compartments);
            Assert.Equal((2, "request-1", "app", "TREAT", "192.0.2.7"), (access.Concerned!.Value, access.Request, access.Client, access.Purpose, access.Address));
        }
    }
}
