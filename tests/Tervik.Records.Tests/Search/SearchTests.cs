using Tervik.Storage;

namespace Tervik.Records.Tests.Search;

/// <summary>Every feature of searches by example, on both engines.</summary>
public sealed class SearchTests
{
    static readonly string[] Sample =
    [
        """{"resourceType":"Organization","id":"north","name":"North Clinic","partOf":{"reference":"Organization/health"}}""",
        """{"resourceType":"Organization","id":"health","name":"Health Region"}""",
        """{"resourceType":"Practitioner","id":"doc","name":[{"family":"Sõber","given":["Mari"]}]}""",
        """
        {"resourceType":"Patient","id":"anna","meta":{"tag":[{"system":"urn:tag","code":"pilot"}],"profile":["http://example.org/profile/a|1.0"],"source":"http://example.org/lab/7"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Likes <b>blue</b> bicycles</div>"},
         "identifier":[{"system":"urn:mrn","value":"A|1","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}},{"value":"only-value"}],
         "active":true,"name":[{"family":"Tamm","given":["Anna","Liisa"],"use":"official"},{"family":"Ölund"}],"telecom":[{"system":"email","value":"Anna.Tamm@Example.org"}],"gender":"female","birthDate":"1980-02-29",
         "address":[{"city":"Tartu","country":"EE","postalCode":"50090"}],"managingOrganization":{"reference":"Organization/north"},"generalPractitioner":[{"reference":"Practitioner/doc"}]}
        """,
        """{"resourceType":"Patient","id":"bert","name":[{"family":"Tammsaare","given":["Bert"]}],"gender":"male","birthDate":"1975","deceasedBoolean":false,"managingOrganization":{"reference":"Organization/health"}}""",
        """{"resourceType":"Patient","id":"carl","name":[{"text":"Carl the Third, of Ghent"}],"deceasedDateTime":"2020-05-01T10:00:00Z","link":[{"other":{"reference":"RelatedPerson/rp"},"type":"seealso"}]}""",
        """
        {"resourceType":"Observation","id":"o1","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body height"}],"text":"Height of body"},
         "subject":{"reference":"Patient/anna"},"effectiveDateTime":"2024-03-05T09:30:00\u002B01:00","valueQuantity":{"value":1.72,"unit":"m","system":"http://unitsofmeasure.org","code":"m"},"performer":[{"reference":"Practitioner/doc"}]}
        """,
        """
        {"resourceType":"Observation","id":"o2","status":"amended","category":[{"coding":[{"system":"urn:zoo","code":"dog"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body weight"}]},"subject":{"reference":"Patient/anna"},"effectivePeriod":{"start":"2024-03","end":"2024-04-02"},
         "valueQuantity":{"value":70.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}
        """,
        """
        {"resourceType":"Observation","id":"o3","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/bert"},"effectiveDateTime":"2023",
         "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
                      {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """,
        """{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/bert"},"performer":[{"reference":"Patient/anna"}],"valueString":"Rather, good|fine"}""",
        """{"resourceType":"Observation","id":"o5","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]},"valueQuantity":{"value":165,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm","comparator":">"},"subject":{"identifier":{"system":"urn:mrn","value":"77"}}}""",
        """{"resourceType":"Encounter","id":"e1","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/anna"},"period":{"start":"2024-03-05T08:00:00\u002b00:00","end":"2024-03-05T09:00:00Z"},"serviceProvider":{"reference":"Organization/north"}}""",
        """{"resourceType":"Encounter","id":"e2","status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/bert"},"period":{"start":"2024-05-01"},"partOf":{"reference":"Encounter/e1"}}""",
        """{"resourceType":"List","id":"l1","status":"current","mode":"working","entry":[{"item":{"reference":"Observation/o1"}},{"item":{"reference":"Observation/o4"}}]}""",
        """{"resourceType":"ValueSet","id":"v1","url":"http://example.org/vs/sizes/adult","status":"active","name":"Sizes","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"8302-2"},{"code":"29463-7"}]}]}}""",
        """{"resourceType":"CodeSystem","id":"c1","url":"urn:zoo","status":"active","content":"complete","concept":[{"code":"animal","concept":[{"code":"dog","concept":[{"code":"hound"}]},{"code":"cat"}]},{"code":"plant"}]}""",
        """{"resourceType":"ValueSet","id":"v2","url":"urn:zoo/animals","status":"active","compose":{"include":[{"system":"urn:zoo","filter":[{"property":"concept","op":"descendent-of","value":"animal"}]}],"exclude":[{"system":"urn:zoo","concept":[{"code":"cat"}]}]}}""",
        """{"resourceType":"MolecularSequence","id":"m1","coordinateSystem":0,"referenceSeq":{"chromosome":{"coding":[{"code":"7"}]},"windowStart":100,"windowEnd":200},"variant":[{"start":120,"end":121}]}""",
        """{"resourceType":"RelatedPerson","id":"rp","patient":{"reference":"Patient/bert"},"active":true}""",
        """{"resourceType":"Provenance","id":"p1","target":[{"reference":"Observation/o1"}],"recorded":"2024-03-06T00:00:00Z","agent":[{"who":{"reference":"Practitioner/doc"}}]}""",
    ];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgreSql)]
    public async Task Each_kind_of_criterion_finds_what_it_should(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        foreach (var resource in Sample) await house.Put(resource);
        (string Search, string Found)[] cases =
        [
            ("Patient", "anna bert carl"),
            ("Patient?_id=bert,anna", "anna bert"),
            ("Patient?_id:not=bert", "anna carl"),
            // strings
            ("Patient?family=tamm", "anna bert"),
            ("Patient?family:exact=Tamm", "anna"),
            ("Patient?family:exact=tamm", ""),
            ("Patient?family=olund", "anna"),
            ("Patient?name=li", "anna"),
            ("Patient?name:contains=SAAR", "bert"),
            ("Patient?name=carl the third\\, of", "carl"),
            ("Patient?given=bert,anna", "anna bert"),
            ("Patient?family=tamm&given=bert", "bert"),
            ("Patient?address=tartu", "anna"),
            ("Patient?address-city:exact=Tartu", "anna"),
            ("Patient?family:missing=true", "carl"),
            ("Patient?family:missing=false", "anna bert"),
            // tokens
            ("Patient?gender=female", "anna"),
            ("Patient?gender=http://hl7.org/fhir/administrative-gender|female", "anna"),
            ("Patient?gender=urn:other|female", ""),
            ("Patient?gender:not=female", "bert carl"),
            ("Patient?gender:missing=true", "carl"),
            ("Patient?active=true", "anna"),
            ("Patient?deceased=true", "carl"),
            ("Patient?deceased=false", "anna bert"),
            ("Patient?identifier=A\\|1", "anna"),
            ("Patient?identifier=urn:mrn|A\\|1", "anna"),
            ("Patient?identifier=urn:mrn|", "anna"),
            ("Patient?identifier=|only-value", "anna"),
            ("Patient?identifier=|A\\|1", ""),
            ("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A\\|1", "anna"),
            ("Patient?email=anna.tamm@example.org", "anna"),
            ("Patient?telecom=email|ANNA.tamm@example.org", "anna"),
            ("Patient?_tag=urn:tag|pilot", "anna"),
            ("Patient?_source=http://example.org/lab/7", "anna"),
            ("Patient?_source:below=http://example.org", "anna"),
            ("Patient?_source:above=http://example.org/lab/7/sample/3", "anna"),
            ("Observation?code=8302-2", "o1 o5"),
            ("Observation?code=http://loinc.org|8302-2", "o1 o5"),
            ("Observation?code=http://loinc.org|", "o1 o2 o3 o5"),
            ("Observation?code=|8302-2", ""),
            ("Observation?code:text=body", "o1 o2"),
            ("Observation?code:text=mood", "o4"),
            ("Observation?code:not=8302-2", "o2 o3 o4"),
            ("Observation?combo-code=8480-6", "o3"),
            ("Observation?component-code=8480-6,8462-4", "o3"),
            ("Observation?status=amended", "o2"),
            ("Observation?category=vital-signs", "o1"),
            ("ValueSet?url=http://example.org/vs/sizes/adult", "v1"),
            ("ValueSet?url:below=http://example.org/vs", "v1"),
            ("ValueSet?url:below=http://example.org/v", ""),
            // terminology
            ("Observation?code:in=http://example.org/vs/sizes/adult", "o1 o2 o5"),
            ("Observation?code:in=ValueSet/v1", "o1 o2 o5"),
            ("Observation?code:not-in=http://example.org/vs/sizes/adult", "o3 o4"),
            ("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "anna bert"),
            ("Encounter?class:below=http://terminology.hl7.org/CodeSystem/v3-ActCode|_ActEncounterCode", "e1 e2"),
            ("Encounter?class:below=http://terminology.hl7.org/CodeSystem/v3-ActCode|IMP", "e2"),
            ("Encounter?class:above=http://terminology.hl7.org/CodeSystem/v3-ActCode|ACUTE", "e2"),
            ("Observation?category:below=urn:zoo|animal", "o2"),
            ("Observation?category:above=urn:zoo|hound", "o2"),
            ("Observation?category:in=urn:zoo/animals", "o2"),
            // dates
            ("Patient?birthdate=1980-02-29", "anna"),
            ("Patient?birthdate=1980", "anna"),
            ("Patient?birthdate=ne1980", "bert"),
            ("Patient?birthdate=1975-01", ""),
            ("Patient?birthdate=lt1980", "bert"),
            ("Patient?birthdate=ge1975", "anna bert"),
            ("Patient?birthdate=gt1975-06", "anna bert"),
            ("Patient?birthdate=sa1975-06", "anna"),
            ("Patient?birthdate=eb1980", "bert"),
            ("Observation?date=2024-03-05", "o1"),
            ("Observation?date=2024-03", "o1"),
            ("Observation?date=2024", "o1 o2"),
            ("Observation?date=gt2024-04-01", "o2"),
            ("Observation?date=ge2024-04-02", "o2"),
            ("Observation?date=le2023", "o3"),
            ("Observation?date=ge2024-03-05T08:30:00Z&date=lt2024-03-05T08:31", "o1 o2"),
            ("Observation?date=2024-03-05T10:30:00+02:00", "o1"),
            ("Encounter?date=gt2025", "e2"),
            ("Encounter?date=eb2024-04", "e1"),
            // numbers and quantities
            ("Observation?value-quantity=1.72||m", "o1"),
            ("Observation?value-quantity=172|http://unitsofmeasure.org|cm", "o1"),
            ("Observation?value-quantity=gt160|http://unitsofmeasure.org|cm", "o1 o5"),
            ("Observation?value-quantity=lt2|http://unitsofmeasure.org|m", "o1 o5"),
            ("Observation?value-quantity=70500|http://unitsofmeasure.org|g", "o2"),
            ("Observation?value-quantity=70", ""),
            ("Observation?value-quantity=ap70", "o2"),
            ("Observation?value-quantity=70.5", "o2"),
            ("Observation?combo-value-quantity=le80|http://unitsofmeasure.org|mm[Hg]", "o3"),
            ("MolecularSequence?window-start=100", "m1"),
            // references
            ("Observation?subject=Patient/anna", "o1 o2"),
            ("Observation?subject=anna", "o1 o2"),
            ("Observation?subject:Patient=anna", "o1 o2"),
            ("Observation?patient=anna,bert", "o1 o2 o3 o4"),
            ("Observation?patient=Patient/bert/_history/3", "o3 o4"),
            ("Observation?performer=Patient/anna", "o4"),
            ("Observation?subject:identifier=urn:mrn|77", "o5"),
            ("Observation?subject:missing=true", ""),
            ("Observation?patient:missing=true", "o5"),
            ("Observation?patient=anna&code=8302-2", "o1"),
            ("Observation?patient=anna&code=8302-2&status=final&date=ge2024", "o1"),
            ("Observation?performer:missing=true", "o2 o3 o5"),
            // composites
            ("Observation?component-code-value-quantity=8480-6$120", "o3"),
            ("Observation?component-code-value-quantity=8480-6$80", ""),
            ("Observation?component-code-value-quantity=http://loinc.org|8462-4$lt90|http://unitsofmeasure.org|mm[Hg]", "o3"),
            ("Observation?combo-code-value-quantity=8480-6$gt100,8302-2$lt2", "o1 o3"),
            ("Observation?code-value-quantity=8302-2$gt170|http://unitsofmeasure.org|cm", "o1 o5"),
            ("Observation?code-value-string=Mood$rather\\, good", ""),
            ("MolecularSequence?chromosome-variant-coordinate=7$ge120$le121", "m1"),
            ("MolecularSequence?chromosome-variant-coordinate=7$ge121$le121", ""),
            // chains and _has
            ("Observation?subject:Patient.family=tammsaare", "o3 o4"),
            ("Observation?patient.name=anna&code=8302-2", "o1"),
            ("Observation?subject.organization.name=north", "o1 o2"),
            ("Observation?patient.organization.partof.name=health", "o1 o2"),
            ("Observation?patient._id=anna", "o1 o2"),
            ("Patient?_has:Observation:patient:code=8302-2", "anna"),
            ("Patient?_has:Observation:patient:status:not=final", "anna"),
            ("Patient?_has:Observation:subject:performer:Practitioner.name=mari", "anna"),
            ("Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=29463-7", "doc"),
            ("Organization?_has:Patient:organization:gender=male", "health"),
            ("Observation?patient._has:Encounter:patient:status=finished", "o1 o2"),
            // all resources
            ("Observation?_list=l1", "o1 o4"),
            ("Patient?_text=bicycles blue", "anna"),
            ("Patient?_text=red", ""),
            ("Patient?_content=tammsaare", "bert"),
            ("Patient?_lastUpdated=gt2020", "anna bert carl"),
            ("Patient?_lastUpdated=lt2020", ""),
            ("?_type=Patient,Organization&_id=anna,north", "Organization/north Patient/anna"),
            ("?_id=north", "Organization/north"),
            // filters
            ("Patient?_filter=family eq tamm", "anna"),
            ("Patient?_filter=family sw tamm and gender eq male", "bert"),
            ("Patient?_filter=(given eq anna or given eq bert) and not (gender eq \"male\")", "anna"),
            ("Patient?_filter=family ew saare", "bert"),
            ("Patient?_filter=birthdate ge 1976 or deceased eq true", "anna carl"),
            ("Patient?_filter=gender pr false", "carl"),
            ("Patient?_filter=gender ne male", "anna carl"),
            ("Observation?_filter=patient.family co saar", "o3 o4"),
            ("Observation?_filter=code eq http://loinc.org|8302-2 and patient re Patient/anna", "o1"),
            // compartments
            ("Patient/anna/Observation", "o1 o2 o4"),
            ("Patient/anna/Observation?code=8302-2", "o1"),
            ("Patient/anna/*?_type=Encounter,Observation&_sort=_id", "Encounter/e1 Observation/o1 Observation/o2 Observation/o4"),
            ("Practitioner/doc/Observation", "o1"),
            // sorting
            ("Patient?_sort=family", "anna bert carl"),
            ("Patient?_sort=-family", "bert anna carl"),
            ("Patient?_sort=birthdate", "bert anna carl"),
            ("Patient?_sort=-birthdate", "anna bert carl"),
            ("Patient?_sort=-_id", "carl bert anna"),
            ("Patient?_sort=gender", "anna bert carl"),
            ("Patient?_sort=-gender", "bert anna carl"),
            ("Patient?_sort=organization", "bert anna carl"),
            ("Patient?_sort=-_lastUpdated", "carl bert anna"),
            ("Observation?_sort=status,-date", "o2 o1 o3 o4 o5"),
            ("Observation?patient=anna&_sort=-date", "o1 o2"),
            ("Observation?_sort=value-quantity&value-quantity:missing=false", "o1 o2 o5"),
        ];
        var wrong = new List<string>();
        foreach (var (search, expected) in cases)
        {
            string found;
            try { found = await house.Ids(search); }
            catch (Exception fault) when (fault is FaultException or StorageException) { found = fault.Message; }
            var wanted = search.Contains("_sort", StringComparison.Ordinal) ? expected : string.Join(' ', expected.Split(' ').Order(StringComparer.Ordinal));
            var given = search.Contains("_sort", StringComparison.Ordinal) ? found : string.Join(' ', found.Split(' ').Order(StringComparer.Ordinal));
            if (wanted != given) wrong.Add($"{search}: [{expected}] expected, [{found}] found");
        }
        Assert.Equal("", string.Join('\n', wrong));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgreSql)]
    public async Task Includes_follow_references_both_ways_and_from_what_they_brought(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        foreach (var resource in Sample) await house.Put(resource);
        (string Search, string Included)[] cases =
        [
            ("Observation?_id=o1&_include=Observation:subject", "Patient/anna"),
            ("Observation?_id=o1,o4&_include=Observation:performer:Practitioner", "Practitioner/doc"),
            ("Observation?_id=o1&_include=Observation:patient&_include:iterate=Patient:organization", "Organization/north Patient/anna"),
            ("Observation?_id=o1&_include=Observation:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof", "Organization/health Organization/north Patient/anna"),
            ("Observation?_id=o1&_include=*", "Patient/anna Practitioner/doc"),
            ("Observation?_id=o1&_include=Observation:*", "Patient/anna Practitioner/doc"),
            ("Patient?_id=anna&_revinclude=Observation:subject", "Observation/o1 Observation/o2"),
            ("Patient?_id=anna&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target", "Observation/o1 Observation/o2 Provenance/p1"),
            ("Patient?_id=carl&_include=Patient:link", "RelatedPerson/rp"),
            ("Patient?_id=carl,bert&_include=Patient:link&_include:iterate=RelatedPerson:patient", "RelatedPerson/rp"),
            ("Encounter?_id=e2&_include:iterate=Encounter:part-of", "Encounter/e1"),
            ("Organization?_id=health&_revinclude=*", "Organization/north Patient/bert"),
        ];
        foreach (var (search, expected) in cases)
            Assert.Equal((search, expected), (search, string.Join(' ', (await house.Search(search)).Included.Select(one => $"{one.Type}/{one.Id}").Order(StringComparer.Ordinal))));
    }

    [Fact]
    public async Task What_is_not_understood_is_said_and_named()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        await house.Put(Sample[3]);
        (string Search, string Where)[] bad =
        [
            ("Patient?colour=red", "colour"), ("Patient?birthdate=yesterday", "birthdate"), ("Patient?birthdate=2024-13", "birthdate"), ("Patient?birthdate:exact=2020", "birthdate"),
            ("Patient?gender:within=x", "gender"), ("Patient?family=", "family"), ("Observation?value-quantity=abc", "value-quantity"), ("Observation?subject:Medication=1", "subject:Medication"),
            ("Patient?_sort=colour", "_sort"), ("Patient?_count=-1", "_count"), ("Patient?_total=all", "_total"), ("Patient?_include=Patient:name", "_include"), ("Patient?_include=Patient", "_include"),
            ("Patient?name.given=x", "name.given"), ("Patient?_has:Observation:code=1", "_has:Observation:code"), ("Patient?_has:Observation:code:status=1", "_has:Observation:code:status"),
            ("Patient?_filter=name eq", "_filter"), ("Patient?_filter=(name eq x", "_filter"), ("Patient?_filter=name is x", "_filter"), ("Patient?family:missing=maybe", "family:missing"),
            ("Patient?_type=Observation", "_type"), ("?_type=Sofa", "_type"), ("Observation?component-code-value-quantity=8480-6", "component-code-value-quantity"),
            ("Observation?subject=Sofa/1", "subject"), ("Patient?_list=$current-allergies", "_list"),
            ("Observation?code:in=urn:nowhere", "code:in"), ("Observation?code:below=http://snomed.info/sct|1", "code:below"), ("Observation?code:below=1", "code:below"),
        ];
        foreach (var (search, where) in bad) Assert.Equal((search, where), (search, (await house.Fails(search)).Where));
        // Without handling=strict an unknown parameter is left out, but never in silence; a bad value is an error all the same.
        var lenient = await house.Search("Patient?colour=red&gender=female", strict: false);
        Assert.Equal(("colour", "warning", "gender"), (lenient.Warnings[0].Where, lenient.Warnings[0].Severity, lenient.Understood.Single().Key));
        Assert.Single(lenient.Matches);
        Assert.Equal("birthdate", (await house.Fails("Patient?birthdate=yesterday", strict: false)).Where);
    }

    [Fact]
    public async Task Each_limit_has_its_own_fault()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        foreach (var resource in Sample) await house.Put(resource);
        var tight = new Records.Search.SearchEngine(house.Store, new() { MostParameters = 3, MostValues = 4, DeepestChain = 2, MostSortKeys = 1, MostIncluded = 1, LargestPage = 2 });
        async Task<string> Fails(string text) => (await Assert.ThrowsAsync<FaultException>(() => tight.Search(SearchHouse.Request(text), Access.AccessFilter.Everything, TestContext.Current.CancellationToken))).Faults[0] is { Kind: FaultKind.TooCostly } fault ? fault.What : "another fault";
        Assert.Contains("parameters", await Fails("Patient?name=a&name=b&name=c&name=d"), StringComparison.Ordinal);
        Assert.Contains("values", await Fails("Patient?name=a,b,c,d,e"), StringComparison.Ordinal);
        Assert.Contains("chain", await Fails("Observation?patient.organization.partof.partof.name=x"), StringComparison.Ordinal);
        Assert.Contains("_sort", await Fails("Patient?_sort=name,gender"), StringComparison.Ordinal);
        Assert.Contains("includes", await Fails("Patient?_id=anna&_revinclude=Observation:patient"), StringComparison.Ordinal);
        Assert.Equal(2, (await tight.Search(SearchHouse.Request("Observation?_count=500"), Access.AccessFilter.Everything, TestContext.Current.CancellationToken)).Matches.Count);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgreSql)]
    public async Task Pages_show_each_match_once_forwards_and_backwards_while_others_write(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        await house.Put(Enumerable.Range(0, 23).Select(i => $$"""{"resourceType":"Patient","id":"p{{i:00}}","gender":"{{(i % 3 == 0 ? "male" : "female")}}"{{(i % 4 == 0 ? "" : $",\"birthDate\":\"19{50 + i % 7}\"")}}{{(i % 5 == 0 ? "" : $",\"name\":[{{\"family\":\"N{i % 6}\"}}]")}}}"""));
        foreach (var sort in (string[])["", "&_sort=birthdate", "&_sort=-birthdate", "&_sort=-gender,birthdate,-family", "&_sort=family,-_id", "&_sort=-_lastUpdated", "&_sort=_id"])
        {
            var all = (await house.Ids($"Patient?_count=100{sort}")).Split(' ');
            all = [.. all.Where(id => id.StartsWith('p'))];
            var page = await house.Search($"Patient?_count=5&_total=accurate{sort}");
            Assert.Null(page.PreviousCursor);
            var (forwards, pages) = (new List<string>(), new List<string>());
            for (var n = 0; ; n++)
            {
                if (n == 1) await house.Put($$"""{"resourceType":"Patient","id":"new{{sort.GetHashCode(StringComparison.Ordinal):x}}","gender":"female","birthDate":"1955","name":[{"family":"N3"}]}""");
                forwards.AddRange(page.Matches.Select(match => match.Id));
                pages.Add(string.Join(' ', page.Matches.Select(match => match.Id)));
                if (page.NextCursor is null) break;
                page = await house.Next(page.NextCursor);
            }
            Assert.Equal((sort, string.Join(' ', all)), (sort, string.Join(' ', forwards.Where(id => id.StartsWith('p')))));
            for (var n = pages.Count - 2; n >= 0; n--)
            {
                page = await house.Next(page.PreviousCursor!);
                Assert.Equal((sort, n, pages[n]), (sort, n, string.Join(' ', page.Matches.Select(match => match.Id))));
            }
            Assert.Null(page.PreviousCursor);
        }
    }

    [Fact]
    public async Task A_cursor_that_was_changed_or_comes_from_elsewhere_is_refused_and_one_read_in_transit_tells_nothing()
    {
        await using var house = await SearchHouse.Open(Engine.Sqlite);
        await using var other = await SearchHouse.Open(Engine.Sqlite);
        foreach (var resource in Sample.Where(resource => resource.Contains("\"Patient\"", StringComparison.Ordinal))) await house.Put(resource);
        var cursor = (await house.Search("Patient?_sort=family&_count=1")).NextCursor!;
        Assert.Equal(FaultKind.Invalid, (await Assert.ThrowsAsync<FaultException>(() => other.Next(cursor))).Faults[0].Kind);
        var changed = cursor[..20] + (cursor[20] == 'A' ? 'B' : 'A') + cursor[21..];
        Assert.Equal("_cursor", (await Assert.ThrowsAsync<FaultException>(() => house.Next(changed))).Faults[0].Where);
        Assert.Equal("_cursor", (await Assert.ThrowsAsync<FaultException>(() => house.Next("?"))).Faults[0].Where);
        Assert.DoesNotContain("tamm", System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(cursor)), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgreSql)]
    public async Task Nothing_of_a_search_reaches_what_the_caller_may_not_see(Engine engine)
    {
        await using var house = await SearchHouse.Open(engine);
        foreach (var resource in Sample) await house.Put(resource);
        var anna = house.Only("anna");
        (string Search, string Found)[] cases =
        [
            ("Patient", "anna"), ("Patient?_id=bert", ""), ("Patient?family=tamm", "anna"), ("Patient?gender:not=x", "anna"), ("Patient?_filter=not (family eq x)", "anna"),
            ("Patient?_sort=-birthdate", "anna"), ("Patient?_has:Observation:patient:code=85354-9", ""), ("Patient?family:missing=true", ""), ("Patient?_lastUpdated=gt2020", "anna"), ("Patient?_text=blue", "anna"),
            // o4 is bert's and names anna as its performer: it is in both compartments.
            ("Observation", "o1 o2 o4"), ("Observation?patient=bert", "o4"), ("Observation?patient.family=tammsaare", ""), ("Observation?code=8302-2", "o1"), ("Observation?patient=anna&code=8302-2", "o1"),
            ("Observation?component-code-value-quantity=8480-6$120", ""), ("Observation?_sort=date", "o1 o2 o4"), ("Observation?_list=l1", ""), ("Patient/bert/Observation", "o4"),
            // What is open: the organization itself, but not by way of someone hidden.
            ("Organization", "health north"), ("Organization?_has:Patient:organization:gender=male", ""), ("Organization?_has:Patient:organization:gender=female", "north"), ("List", ""), ("Encounter?part-of.status=finished", ""),
        ];
        foreach (var (search, expected) in cases)
        {
            var page = await house.Search(search + (search.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "_total=accurate", anna);
            Assert.Equal((search, expected), (search, string.Join(' ', page.Matches.Select(match => match.Id).Order(StringComparer.Ordinal))));
            Assert.Equal((search, (long)page.Matches.Count), (search, page.Total));
        }
        Assert.Empty((await house.Search("Organization?_id=health&_revinclude=Patient:organization", anna)).Included);
        Assert.Empty((await house.Search("Patient?_id=anna&_revinclude=RelatedPerson:patient", anna)).Included);
        Assert.Empty((await house.Search("Observation?_id=o4&_include=Observation:subject", anna)).Included);
        // A page link is worth nothing to someone else.
        var cursor = (await house.Search("Patient?_count=1")).NextCursor!;
        Assert.Empty((await house.Next(cursor, house.Only("anna"))).Matches);
        Assert.Empty((await house.Search("Patient", Access.AccessFilter.Nothing)).Matches);
        Assert.Equal(0, (await house.Search("Organization?_count=0", Access.AccessFilter.Nothing)).Total);
    }
}
