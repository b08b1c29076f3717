using System.Text;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Consent;
using Tervik.Trust.Decision;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Tests.Relations;

/// <summary>A record and the room's tables, on either engine, with a clock that is set by hand.</summary>
sealed class House : IAsyncDisposable
{
    readonly TestDatabase recordPlace, trustPlace;
    readonly Database records, trust;

    House(TestDatabase recordPlace, TestDatabase trustPlace, Database records, Database trust, RecordStore store)
    {
        (this.recordPlace, this.trustPlace, this.records, this.trust, Store) = (recordPlace, trustPlace, records, trust, store);
        var search = new SearchEngine(store);
        Sharing = new(trust, store, Clock);
        Register = new(store, Clock);
        Care = new(store, Register, Clock);
        Exceptional = new(trust, store, Clock);
        Professionals = new(trust, store, Care, Clock);
        Family = new(store, search, Sharing, Clock);
        Cases = new(store, search, Clock);
    }

    public RecordStore Store { get; }
    public Database Trust => trust;
    public SetClock Clock { get; } = new();
    public Sharing Sharing { get; }
    public StaffRegister Register { get; }
    public CareRelations Care { get; }
    public ExceptionalAccesses Exceptional { get; }
    public ProfessionalAccess Professionals { get; }
    public FamilyRelations Family { get; }
    public AccessCases Cases { get; }

    public sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
        public override DateTimeOffset GetUtcNow() => Now;
    }

    public static async Task<House> Open(Engine engine)
    {
        var (recordPlace, trustPlace) = (TestDatabase.Create(engine), TestDatabase.Create(engine));
        var records = await recordPlace.Open(RecordStore.RecordMigrations);
        return new(recordPlace, trustPlace, records, await trustPlace.Open(TrustRoom.Migrations), await RecordStore.Open(records, TestContext.Current.CancellationToken));
    }

    /// <param name="type">Resource type.</param>
    /// <param name="id">Logical id.</param>
    /// <param name="members">JSON members, in which ' stands for a quotation mark.</param>
    public async Task Put(string type, string id, string members)
    {
        using var json = FhirJson.Parse(Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type}}","id":"{{id}}",{{members.Replace('\'', '"')}}}"""));
        await Store.Commit([new() { Method = "PUT", Type = type, Id = id, Draft = Draft.Of(json.RootElement, id, Store.Indexer) }], [], TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await records.DisposeAsync();
        await trust.DisposeAsync();
        recordPlace.Dispose();
        trustPlace.Dispose();
    }
}

public sealed class RelationTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    const string Number = "'identifier':[{'system':'urn:oid:1.2.208.176.1.2','value':'0101901234'}]";

    static string Related(string code, string number = Number, string rest = "") =>
        $$"""'patient':{'reference':'Patient/child'},{{number}},'relationship':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'{{code}}'}]}]{{rest}}""";

    static async Task<House> GivenFamily(Engine engine)
    {
        var house = await House.Open(engine);
        await house.Put("Organization", "dk", "'address':[{'country':'DK'}]");
        await house.Put("Patient", "parent", $"'birthDate':'1990-01-01',{Number}");
        await house.Put("Patient", "child", "'birthDate':'2016-07-19','managingOrganization':{'reference':'Organization/dk'}");
        return house;
    }

    static async Task<string[]> Of(House house, string patient) => [.. (await house.Family.Of($"Patient/{patient}", Stop)).Select(member => $"{member.Patient} {member.Kind}")];

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_parent_of_the_record_reads_a_young_child_until_the_relation_ends(Engine engine)
    {
        await using var house = await GivenFamily(engine);
        Assert.Empty(await Of(house, "parent"));
        await house.Put("RelatedPerson", "r", Related("MTH"));
        Assert.Equal(["Patient/child Guardian"], await Of(house, "parent"));
        await house.Put("RelatedPerson", "r", Related("MTH", rest: ""","active":false"""));
        Assert.Empty(await Of(house, "parent"));
        await house.Put("RelatedPerson", "r", Related("GUARD", rest: ""","period":{"end":"2026-11-25"}"""));
        Assert.Equal(["Patient/child Guardian"], await Of(house, "parent")); // the last day is a whole one
        house.Clock.Now = new(2026, 11, 26, 0, 0, 1, TimeSpan.Zero);
        Assert.Empty(await Of(house, "parent"));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Nobody_else_reads_a_child(Engine engine)
    {
        await using var house = await GivenFamily(engine);
        await house.Put("RelatedPerson", "neighbour", Related("NBOR"));
        await house.Put("RelatedPerson", "other-system", Related("MTH", "'identifier':[{'system':'urn:other','value':'0101901234'}]"));
        await house.Put("RelatedPerson", "other-number", Related("MTH", "'identifier':[{'system':'urn:oid:1.2.208.176.1.2','value':'0101901235'}]"));
        Assert.Empty(await Of(house, "parent"));
        // A number of one hospital is no number of a person, even when it is the same on both.
        const string Local = "'identifier':[{'system':'urn:hospital:7','value':'55'}]";
        await house.Put("Patient", "stranger", $"'birthDate':'1990-01-01',{Local}");
        await house.Put("RelatedPerson", "local", Related("MTH", Local));
        Assert.Empty(await Of(house, "stranger"));
    }

    [Theory, InlineData("DK", "2011-11-26", true), InlineData("DK", "2011-11-25", false), InlineData("EE", "2008-11-26", true), InlineData("EE", "2008-11-25", false),
        InlineData("KR", "2012-11-26", true), InlineData("KR", "2012-11-25", false), InlineData("FR", "2011-11-26", true), InlineData("FR", "2011-11-25", false)]
    public async Task A_child_decides_alone_from_the_age_of_its_country(string country, string born, bool isYoung)
    {
        await using var house = await GivenFamily(Engine.Sqlite);
        await house.Put("RelatedPerson", "r", Related("FTH"));
        await house.Put("Organization", "dk", $$"""'address':[{'country':'{{country}}'}]""");
        await house.Put("Patient", "child", $$"""'birthDate':'{{born}}','managingOrganization':{'reference':'Organization/dk'}""");
        Assert.Equal(isYoung ? 1 : 0, (await Of(house, "parent")).Length);
        if (!isYoung) return;
        house.Clock.Now = house.Clock.Now.AddDays(1); // the birthday, with no new fact in the record
        Assert.Empty(await Of(house, "parent"));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_adult_who_was_let_in_reads_until_the_end_or_the_revocation(Engine engine)
    {
        await using var house = await GivenFamily(engine);
        long Us(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        await house.Sharing.Make("1", SharingKind.LetIn, "Patient/parent", "Patient/friend", Us(house.Clock.Now.AddDays(1)), Stop);
        await house.Sharing.Make("1", SharingKind.LetIn, "Patient/parent", "Patient/friend", Us(house.Clock.Now.AddDays(9)), Stop); // sent twice
        Assert.Equal(["Patient/parent LetIn"], await Of(house, "friend"));
        Assert.Empty(await Of(house, "parent"));
        house.Clock.Now = house.Clock.Now.AddDays(1);
        Assert.Empty(await Of(house, "friend"));
        await house.Sharing.Make("2", SharingKind.LetIn, "Patient/parent", "Patient/friend", Us(house.Clock.Now.AddDays(1)), Stop);
        Assert.Equal(["Patient/parent LetIn"], await Of(house, "friend"));
        Assert.False(await house.Sharing.End("2", "Patient/friend", Stop)); // only whose it is
        Assert.True(await house.Sharing.End("2", "Patient/parent", Stop));
        Assert.Empty(await Of(house, "friend"));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_closed_record_is_no_relation_for_the_person_and_for_everyone_of_the_institution(Engine engine)
    {
        await using var house = await House.Open(engine);
        await house.Put("Patient", "a", "'active':true");
        await house.Put("Patient", "b", "'active':true");
        await house.Put("Organization", "hospital", "'name':'H'");
        await house.Put("Organization", "ward", "'name':'W','partOf':{'reference':'Organization/hospital'}");
        foreach (var doctor in (string[])["x", "y"])
        {
            await house.Put("Practitioner", doctor, "'active':true");
            foreach (var patient in (string[])["a", "b"])
                await house.Put("Encounter", $"{doctor}-{patient}", $$"""'status':'finished','class':{'code':'AMB'},'subject':{'reference':'Patient/{{patient}}'},'participant':[{'individual':{'reference':'Practitioner/{{doctor}}'} }]""");
        }
        await house.Put("PractitionerRole", "y-ward", "'practitioner':{'reference':'Practitioner/y'},'organization':{'reference':'Organization/ward'}");
        var (a, b) = (house.Store.Keys.Reference("Patient/a"), house.Store.Keys.Reference("Patient/b"));
        async Task<long[]> Of(string doctor) => (await house.Professionals.Of($"Practitioner/{doctor}", Stop)).Seeing.Compartments;
        long[] both = [.. new[] { a, b }.Order()];
        Assert.Equal(both, await Of("x"));
        Assert.Same(await Of("x"), await Of("x"));

        await house.Sharing.Make("1", SharingKind.KeepOut, "Patient/a", "Practitioner/x", 0, Stop);
        Assert.Equal([b], await Of("x"));
        Assert.Same(await Of("x"), await Of("x"));
        Assert.Equal(both, await Of("y"));
        await house.Sharing.Make("2", SharingKind.KeepOut, "Patient/a", "Organization/hospital", 0, Stop);
        Assert.Equal([b], await Of("y"));
        Assert.Contains("Organization/hospital", (await house.Register.Of("Practitioner/y", Stop)).Units);
        Assert.DoesNotContain("Organization/hospital", (await house.Register.Of("Practitioner/x", Stop)).Units);
        await house.Put("PractitionerRole", "y-ward", "'practitioner':{'reference':'Practitioner/x'},'organization':{'reference':'Organization/ward'}");
        Assert.Equal(both, await Of("y")); // no longer of the institution
        await house.Sharing.End("1", "Patient/a", Stop);
        Assert.Equal([b], await Of("x")); // now x is
        await house.Sharing.End("2", "Patient/a", Stop);
        Assert.Equal(both, await Of("x"));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task The_facts_of_a_patient_name_professionals_also_by_their_roles(Engine engine)
    {
        await using var house = await House.Open(engine);
        await house.Put("Patient", "a", "'active':true");
        await house.Put("Practitioner", "x", "'active':true");
        await house.Put("PractitionerRole", "x-role", "'practitioner':{'reference':'Practitioner/x'}");
        await house.Put("Encounter", "e", "'status':'finished','class':{'code':'AMB'},'subject':{'reference':'Patient/a'},'participant':[{'individual':{'reference':'PractitionerRole/x-role'}}]");
        await house.Put("Appointment", "p", "'status':'booked','participant':[{'actor':{'reference':'Patient/a'},'status':'accepted'},{'actor':{'reference':'Practitioner/x'},'status':'accepted'}]");
        await house.Put("Encounter", "not", "'status':'cancelled','class':{'code':'AMB'},'subject':{'reference':'Patient/a'},'participant':[{'individual':{'reference':'Practitioner/x'}}]");
        Assert.Equal(["Practitioner/x Appointment/p", "Practitioner/x Encounter/e"], (await house.Care.OfPatient("Patient/a", Stop)).Select(fact => $"{fact.Practitioner} {fact.Type}/{fact.Id}").Order(StringComparer.Ordinal));
        Assert.Empty(await house.Care.OfPatient("Patient/b", Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_case_about_an_access_lies_in_no_compartment_so_that_whom_it_is_about_does_not_see_it(Engine engine)
    {
        await using var house = await House.Open(engine);
        await house.Put("Patient", "a", "'active':true");
        for (var twice = 0; twice < 2; twice++)
            await house.Cases.Open("case", "Patient/a", "Patient/a", "Practitioner/x", "2026-11-24", "Who is this?", "Organization/h", Stop);
        var professional = new AccessFilter { Compartments = [house.Store.Keys.Reference("Patient/a")] };
        Assert.Null(await house.Store.Read("Task", "case", professional, Stop));
        var stored = await house.Store.Read("Task", "case", AccessFilter.Everything, Stop);
        Assert.Equal(1, stored!.Version);
        var one = Assert.Single(await house.Cases.Of("Patient/a", Stop));
        Assert.Equal(("Practitioner/x", "2026-11-24", "Who is this?", "requested"), (one.Agent, one.Day, one.Text, one.Status));
        // The institution's system answers.
        await house.Put("Task", "case", Encoding.UTF8.GetString(stored.Body).Split(",\"status\":\"requested\",", 2)[1].TrimEnd()[..^1] + ""","status":"completed","statusReason":{"text":"She covered for your doctor."}""");
        Assert.Equal(("completed", "She covered for your doctor."), (await house.Cases.Of("Patient/a", Stop)) is [var answered] ? (answered.Status, answered.Answer) : default);
        Assert.Empty(await house.Cases.Of("Patient/b", Stop));
    }
}
