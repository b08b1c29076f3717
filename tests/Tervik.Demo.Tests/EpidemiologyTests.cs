using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Tests;

/// <summary>Whether the nation looks like life: how common illnesses are at which age, and whether results follow treatment.</summary>
public sealed class EpidemiologyTests(EpidemiologyTests.Sample sample) : IClassFixture<EpidemiologyTests.Sample>
{
    static readonly DateOnly Today = new(2026, 11, 21);

    public sealed record Life(int Age, bool IsFemale, bool IsDead, IReadOnlySet<string> Active, IReadOnlyList<(string Code, DateOnly Day, double Value)> Results, IReadOnlyDictionary<string, DateOnly> FirstTaken, int Resources);

    /// <summary>Two thousand people of the families; the personas and their panels are ill by design.</summary>
    public sealed class Sample
    {
        const int First = 60;
        const int Size = 2000;

        public IReadOnlyList<Life> Lives { get; } = Generate();

        static List<Life> Generate()
        {
            var nation = new Nation(7, Today);
            var lives = new ConcurrentBag<Life>();
            Parallel.For(First, First + Size, number => lives.Add(Read(nation.Patient(number))));
            return [.. lives];
        }

        static Life Read(IReadOnlyList<DemoResource> resources)
        {
            var (active, results, taken) = (new HashSet<string>(), new List<(string, DateOnly, double)>(), new Dictionary<string, DateOnly>());
            var (age, isFemale, isDead) = (0, false, false);
            foreach (var resource in resources)
            {
                if (resource.Type is not ("Patient" or "Condition" or "MedicationRequest") && !(resource.Type == "Observation" && (resource.Id.Contains("-hba1c-", StringComparison.Ordinal) || resource.Id.Contains("-ldl-", StringComparison.Ordinal) || resource.Id.Contains("-tsh-", StringComparison.Ordinal)))) continue;
                using var json = JsonDocument.Parse(resource.Json);
                var root = json.RootElement;
                switch (resource.Type)
                {
                    case "Patient":
                        age = (Today.DayNumber - Day(root, "birthDate").DayNumber) * 100 / 36525;
                        (isFemale, isDead) = (root.GetProperty("gender").GetString() == "female", root.TryGetProperty("deceasedDateTime", out _));
                        break;
                    case "Condition" when Code(root.GetProperty("clinicalStatus")) == "active": active.Add(Code(root.GetProperty("code"))); break;
                    case "MedicationRequest": taken.TryAdd(Code(root.GetProperty("medicationCodeableConcept")), Day(root, "authoredOn")); break;
                    case "Observation": results.Add((Code(root.GetProperty("code")), Day(root, "effectiveDateTime"), root.GetProperty("valueQuantity").GetProperty("value").GetDouble())); break;
                }
            }
            return new(age, isFemale, isDead, active, results, taken, resources.Count);
        }

        static string Code(JsonElement concept) => concept.GetProperty("coding")[0].GetProperty("code").GetString()!;
        static DateOnly Day(JsonElement resource, string name) => DateOnly.ParseExact(resource.GetProperty(name).GetString()!.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("type 2 diabetes", "44054006", 60, 80, 0.09, 0.25)]
    [InlineData("type 2 diabetes", "44054006", 20, 40, 0, 0.03)]
    [InlineData("hypertension", "38341003", 60, 80, 0.35, 0.75)]
    [InlineData("asthma", "195967001", 6, 18, 0.03, 0.18)]
    [InlineData("heart failure", "84114007", 75, 100, 0.04, 0.25)]
    [InlineData("dementia", "52448006", 80, 100, 0.06, 0.4)]
    [InlineData("atrial fibrillation", "49436004", 75, 100, 0.08, 0.3)]
    [InlineData("obstructive lung disease", "13645005", 60, 80, 0.03, 0.18)]
    [InlineData("obesity", "414916001", 40, 60, 0.12, 0.35)]
    public void An_illness_is_about_as_common_as_in_life(string illness, string code, int from, int to, double least, double most)
    {
        var group = sample.Lives.Where(life => !life.IsDead && life.Age >= from && life.Age < to).ToList();
        var share = group.Count(life => life.Active.Contains(code)) / (double)group.Count;
        Assert.True(share >= least && share <= most, string.Create(CultureInfo.InvariantCulture, $"{share:P1} of {group.Count} people aged {from} to {to} have {illness}; {least:P0} to {most:P0} was expected."));
    }

    [Theory]
    [InlineData("metformin and HbA1c", "A10BA02", "4548-4", 240, 0.4)]
    [InlineData("a statin and LDL", "C10AA05", "39469-2", 240, 0.8)]
    [InlineData("levothyroxine and TSH", "H03AA01", "3016-3", 100, 4)]
    public void After_treatment_began_the_result_is_better_on_average(string what, string drug, string test, int fromDays, double least)
    {
        var changes = new List<double>();
        foreach (var life in sample.Lives)
        {
            if (!life.FirstTaken.TryGetValue(drug, out var start)) continue;
            var before = life.Results.Where(result => result.Code == test && Math.Abs(result.Day.DayNumber - start.DayNumber) <= 10).ToList();
            var after = life.Results.Where(result => result.Code == test && result.Day.DayNumber - start.DayNumber > fromDays && result.Day.DayNumber - start.DayNumber < 500).ToList();
            if (before.Count > 0 && after.Count > 0) changes.Add(before[0].Value - after.Average(result => result.Value));
        }
        Assert.True(changes.Count >= 8, $"Only {changes.Count} can be compared.");
        Assert.True(changes.Average() > least, string.Create(CultureInfo.InvariantCulture, $"{what}: better by {changes.Average():0.00} on average of {changes.Count}; more than {least} was expected."));
    }

    [Fact]
    public void There_are_children_old_people_and_few_deaths()
    {
        double All(Func<Life, bool> which) => sample.Lives.Count(which) / (double)sample.Lives.Count;
        Assert.InRange(All(life => life.Age < 18), 0.1, 0.3);
        Assert.InRange(All(life => life.Age >= 65), 0.12, 0.4);
        Assert.InRange(All(life => life.IsFemale), 0.45, 0.55);
        Assert.InRange(All(life => life.IsDead), 0.002, 0.06);
        Assert.InRange(sample.Lives.Average(life => life.Resources), 60, 250);
    }
}
