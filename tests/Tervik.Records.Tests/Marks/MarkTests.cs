using System.Text;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Records.Marks;
using Tervik.Records.Resources;
using Tervik.Records.Tests.Search;
using Tervik.Storage;

namespace Tervik.Records.Tests.Marks;

/// <summary>What bears a hidden mark, or refers to something that does, is to every search as if it were not there.</summary>
public sealed class MarkTests
{
    const string Icd = "http://hl7.org/fhir/sid/icd-10";
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Condition(string id, string code, string? encounter = null) => $$"""
        {"resourceType":"Condition","id":"{{id}}","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"{{Icd}}","code":"{{code}}"}]}{{(encounter is null ? "" : $",\"encounter\":{{\"reference\":\"Encounter/{encounter}\"}}")}}}
        """;

    static string Observation(string id, string date, string links = "") => $$"""
        {"resourceType":"Observation","id":"{{id}}","status":"final","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"effectiveDateTime":"{{date}}"{{links}}}
        """;

    static AccessFilter Hiding(SearchHouse house, params string[] what)
    {
        var open = house.Only("p1", "p2");
        return new() { Compartments = open.Compartments, OpenTypes = open.OpenTypes, HiddenMarks = [.. what.Select(one => house.Store.Keys.Mark(house.Store.Keys.Reference("Patient/p1"), one)).Order()] };
    }

    static async Task<string> Seen(SearchHouse house, AccessFilter access) => string.Join(' ', (await house.Ids("?_type=Condition,Observation,Encounter,MedicationRequest,Provenance,Binary&_count=200", access)).Split(' ').Order());

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_sensitive_code_marks_what_refers_to_it_in_whatever_order_it_was_written(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        const string Medication = """{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/p1"},"medicationCodeableConcept":{"text":"x"},"reasonReference":[{"reference":"Condition/c"}]}""";
        const string Visit = """{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"diagnosis":[{"condition":{"reference":"Condition/c"}}]}""";
        // The medication refers to the diagnosis by an element that no search parameter covers, and before the diagnosis exists.
        await house.Put("""{"resourceType":"Patient","id":"p1"}""", Medication, Visit, Observation("o", "2024-01-01", ",\"encounter\":{\"reference\":\"Encounter/e\"}"), Observation("plain", "2024-01-01"));
        var hiding = Hiding(house, "MH");
        Assert.Equal("Encounter/e MedicationRequest/m Observation/o Observation/plain", await Seen(house, hiding));
        await house.Put(Condition("c", "F32.1"));
        Assert.Equal("Observation/plain", await Seen(house, hiding));
        Assert.Equal("Condition/c Encounter/e MedicationRequest/m Observation/o Observation/plain", await Seen(house, Hiding(house)));
        Assert.Equal("Condition/c Encounter/e MedicationRequest/m Observation/o Observation/plain", await Seen(house, Hiding(house, "SUD")));
        // A code that was corrected leaves the older version, which can be read.
        await house.Put(Condition("c", "I10"));
        Assert.Equal("Observation/plain", await Seen(house, hiding));
        Assert.Null(await house.Store.Read("Condition", "c", hiding, Stop));
        Assert.Null(await house.Store.ReadVersion("Condition", "c", 1, hiding, Stop));
        Assert.Empty(await house.Store.History("Condition", "c", 0, long.MaxValue, 10, hiding, Stop));
        Assert.DoesNotContain(await house.Store.History(null, null, 0, long.MaxValue, 100, hiding, Stop), version => version.Id is "c" or "m" or "e" or "o");
        await house.Delete("Condition", "c");
        Assert.Null(await house.Store.Read("Condition", "c", hiding, Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_item_and_a_period_are_hidden_with_what_comes_later(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        await house.Put("""{"resourceType":"Patient","id":"p1"}""", Observation("a", "2023-05-01"), Observation("b", "2024-05-01"), Observation("c", "2024-07-01"));
        await house.Store.Marks.MarkItem("Patient/p1", "Observation/a", Stop);
        await house.Store.Marks.MarkPeriod("Patient/p1", new(2024, 5, 1), new(2024, 6, 1), Stop);
        var (item, period) = (RecordMarks.Item("Observation/a"), RecordMarks.Period(new(2024, 5, 1), new(2024, 6, 1)));
        await house.Put(Observation("d", "2024-06-01T23:59:00Z"), Observation("e", "2024-06-02"), Observation("f", "2024-07-02", ",\"derivedFrom\":[{\"reference\":\"Observation/a\"}]"));
        await house.Put("""{"resourceType":"Provenance","id":"pr","target":[{"reference":"Observation/f"}],"recorded":"2024-07-02T10:00:00Z","agent":[{"who":{"display":"x"}}],"patient":{"reference":"Patient/p1"}}""".Replace(",\"patient\":{\"reference\":\"Patient/p1\"}", "", StringComparison.Ordinal));
        Assert.Equal("Observation/b Observation/c Observation/d Observation/e", await Seen(house, Hiding(house, item)));
        Assert.Equal("Observation/a Observation/c Observation/e Observation/f", await Seen(house, Hiding(house, period)));
        Assert.Equal(["Observation/a", "Observation/f"], (await house.Store.Marks.Marked("Patient/p1", item, Stop)).Where(one => one.StartsWith("Observation", StringComparison.Ordinal)));
        Assert.Equal(["Observation/b", "Observation/d"], await house.Store.Marks.Marked("Patient/p1", period, Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_is_not_the_patients_own_bears_no_mark_of_theirs(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        await house.Put("""{"resourceType":"Patient","id":"p1"}""", """{"resourceType":"Patient","id":"p2"}""", """{"resourceType":"Practitioner","id":"d"}""", Observation("a", "2023-05-01", ",\"performer\":[{\"reference\":\"Practitioner/d\"}]"),
            Observation("o", "2023-05-01").Replace("Patient/p1", "Patient/p2", StringComparison.Ordinal));
        foreach (var item in (string[])["Observation/o", "Practitioner/d", "Patient/p1", "Observation/never", "Observation", "a/b/c"])
        {
            Assert.False(await house.Store.Marks.MarkItem("Patient/p1", item, Stop), item);
            Assert.Empty(await house.Store.Marks.Marked("Patient/p1", RecordMarks.Item(item), Stop));
        }
        Assert.True(await house.Store.Marks.MarkItem("Patient/p1", "Observation/a", Stop));
    }

    [Fact]
    public async Task A_store_that_was_filled_before_there_were_marks_has_them_when_it_is_opened()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        await house.Put("""{"resourceType":"Patient","id":"p1"}""", Condition("c", "F10.2", "e"), Condition("d", "I10"), """{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"reasonReference":[{"reference":"Condition/c"}]}""");
        await house.Store.Database.Write(async session =>
        {
            await session.Execute("DELETE FROM mark");
            await session.Execute("DELETE FROM mark_link");
            return await session.Execute("UPDATE setting SET value = 'older' WHERE name = 'marks'");
        }, Stop);
        Assert.Equal("Condition/c Condition/d Encounter/e", await Seen(house, Hiding(house, "SUD")));
        await using (await RecordStore.Open(house.Store.Database, Stop)) { }
        Assert.Equal("Condition/d", await Seen(house, Hiding(house, "SUD")));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public async Task Every_search_answers_as_in_a_world_without_the_hidden(int seed)
    {
        var dice = new Random(seed);
        await using var whole = await SearchHouse.Open(Engine.Sqlite);
        await using var less = await SearchHouse.Open(Engine.Sqlite);
        var resources = World(dice);
        foreach (var part in resources.Chunk(7)) await whole.Put(part.Select(one => one.Json));
        var hiding = Hiding(whole, "MH", RecordMarks.Item("Observation/o3"));
        await whole.Store.Marks.MarkItem("Patient/p1", "Observation/o3", Stop);
        var hidden = Closure(resources);
        Assert.InRange(hidden.Count, 3, resources.Count - 10);
        await less.Put(resources.Where(one => !hidden.Contains(one.Name)).Select(one => one.Json));
        foreach (var query in Queries(dice))
        {
            var (a, b) = (await Ask(whole, query, hiding), await Ask(less, query, Hiding(less)));
            Assert.True(a == b, $"{query}\nwith hidden: {a}\nwithout:     {b}");
        }
    }

    static async Task<string> Ask(SearchHouse house, string query, AccessFilter access)
    {
        var page = await house.Search($"{query}{(query.EndsWith('?') ? "" : "&")}_total=accurate", access);
        return $"{page.Total}: {string.Join(' ', page.Matches.Select(match => match.Id))} + {string.Join(' ', page.Included.Select(one => one.Id).Order())}{(page.NextCursor is null ? "" : " …")}";
    }

    static List<(string Name, string Json, string[] Links)> World(Random dice)
    {
        var made = new List<(string, string, string[])> { ("Patient/p1", """{"resourceType":"Patient","id":"p1","name":[{"family":"Tamm"}]}""", []) };
        string Code() => dice.Next(5) == 0 ? "F33" : dice.Next(2) == 0 ? "I10" : "E11";
        for (var i = 0; i < 12; i++)
        {
            string[] links = dice.Next(2) == 0 ? [] : [$"Encounter/e{dice.Next(8)}"];
            made.Add(($"Condition/c{i}", Condition($"c{i}", Code(), links.Length == 0 ? null : links[0]["Encounter/".Length..]), links));
        }
        for (var i = 0; i < 8; i++)
        {
            string[] links = dice.Next(4) == 0 ? [$"Condition/c{dice.Next(12)}"] : [];
            made.Add(($"Encounter/e{i}", $$"""{"resourceType":"Encounter","id":"e{{i}}","status":"finished","class":{"code":"AMB"},"period":{"start":"2024-0{{1 + i}}-01"},"subject":{"reference":"Patient/p1"} {{(links.Length == 0 ? "" : $",\"reasonReference\":[{{\"reference\":\"{links[0]}\"}}]")}} }""", links));
        }
        for (var i = 0; i < 30; i++)
        {
            string[] links = dice.Next(3) switch { 0 => [$"Encounter/e{dice.Next(8)}"], 1 when i > 0 => [$"Observation/o{dice.Next(i)}"], _ => [] };
            made.Add(($"Observation/o{i}", Observation($"o{i}", $"2024-{1 + dice.Next(12):00}-0{1 + dice.Next(9)}", links is [var link] ? link.StartsWith('E') ? $",\"encounter\":{{\"reference\":\"{link}\"}}" : $",\"derivedFrom\":[{{\"reference\":\"{link}\"}}]" : ""), links));
        }
        return made;
    }

    static HashSet<string> Closure(List<(string Name, string Json, string[] Links)> world)
    {
        var hidden = world.Where(one => one.Json.Contains("\"F33\"", StringComparison.Ordinal) || one.Name == "Observation/o3").Select(one => one.Name).ToHashSet();
        while (world.Where(one => one.Links.Any(hidden.Contains)).Aggregate(false, (changed, one) => hidden.Add(one.Name) || changed)) { }
        return hidden;
    }

    static IEnumerable<string> Queries(Random dice)
    {
        string[] fixedOnes =
        [
            "Observation?_sort=date&_count=5", "Observation?_sort=-date", "Observation?_sort=_id&_count=3", "Condition?code=F33", "Condition?code:not=I10", "Condition?_has:Encounter:reason-reference:status=finished",
            "Encounter?_has:Condition:encounter:code=F33", "Encounter?_revinclude=Condition:encounter&_revinclude=Observation:encounter", "Observation?encounter.reason-reference.code=F33", "Observation?_include=Observation:encounter&_include:iterate=Encounter:reason-reference",
            "Patient?_has:Condition:patient:code=F33", "Patient?_has:Observation:patient:derived-from=Observation/o3", "Patient?_revinclude=Condition:patient", "Observation?encounter:missing=true", "Observation?derived-from=Observation/o3",
            "Condition?_summary=count", "Observation?_count=0", "?_type=Condition,Encounter&_sort=_lastUpdated", "Patient/p1/Condition?", "Patient/p1/*?_type=Observation", "Condition?_filter=code eq F33 or code eq I10", "Observation?_lastUpdated=gt2020-01-01", "Encounter?date=ge2024-03-01&_sort=-date",
            "Observation?patient=p1&date=ge2024-05", "Observation?patient.name=tamm&_count=2", "Encounter?reason-reference:Condition.code=E11", "Condition?encounter:Encounter.date=lt2024-06", "Observation?_id=o3,o4,o5",
        ];
        foreach (var query in fixedOnes) yield return query;
        for (var i = 0; i < 40; i++) yield return $"Observation?_id={string.Join(',', Enumerable.Range(0, 4).Select(_ => $"o{dice.Next(30)}"))}&date={(dice.Next(2) == 0 ? "ge" : "lt")}2024-{1 + dice.Next(12):00}&_sort={(dice.Next(2) == 0 ? "" : "-")}date&_count={1 + dice.Next(5)}";
    }

    [Fact]
    public async Task A_narrowing_admits_only_types_and_codes_that_were_granted()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        string Categorised(string id, string category) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","subject":{"reference":"Patient/p1"},"category":[{"coding":[{"system":"urn:c","code":"{{category}}"}]}],"code":{"text":"x"} }""" ;
        await house.Put("""{"resourceType":"Patient","id":"p1"}""", Categorised("lab", "laboratory"), Categorised("vital", "vital-signs"), Condition("c", "I10"));
        AccessFilter Narrowed(params (string, string?)[] granted) => new() { SeesAllPatients = true, Narrowing = Narrowing.To(granted.Select(one => (one.Item1, (IReadOnlyList<KeyValuePair<string, string>>)(one.Item2 is null ? [] : [new("category", one.Item2)]))), house.Store.Indexer.Parameters) };
        foreach (var form in (string[])["laboratory", "urn:c|laboratory"])
        {
            var access = Narrowed(("Observation", form), ("Patient", null));
            Assert.Equal("lab", await house.Ids("Observation?", access));
            Assert.Equal("lab", string.Join(' ', (await house.Search("Patient?_revinclude=Observation:subject&_revinclude=Condition:subject", access)).Included.Select(one => one.Id)));
            Assert.Equal("", await house.Ids("Patient?_has:Condition:patient:code=I10", access));
            Assert.Equal("", await house.Ids("Observation?category=vital-signs", access));
            Assert.NotNull(await house.Store.Read("Observation", "lab", access, Stop));
            Assert.Null(await house.Store.Read("Observation", "vital", access, Stop));
            Assert.Null(await house.Store.Read("Condition", "c", access, Stop));
            Assert.Single(await house.Store.History("Observation", null, 0, long.MaxValue, 10, access, Stop));
        }
        Assert.Equal("lab vital", await house.Ids("Observation?_sort=_id", Narrowed(("*", null))));
        Assert.Equal("lab vital", await house.Ids("Observation?_sort=_id", Narrowed(("Observation", "laboratory"), ("Observation", "vital-signs"))));
        Assert.Throws<FaultException>(() => Narrowed(("Observation", "x"), ("Observation", null), ("*", "x")));
    }

    [Theory]
    [InlineData(Icd, "F32.1", "MH"), InlineData(Icd, "F321", "MH"), InlineData(Icd, "F17.2", null), InlineData(Icd, "F10", "SUD"), InlineData(Icd, "B20", "STD"), InlineData(Icd, "Z21", "STD"), InlineData(Icd, "I10", null)]
    [InlineData("http://www.whocc.no/atc", "N06AB04", "MH"), InlineData("http://www.whocc.no/atc", "N07BA01", null), InlineData("http://loinc.org", "44261-6", "MH"), InlineData("urn:other", "F32", null)]
    public void A_coding_has_the_category_of_the_table(string system, string code, string? category) => Assert.Equal(category, SensitiveCodes.CategoryOf(system, code));

    [Fact]
    public void A_body_is_scanned_in_all_its_depths()
    {
        var keys = new Keys(7);
        var scan = BodyScan.Of(Encoding.UTF8.GetBytes("""
            {"resourceType":"DocumentReference","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"contained":[{"resourceType":"Condition","code":{"coding":[{"code":"F20" , "system":"http://hl7.org/fhir/sid/icd-10"}]}}],
             "subject":{"reference":"Patient/1"},"author":[{"reference":"Practitioner/2"}],"context":{"encounter":[{"reference" : "Encounter/3/_history/2"}]},"content":[{"attachment":{"url":"Binary/4"}},{"attachment":{"url":"https://x/y"}}]}
            """), "DocumentReference", keys);
        Assert.Equal(new[] { keys.Reference("Encounter/3"), keys.Reference("Binary/4") }.Order(), scan.Links);
        Assert.Equal([keys.Reference("Binary/4")], scan.Files);
        Assert.Equal(["MH", "R"], scan.Categories.Order());
    }
}
