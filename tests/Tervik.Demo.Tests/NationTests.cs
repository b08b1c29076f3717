using System.Collections.Concurrent;
using System.Text.Json;
using Tervik.Demo.Writing;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Validation;
using Tervik.Storage;

namespace Tervik.Demo.Tests;

public sealed class NationTests
{
    /// <summary>A Saturday: what must be true on weekdays is not true by chance.</summary>
    static readonly DateOnly Today = new(2026, 11, 21);

    [Fact]
    public void Every_resource_is_valid_and_refers_only_to_what_is_there()
    {
        const int Patients = 150;
        var nation = new Nation(seed: 7, Today);
        var (there, wanted, wrong) = (new ConcurrentDictionary<string, bool>(), new ConcurrentDictionary<string, string>(), new ConcurrentQueue<string>());
        Parallel.For(-1, Patients, number =>
        {
            foreach (var resource in number < 0 ? nation.Institutions() : nation.Patient(number))
            {
                using var json = FhirJson.Parse(resource.Json);
                if (!there.TryAdd($"{resource.Type}/{resource.Id}", true)) wrong.Enqueue($"{resource.Type}/{resource.Id} is there twice.");
                foreach (var fault in ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants).Where(fault => fault.Severity is "error" or "fatal"))
                    wrong.Enqueue($"{resource.Type}/{resource.Id} {fault.Where}: {fault.What}");
                foreach (var reference in References(json.RootElement)) wanted.TryAdd(reference, $"{resource.Type}/{resource.Id}");
            }
        });
        foreach (var (reference, from) in wanted)
            if (!there.ContainsKey(reference)) wrong.Enqueue($"{from} refers to {reference}.");
        Assert.Empty(wrong.Take(20));
        Assert.Superset(new HashSet<string>(Types), there.Keys.Select(key => key[..key.IndexOf('/')]).ToHashSet());
    }

    static readonly string[] Types =
    [
        "Patient", "RelatedPerson", "Encounter", "Condition", "Observation", "DiagnosticReport", "MedicationRequest", "AllergyIntolerance", "Immunization", "Procedure", "ServiceRequest", "ImagingStudy",
        "DocumentReference", "CareTeam", "CarePlan", "Goal", "Appointment", "Communication", "Task", "Flag", "FamilyMemberHistory", "Consent", "Organization", "Location", "Practitioner", "PractitionerRole",
    ];

    static IEnumerable<string> References(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    foreach (var reference in References(item)) yield return reference;
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                    if (member.NameEquals("reference"u8) && member.Value.ValueKind == JsonValueKind.String) yield return member.Value.GetString()!;
                    else
                        foreach (var reference in References(member.Value)) yield return reference;
                break;
        }
    }

    [Fact]
    public void The_same_seed_and_day_give_the_same_bytes_and_another_seed_another_nation()
    {
        int[] numbers = [0, 5, 20, 40, 77, 123, 5000];
        var (first, second, other) = (new Nation(11, Today), new Nation(11, Today), new Nation(12, Today));
        // In another order, so that nothing hangs on what was generated before.
        var again = numbers.Reverse().ToDictionary(number => number, number => Bytes(second.Patient(number)));
        foreach (var number in numbers)
        {
            var bytes = Bytes(first.Patient(number));
            Assert.Equal(bytes, again[number]);
            Assert.NotEqual(bytes, Bytes(other.Patient(number)));
        }
        Assert.Equal(Bytes(first.Institutions()), Bytes(second.Institutions()));
    }

    [Fact]
    public void Who_somebody_is_does_not_change_when_the_day_moves_on()
    {
        var (now, later) = (new Nation(7, Today), new Nation(7, Today.AddDays(70)));
        foreach (var number in Enumerable.Range(0, 120))
        {
            using var before = JsonDocument.Parse(now.Patient(number).Single(resource => resource.Type == "Patient").Json);
            using var after = JsonDocument.Parse(later.Patient(number).Single(resource => resource.Type == "Patient").Json);
            foreach (var member in (string[])["identifier", "name", "birthDate", "gender", "address"])
                Assert.Equal(before.RootElement.GetProperty(member).GetRawText(), after.RootElement.GetProperty(member).GetRawText());
        }
    }

    static byte[] Bytes(IReadOnlyList<DemoResource> resources) => [.. resources.SelectMany(resource => resource.Json.ToArray())];

    [Fact]
    public async Task A_second_load_adds_nothing_and_a_larger_one_only_adds()
    {
        var stop = TestContext.Current.CancellationToken;
        var folder = System.IO.Directory.CreateTempSubdirectory("tervik-demo-");
        await using (var database = await Database.Open(new DatabaseOptions(Path.Combine(folder.FullName, "record.db"), 2), RecordStore.RecordMigrations, stop))
        await using (var store = await RecordStore.Open(database, stop))
        {
            var nation = new Nation(7, Today);
            var first = await new NationLoader(nation, store).Load(16, (_, _) => { }, stop);
            var second = await new NationLoader(nation, store).Load(16, (_, _) => { }, stop);
            var larger = await new NationLoader(nation, store).Load(19, (_, _) => { }, stop);
            Assert.Equal((0, first.Written), (second.Written, second.Unchanged));
            Assert.Equal(first.Written, larger.Unchanged);
            Assert.Equal(Enumerable.Range(16, 3).Sum(number => nation.Patient(number).Count), larger.Written);
            Assert.Equal(first.Written + larger.Written, (await store.Page(long.MinValue, int.MaxValue, stop)).Count(resource => resource.Version == 1));
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Parents_are_named_in_their_childrens_records_by_their_own_identifier()
    {
        var nation = new Nation(7, Today);
        var children = 0;
        foreach (var number in Enumerable.Range(0, 140))
        {
            foreach (var related in nation.Patient(number).Where(resource => resource.Type == "RelatedPerson"))
            {
                using var json = JsonDocument.Parse(related.Json);
                var identifier = json.RootElement.GetProperty("identifier")[0];
                var parent = Enumerable.Range(0, number + 3).First(other => Identifier(nation, other) == (identifier.GetProperty("system").GetString(), identifier.GetProperty("value").GetString()));
                Assert.NotEqual(number, parent);
                var roles = json.RootElement.GetProperty("relationship").EnumerateArray().Select(role => role.GetProperty("coding")[0].GetProperty("code").GetString()).ToList();
                if (roles is ["DAU"]) continue;
                Assert.Contains("GUARD", roles);
                Assert.Equal(Gender(nation, parent) == "female" ? "MTH" : "FTH", roles[0]);
                children++;
            }
        }
        Assert.True(children > 6, $"Only {children} children have a parent.");
    }

    static readonly ConcurrentDictionary<int, JsonElement> Known = new();

    static JsonElement PatientOf(Nation nation, int number) => Known.GetOrAdd(number, _ =>
    {
        using var json = JsonDocument.Parse(nation.Patient(number).Single(resource => resource.Type == "Patient").Json);
        return json.RootElement.Clone();
    });

    static (string?, string?) Identifier(Nation nation, int number) => PatientOf(nation, number).GetProperty("identifier")[0] is var one ? (one.GetProperty("system").GetString(), one.GetProperty("value").GetString()) : default;
    static string? Gender(Nation nation, int number) => PatientOf(nation, number).GetProperty("gender").GetString();
}
