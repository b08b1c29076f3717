using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Demo.Notes;
using Tervik.Demo.Personas;

namespace Tervik.Demo.Tests;

public sealed partial class PersonaTests
{
    static readonly DateOnly Today = new(2026, 11, 21);
    static readonly Nation Demo = new(Nation.DefaultSeed, Today);

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();

    [Theory, InlineData("en"), InlineData("da"), InlineData("et"), InlineData("ko")]
    public void Everyone_is_told_of_in_each_language(string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        Assert.True(Personas.Personas.All.Count >= 20);
        foreach (var persona in Personas.Personas.All)
        {
            string[] texts = [persona.Who(culture), .. persona.Try(culture)];
            Assert.Equal(4, texts.Distinct().Count());
            Assert.All(texts, text => Assert.False(string.IsNullOrWhiteSpace(text), $"{persona.Reference} has no words in {language}."));
            if (language != "en") Assert.NotEqual(persona.Who(CultureInfo.GetCultureInfo("en")), texts[0]);
        }
    }

    [Theory, InlineData("da"), InlineData("et"), InlineData("ko")]
    public void The_words_of_notes_are_there_in_each_language_with_the_same_places_for_values(string language)
    {
        var (english, other) = (NoteWords.In("en"), NoteWords.In(language));
        Assert.Equal(english.Keys.Order(), other.Keys.Order());
        foreach (var key in english.Keys)
            Assert.Equal(Place().Matches(english[key]).Select(place => place.Value).Order(), Place().Matches(other[key]).Select(place => place.Value).Order());
        foreach (var illness in Illnesses.Illness.All)
        {
            Assert.Contains($"i.{illness.Key}", english.Keys);
            Assert.Contains($"c.{illness.Complaint}", english.Keys);
        }
        foreach (var picture in Illnesses.Picture.All) Assert.Contains($"x.{picture.Key}.end", english.Keys);
    }

    [Fact]
    public void The_tables_refer_only_to_what_they_hold()
    {
        foreach (var illness in Illnesses.Illness.All)
        {
            Assert.Equal(10, illness.Rates.Length);
            foreach (var step in illness.Steps)
                foreach (var drug in step.Split('<')) Illnesses.Drug.Of(drug);
            foreach (var effect in illness.Effects) Illnesses.Marker.Of(effect.Marker);
            foreach (var measure in illness.Measures.Where(measure => measure != "bp")) Illnesses.Marker.Of(measure);
            foreach (var panel in illness.Panels) Assert.Contains(panel, Illnesses.Marker.Panels.Select(one => one.Key));
            foreach (var (with, _) in illness.Raised.Where(risk => risk.With != "smoking")) Illnesses.Illness.Of(with);
            if (illness.Picture is { } picture) Illnesses.Picture.Of(picture);
        }
        foreach (var drug in Illnesses.Drug.All)
        {
            foreach (var effect in drug.Effects) Illnesses.Marker.Of(effect.Marker);
            if (drug.SideEffect is var (_, _, instead)) Illnesses.Drug.Of(instead);
        }
    }

    [Fact]
    public void The_people_of_the_tour_have_what_the_tour_shows()
    {
        for (var number = 0; number < Nation.Fewest; number++)
        {
            var resources = Demo.Patient(number);
            var id = string.Create(CultureInfo.InvariantCulture, $"p{number + 1:00}");
            foreach (var wanted in (string[])[$"Patient/{id}", $"Observation/{id}-weight-0", $"Encounter/{id}-visit-0", $"Appointment/{id}-appointment"])
                Assert.Contains(wanted, resources.Select(resource => $"{resource.Type}/{resource.Id}"));
            var all = string.Join('\n', resources.Select(resource => System.Text.Encoding.UTF8.GetString(resource.Json.Span)));
            // Whom holm treats, kuusk does not, and the other way round: the authorization matrix stands on it.
            if (id == "p01") Assert.DoesNotContain("Practitioner/kuusk", all, StringComparison.Ordinal);
            if (id == "p02") Assert.DoesNotContain("Practitioner/holm", all, StringComparison.Ordinal);
            if (id is "p01" or "p02") Assert.Contains(id == "p01" ? "Practitioner/holm" : "Practitioner/kuusk", Text(resources.Single(resource => resource.Id == $"{id}-visit-0")), StringComparison.Ordinal);
            if (Weights(resources) is { Count: > 1 } weights && number != 5) Assert.True(weights.Max() / weights.Min() < 1.3, $"{id} weighs from {weights.Min()} to {weights.Max()} kg.");
            if (id == "p14") Assert.InRange(resources.Count, 2800, 4000);
        }
    }

    static List<double> Weights(IReadOnlyList<Writing.DemoResource> resources)
    {
        var weights = new List<double>();
        foreach (var resource in resources.Where(resource => resource.Id.Contains("-weight-", StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(resource.Json);
            weights.Add(json.RootElement.GetProperty("valueQuantity").GetProperty("value").GetDouble());
        }
        return weights;
    }

    static string Text(Writing.DemoResource resource) => System.Text.Encoding.UTF8.GetString(resource.Json.Span);

    [Fact]
    public void Every_professional_of_the_tour_has_a_full_day_tasks_and_unread_messages_even_in_the_smallest_nation_and_on_a_Saturday()
    {
        var (appointments, tasks, unread) = (new Dictionary<string, int>(), new Dictionary<string, int>(), new Dictionary<string, int>());
        for (var number = 0; number < 60; number++)
            foreach (var resource in Demo.Patient(number))
            {
                if (resource.Type is not ("Appointment" or "Task" or "Communication")) continue;
                using var json = JsonDocument.Parse(resource.Json);
                var root = json.RootElement;
                switch (resource.Type)
                {
                    case "Appointment" when root.GetProperty("status").GetString() == "booked" && root.GetProperty("start").GetString()!.StartsWith("2026-11-21", StringComparison.Ordinal):
                        foreach (var participant in root.GetProperty("participant").EnumerateArray()) Count(appointments, participant.GetProperty("actor"));
                        break;
                    case "Appointment" when root.GetProperty("status").GetString() == "booked":
                        var start = root.GetProperty("start").GetDateTimeOffset();
                        Assert.InRange(DateOnly.FromDateTime(start.DateTime).DayNumber - Today.DayNumber, 1, 62);
                        Assert.True(start.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && start.Hour is >= 8 and < 16, $"{resource.Id} is at {start}.");
                        break;
                    case "Task": Count(tasks, root.GetProperty("owner")); break;
                    case "Communication" when !root.TryGetProperty("received", out _): Count(unread, root.GetProperty("recipient")[0]); break;
                }
            }
        foreach (var persona in Personas.Personas.All.Where(one => one.IsProfessional))
        {
            Assert.True(appointments.GetValueOrDefault(persona.Reference) >= 6, $"{persona.Name} sees {appointments.GetValueOrDefault(persona.Reference)} today.");
            Assert.True(tasks.GetValueOrDefault(persona.Reference) >= 3, $"{persona.Name} has {tasks.GetValueOrDefault(persona.Reference)} tasks.");
            Assert.True(unread.GetValueOrDefault(persona.Reference) >= 1, $"{persona.Name} has nothing unread.");
        }

        static void Count(Dictionary<string, int> counts, JsonElement who) => counts[who.GetProperty("reference").GetString()!] = counts.GetValueOrDefault(who.GetProperty("reference").GetString()!) + 1;
    }
}
