using System.Globalization;
using System.Text.Json;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Sample;

/// <summary>Two dozen invented people with a few years of care, so that a new node has something to show. Deterministic: the same on every node and day of install.</summary>
static class SampleNation
{
    public const string PatientName = "Mari Tamm";
    public const string ProfessionalName = "Dr. Søren Holm";

    const int Seed = 20260101;
    static readonly DateTime Today = new(2026, 11, 1);

    static readonly (string Given, string Family, string Gender, string Born, string City, string Country)[] People =
    [
        ("Mari", "Tamm", "female", "1957-03-14", "Tartu", "EE"), ("Jaan", "Kask", "male", "1949-09-02", "Tallinn", "EE"), ("Liis", "Saar", "female", "1988-01-23", "Pärnu", "EE"),
        ("Kristjan", "Mägi", "male", "1976-05-30", "Tartu", "EE"), ("Eha", "Põder", "female", "1941-12-11", "Narva", "EE"), ("Oskar", "Rebane", "male", "2016-07-19", "Tartu", "EE"),
        ("Anne", "Lindqvist", "female", "1962-02-08", "København", "DK"), ("Mads", "Østergaard", "male", "1990-10-27", "Aarhus", "DK"), ("Freja", "Nygaard", "female", "2001-06-15", "Odense", "DK"),
        ("Niels", "Bæk", "male", "1953-04-04", "Aalborg", "DK"), ("Ingrid", "Skov", "female", "1945-08-21", "København", "DK"), ("Karl", "Dahl", "male", "1969-11-12", "Esbjerg", "DK"),
        ("Signe", "Krogh", "female", "1982-03-03", "Roskilde", "DK"), ("Emil", "Toft", "male", "2012-09-09", "København", "DK"), ("서연", "김", "female", "1979-07-07", "서울", "KR"),
        ("민준", "이", "male", "1985-12-24", "서울", "KR"), ("지우", "박", "female", "1996-05-05", "부산", "KR"), ("영호", "최", "male", "1951-01-17", "인천", "KR"),
        ("순자", "정", "female", "1943-10-10", "서울", "KR"), ("하준", "강", "male", "2019-02-28", "대구", "KR"), ("Helmi", "Oja", "female", "1938-06-24", "Võru", "EE"),
        ("Tõnu", "Lepik", "male", "1965-08-08", "Rakvere", "EE"), ("Bodil", "Friis", "female", "1973-09-29", "Vejle", "DK"), ("Rasmus", "Holst", "male", "1994-04-18", "Kolding", "DK"),
    ];

    static readonly (string Id, string Given, string Family, string Prefix, string Qualification)[] Professionals =
    [
        ("holm", "Søren", "Holm", "Dr.", "Specialist in general medicine"), ("kuusk", "Kadri", "Kuusk", "Dr.", "Endocrinologist"),
        ("yoon", "지현", "윤", "Dr.", "Cardiologist"), ("lund", "Maja", "Lund", "", "Nurse"),
    ];

    /// <summary>LOINC code, name, unit, usual value, spread, normal range.</summary>
    static readonly (string Code, string Name, string Unit, double Usual, double Spread, double Low, double High, int Digits)[] Tests =
    [
        ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 5.9, 0.9, 4.0, 6.0, 1), ("2093-3", "Cholesterol in Serum or Plasma", "mmol/L", 5.1, 0.9, 3.0, 5.0, 1),
        ("2160-0", "Creatinine in Serum or Plasma", "umol/L", 82, 16, 45, 105, 0), ("718-7", "Hemoglobin in Blood", "g/L", 138, 12, 117, 170, 0),
        ("3016-3", "Thyrotropin in Serum or Plasma", "m[IU]/L", 2.1, 1.1, 0.3, 4.2, 2), ("2823-3", "Potassium in Serum or Plasma", "mmol/L", 4.2, 0.3, 3.5, 4.6, 1),
    ];

    static readonly (string Code, string Name, string MedicationCode, string Medication, string Dose)[] Conditions =
    [
        ("44054006", "Diabetes mellitus type 2", "A10BA02", "Metformin 500 mg", "1 tablet morning and evening"), ("38341003", "Hypertension", "C09AA05", "Ramipril 5 mg", "1 tablet in the morning"),
        ("195967001", "Asthma", "R03AC02", "Salbutamol inhaler 100 micrograms", "2 puffs when needed"), ("13644009", "Hypercholesterolemia", "C10AA05", "Atorvastatin 20 mg", "1 tablet in the evening"),
        ("40930008", "Hypothyroidism", "H03AA01", "Levothyroxine 75 micrograms", "1 tablet before breakfast"),
    ];

    static readonly (string Code, string Name)[] Vaccines = [("J07BB02", "Influenza vaccine"), ("J07BN01", "COVID-19 vaccine"), ("J07AM51", "Tetanus and diphtheria vaccine")];
    static readonly (string Code, string Name)[] Allergies = [("91936005", "Allergy to penicillin"), ("91935009", "Allergy to peanut"), ("418689008", "Allergy to grass pollen")];

    /// <summary>Writes the sample into the record.</summary>
    public static async Task Load(Installation installation, CancellationToken stop)
    {
        var resources = Create().ToList();
        var written = 0;
        foreach (var part in resources.Chunk(500))
        {
            var writes = part.Select(resource =>
            {
                using var json = FhirJson.Parse(JsonSerializer.SerializeToUtf8Bytes(resource));
                var id = json.RootElement.GetProperty("id").GetString()!;
                var draft = Draft.Of(json.RootElement, id, installation.Store.Indexer);
                return new Write { Method = "PUT", Type = draft.Type, Id = id, Draft = draft };
            }).ToList();
            await installation.Store.Commit(writes, [], stop);
            written += writes.Count;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Loading sample data: {written} of {resources.Count} resources"));
        }
    }

    /// <summary>All resources, those that others refer to first.</summary>
    public static IEnumerable<object> Create()
    {
        var random = new Random(Seed);
        foreach (var (id, name) in ((string, string)[])[("tartu", "Tartu Sample Hospital"), ("copenhagen", "Copenhagen Sample Hospital"), ("seoul", "Seoul Sample Hospital")])
            yield return new { resourceType = "Organization", id, active = true, name };
        foreach (var (id, given, family, prefix, qualification) in Professionals)
            yield return new
            {
                resourceType = "Practitioner", id, active = true,
                name = new[] { new { family, given = new[] { given }, prefix = prefix.Length > 0 ? new[] { prefix } : ["Nurse"] } },
                qualification = new[] { new { code = new { text = qualification } } },
            };
        for (var i = 0; i < People.Length; i++)
            foreach (var resource in Life(i, random)) yield return resource;
    }

    static IEnumerable<object> Life(int number, Random random)
    {
        var (given, family, gender, born, city, country) = People[number];
        var id = string.Create(CultureInfo.InvariantCulture, $"p{number + 1:00}");
        var organization = country switch { "EE" => "tartu", "DK" => "copenhagen", _ => "seoul" };
        var subject = new { reference = $"Patient/{id}", display = $"{given} {family}" };
        var birth = DateTime.Parse(born, CultureInfo.InvariantCulture);
        var age = Today.Year - birth.Year;
        yield return new
        {
            resourceType = "Patient", id, active = true,
            identifier = new[] { new { system = "urn:tervik:sample:national-id", value = string.Create(CultureInfo.InvariantCulture, $"{birth:yyMMdd}-{number:0000}") } },
            name = new[] { new { use = "official", family, given = new[] { given } } }, gender, birthDate = born,
            address = new[] { new { city, country } }, managingOrganization = new { reference = $"Organization/{organization}" },
        };
        if (random.Next(3) == 0)
        {
            var (code, name) = Allergies[random.Next(Allergies.Length)];
            yield return new
            {
                resourceType = "AllergyIntolerance", id = $"{id}-allergy", patient = subject, criticality = "high", recordedDate = Day(birth.AddYears(Math.Min(age - 1, 8))),
                clinicalStatus = Concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active", "Active"),
                verificationStatus = Concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "confirmed", "Confirmed"), code = Concept("http://snomed.info/sct", code, name),
            };
        }
        var conditions = Math.Clamp(age / 25, 0, 3);
        foreach (var at in Enumerable.Range(0, Conditions.Length).OrderBy(_ => random.Next()).Take(conditions))
        {
            var (code, name, medicationCode, medication, dose) = Conditions[at];
            var since = Today.AddDays(-random.Next(400, 4000));
            yield return new
            {
                resourceType = "Condition", id = $"{id}-condition-{at}", subject, recordedDate = Day(since), onsetDateTime = Day(since.AddDays(-20)),
                clinicalStatus = Concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
                verificationStatus = Concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"),
                category = new[] { Concept("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item", "Problem List Item") },
                code = Concept("http://snomed.info/sct", code, name),
            };
            yield return new
            {
                resourceType = "MedicationRequest", id = $"{id}-medication-{at}", status = "active", intent = "order", subject, authoredOn = Day(since.AddDays(3)),
                medicationCodeableConcept = Concept("http://www.whocc.no/atc", medicationCode, medication), dosageInstruction = new[] { new { text = dose } }, requester = Doctor(number),
            };
        }
        for (var visit = 0; visit < 6; visit++)
            foreach (var resource in Visit(id, visit, number, subject, organization, age, random)) yield return resource;
        for (var year = 0; year < 3; year++)
        {
            var (code, name) = Vaccines[year % Vaccines.Length];
            yield return new
            {
                resourceType = "Immunization", id = $"{id}-vaccination-{year}", status = "completed", patient = subject, occurrenceDateTime = Day(Today.AddYears(-year).AddDays(-random.Next(10, 60))),
                vaccineCode = Concept("http://www.whocc.no/atc", code, name),
            };
        }
        var start = Today.AddDays(14 + random.Next(40)).AddHours(8 + random.Next(8));
        yield return new
        {
            resourceType = "Appointment", id = $"{id}-appointment", status = "booked", description = "Follow-up", start = Instant(start), end = Instant(start.AddMinutes(30)),
            participant = new[] { new { actor = (object)subject, status = "accepted" }, new { actor = Doctor(number), status = "accepted" } },
        };
    }

    static IEnumerable<object> Visit(string id, int visit, int number, object subject, string organization, int age, Random random)
    {
        var at = Today.AddDays(-visit * 170 - random.Next(5, 60)).AddHours(8 + random.Next(8)).AddMinutes(random.Next(4) * 15);
        var encounter = $"{id}-visit-{visit}";
        yield return new
        {
            resourceType = "Encounter", id = encounter, status = "finished", subject, serviceProvider = new { reference = $"Organization/{organization}" },
            @class = new { system = "http://terminology.hl7.org/CodeSystem/v3-ActCode", code = "AMB", display = "ambulatory" },
            type = new[] { new { text = visit == 0 ? "Consultation" : "Control visit" } }, period = new { start = Instant(at), end = Instant(at.AddMinutes(25)) },
            participant = new[] { new { individual = Doctor(number) } },
        };
        var reference = new { reference = $"Encounter/{encounter}" };
        foreach (var (code, name, unit, usual, spread, low, high, digits) in Tests)
        {
            if (random.Next(3) == 0) continue;
            var value = Math.Round(usual + spread * (random.NextDouble() + random.NextDouble() - 1) + spread * age / 200, digits);
            yield return new
            {
                resourceType = "Observation", id = $"{id}-{code}-{visit}", status = "final", subject, encounter = reference, effectiveDateTime = Instant(at.AddMinutes(10)),
                category = new[] { Concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory") }, code = Concept("http://loinc.org", code, name),
                valueQuantity = Amount((decimal)value, unit), referenceRange = new[] { new { low = Amount((decimal)low, unit), high = Amount((decimal)high, unit) } },
                interpretation = new[] { value > high ? Interpretation("H", "High") : value < low ? Interpretation("L", "Low") : Interpretation("N", "Normal") },
            };
        }
        if (age < 15) yield break;
        var systolic = 112 + age / 3 + random.Next(-8, 14);
        yield return new
        {
            resourceType = "Observation", id = $"{id}-bp-{visit}", status = "final", subject, encounter = reference, effectiveDateTime = Instant(at.AddMinutes(5)),
            category = new[] { Concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "Vital Signs") },
            code = Concept("http://loinc.org", "85354-9", "Blood pressure panel with all children optional"),
            component = new[]
            {
                new { code = Concept("http://loinc.org", "8480-6", "Systolic blood pressure"), valueQuantity = Amount(systolic, "mm[Hg]") },
                new { code = Concept("http://loinc.org", "8462-4", "Diastolic blood pressure"), valueQuantity = Amount(systolic - 48, "mm[Hg]") },
            },
        };
        yield return new
        {
            resourceType = "Observation", id = $"{id}-weight-{visit}", status = "final", subject, encounter = reference, effectiveDateTime = Instant(at.AddMinutes(6)),
            category = new[] { Concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "Vital Signs") },
            code = Concept("http://loinc.org", "29463-7", "Body weight"), valueQuantity = Amount(Math.Round(64 + number % 5 * 6 + (decimal)random.NextDouble() * 3, 1), "kg"),
        };
    }

    static object Doctor(int number)
    {
        var (id, given, family, _, _) = Professionals[number % 3 == 0 ? 0 : number % Professionals.Length];
        return new { reference = $"Practitioner/{id}", display = $"{given} {family}" };
    }

    static object Concept(string system, string code, string display) => new { coding = new[] { new { system, code, display } }, text = display };
    static object Interpretation(string code, string display) => Concept("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", code, display);
    static object Amount(decimal value, string code) => new { value, unit = code, system = "http://unitsofmeasure.org", code };
    static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    static string Instant(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
