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
        """{"resourceType":"Patient","id":"carl","name":[{"text":"Carl the Third, of Ghent"}],"deceasedDateTime":"2020-05-01T10:00:00Z","link":[{"other":{"reference":"Patient/anna"},"type":"seealso"}]}""",
        """
        {"resourceType":"Observation","id":"o1","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body height"}],"text":"Height of body"},
         "subject":{"reference":"Patient/anna"},"effectiveDateTime":"2024-03-05T08:30:00Z","valueQuantity":{"value":1.72,"unit":"m","system":"http://unitsofmeasure.org","code":"m"},"performer":[{"reference":"Practitioner/doc"}]}
        """,
        """
        {"resourceType":"Observation","id":"o2","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body weight"}]},"subject":{"reference":"Patient/anna"},"effectivePeriod":{"start":"2024-03","end":"2024-04-02"},
         "valueQuantity":{"value":70.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}
        """,
        """
        {"resourceType":"Observation","id":"o3","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/bert"},"effectiveDateTime":"2023",
         "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
                      {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """,
        """{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/bert"},"performer":[{"reference":"Patient/anna"}],"valueString":"Rather, good|fine"}""",
        """{"resourceType":"Observation","id":"o5","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]},"valueQuantity":{"value":165,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm","comparator":">"},"subject":{"identifier":{"system":"urn:mrn","value":"77"}}}""",
        """{"resourceType":"Encounter","id":"e1","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/anna"},"period":{"start":"2024-03-05T08:00:00Z","end":"2024-03-05T09:00:00Z"},"serviceProvider":{"reference":"Organization/north"}}""",
        """{"resourceType":"Encounter","id":"e2","status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/bert"},"period":{"start":"2024-05-01"},"partOf":{"reference":"Encounter/e1"}}""",
        """{"resourceType":"List","id":"l1","status":"current","mode":"working","entry":[{"item":{"reference":"Observation/o1"}},{"item":{"reference":"Observation/o4"}}]}""",
        """{"resourceType":"ValueSet","id":"v1","url":"http://example.org/vs/sizes/adult","status":"active","name":"Sizes","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"8302-2"},{"code":"29463-7"}]}]}}""",
        """{"resourceType":"MolecularSequence","id":"m1","coordinateSystem":0,"referenceSeq":{"chromosome":{"coding":[{"code":"7"}]},"windowStart":100,"windowEnd":200},"variant":[{"start":120,"end":121}]}""",
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
            catch (Exception fault) when (fault is FaultException or StorageException or NotImplementedException) { found = fault.Message; }
            var wanted = search.Contains("_sort", StringComparison.Ordinal) ? expected : string.Join(' ', expected.Split(' ').Order(StringComparer.Ordinal));
            var given = search.Contains("_sort", StringComparison.Ordinal) ? found : string.Join(' ', found.Split(' ').Order(StringComparer.Ordinal));
            if (wanted != given) wrong.Add($"{search}: [{expected}] expected, [{found}] found");
        }
        Assert.Equal("", string.Join('\n', wrong));
    }
}
