using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Tests.Search;

/// <summary>Search parameters that are posted as resources.</summary>
public sealed class StoredSearchParameterTests
{
    static string Definition(string expression, string status = "active", string type = "string", string code = "official") =>
        $$"""{"resourceType":"SearchParameter","id":"official","url":"http://example.org/sp/official","name":"Official","status":"{{status}}","description":"x","code":"{{code}}","base":["Patient"],"type":"{{type}}","expression":"{{expression}}"}""";

    static IEnumerable<string> People(int from, int count) => Enumerable.Range(from, count).Select(i =>
        $$"""{"resourceType":"Patient","id":"p{{i:000}}","name":[{"use":"official","family":"Real{{i % 3}}"},{"use":"nickname","family":"Nick{{i % 3}}"}]}""");

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgreSql)]
    public async Task A_posted_parameter_finds_what_was_stored_before_and_after_it_and_leaves_nothing_behind(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        await house.Put(People(0, 450));
        await house.Put(Definition("Patient.name.where(use='official').family"));
        await house.Put(People(450, 10));
        await house.Store.SearchParameters.Idle;
        async Task<long?> Count(string search) => (await house.Search(search + "&_count=0")).Total;
        Assert.Equal(460 / 3 + 1, await Count("Patient?official=real0"));
        Assert.Equal(0, await Count("Patient?official=nick0"));
        Assert.Equal(460, await Count("Patient?official:missing=false"));
        Assert.Empty((await new Verification(house.Store).Run(null, TestContext.Current.CancellationToken)).Findings);

        // Another expression under the same URL.
        await house.Put(Definition("Patient.name.where(use='nickname').family"));
        await house.Store.SearchParameters.Idle;
        Assert.Equal((0, 460 / 3 + 1), (await Count("Patient?official=real0"), await Count("Patient?official=nick0")));
        Assert.Empty((await new Verification(house.Store).Run(null, TestContext.Current.CancellationToken)).Findings);

        await house.Delete("SearchParameter", "official");
        await house.Store.SearchParameters.Idle;
        Assert.Equal("official", (await house.Fails("Patient?official=real0")).Where);
        Assert.Empty((await new Verification(house.Store).Run(null, TestContext.Current.CancellationToken)).Findings);
    }

    [Fact]
    public async Task After_a_restart_the_reindex_goes_on_and_a_finished_one_is_not_repeated()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        await house.Put(People(0, 900));
        await house.Put(Definition("Patient.name.where(use='official').family"));
        await house.Store.SearchParameters.DisposeAsync(); // in the middle
        await using (var again = await RecordStore.Open(house.Store.Database, TestContext.Current.CancellationToken))
        {
            await again.SearchParameters.Idle;
            var page = await new Records.Search.SearchEngine(again).Search(SearchHouse.Request("Patient?official=real&_count=0"), Access.AccessFilter.Everything, TestContext.Current.CancellationToken);
            Assert.Equal(900, page.Total);
        }
        await using var third = await RecordStore.Open(house.Store.Database, TestContext.Current.CancellationToken);
        Assert.True(third.SearchParameters.Idle.IsCompleted);
        Assert.Equal(900, (await new Records.Search.SearchEngine(third).Search(SearchHouse.Request("Patient?official=real&_count=0"), Access.AccessFilter.Everything, TestContext.Current.CancellationToken)).Total);
    }

    [Fact]
    public async Task A_definition_that_cannot_be_indexed_is_refused_with_the_reason()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        foreach (var (definition, where) in ((string, string)[])
        [
            (Definition("Patient.nmae"), "SearchParameter.expression"), (Definition("Patient.name.family", code: "family"), "SearchParameter.code"), (Definition("Patient.id", code: "_id", type: "token"), "SearchParameter.code"),
            (Definition("Patient.name", type: "date"), "SearchParameter.expression"),
        ])
            Assert.Equal((definition, where), (definition, (await Assert.ThrowsAsync<FaultException>(() => house.Put(definition))).Faults[0].Where));
        await house.Put(Definition("Patient.nmae", status: "draft")); // not in use: it may say anything
        Assert.Equal("official", (await house.Fails("Patient?official=x")).Where);
    }
}
