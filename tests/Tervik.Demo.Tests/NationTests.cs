using System.Collections.Concurrent;
using System.Text.Json;
using Tervik.Demo.Writing;
using Tervik.Records.Model;
using Tervik.Records.Validation;

namespace Tervik.Demo.Tests;

public sealed class NationTests
{
    static readonly DateOnly Today = new(2026, 11, 24);

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
    }

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
}
