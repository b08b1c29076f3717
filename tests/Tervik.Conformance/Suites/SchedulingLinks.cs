using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tervik.Conformance.Suites;

/// <summary>SMART Scheduling Links: the published examples, by the checker that our own publication is held against; and faults planted into them, each of which has to be found.</summary>
public static partial class SchedulingLinks
{
    const string Extensions = "http://fhir-registry.smarthealthit.org/StructureDefinition/";
    static readonly string[] Types = ["Location", "Schedule", "Slot"];

    internal static IEnumerable<Case> Run(string folder)
    {
        var manifest = File.ReadAllText(Path.Combine(folder, "bulk-publish"));
        yield return Suite.Try("manifest", () => First(CheckManifest(manifest)));
        var files = Directory.EnumerateFiles(folder, "*.ndjson").Order(StringComparer.Ordinal).Select(file => (Name: Path.GetFileName(file), Type: TypeOf(Path.GetFileName(file)), Text: File.ReadAllText(file))).ToList();
        foreach (var file in files) yield return Suite.Try(file.Name, () => First(Check(files).Where(fault => fault.StartsWith(file.Name + ":", StringComparison.Ordinal))));
        foreach (var (name, plant, expected) in Planted)
            yield return Suite.Try($"planted: {name}", () =>
            {
                var faulty = files.ConvertAll(file => (file.Name, file.Type, Text: plant(file.Type, file.Text)));
                if (faulty.Select(file => file.Text).SequenceEqual(files.Select(file => file.Text))) return "nothing was planted";
                return Check(faulty).Any(fault => fault.Contains(expected, StringComparison.Ordinal)) ? null : $"not found; there was: {First(Check(faulty)) ?? "nothing"}";
            });
        foreach (var (name, plant) in PlantedInManifest)
            yield return Suite.Try($"planted in the manifest: {name}", () =>
            {
                var json = JsonNode.Parse(manifest)!.AsObject();
                plant(json);
                return CheckManifest(json.ToJsonString()).Count > 0 ? null : "not found";
            });
    }

    static string? First(IEnumerable<string> faults) => faults.FirstOrDefault();

    static string TypeOf(string file) => file.StartsWith("locations", StringComparison.Ordinal) ? "Location" : file.StartsWith("schedules", StringComparison.Ordinal) ? "Schedule" : "Slot";

    /// <summary>Changes the first resource of a type.</summary>
    static Func<string, string, string> In(string type, Action<JsonObject> change) => (of, text) =>
    {
        if (of != type) return text;
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var first = JsonNode.Parse(text[..end])!.AsObject();
        change(first);
        return first.ToJsonString() + text[end..];
    };

    static readonly (string Name, Func<string, string, string> Plant, string Expected)[] Planted =
    [
        ("a location without a name", In("Location", json => json.Remove("name")), "name"),
        ("a location without a phone", In("Location", json => json["telecom"] = new JsonArray(new JsonObject { ["system"] = "url", ["value"] = "https://x.example" })), "phone"),
        ("an address without a city", In("Location", json => json["address"]!.AsObject().Remove("city")), "city"),
        ("an address whose line is a text", In("Location", json => json["address"]!["line"] = "1 Street"), "line"),
        ("half a position", In("Location", json => json["position"] = new JsonObject { ["latitude"] = 1.5 }), "position"),
        ("an id with a blank", In("Location", json => json["id"] = "a b"), "id"),
        ("an id twice", In("Schedule", json => json["id"] = "11"), "twice"),
        ("another type", In("Schedule", json => json["resourceType"] = "Slot"), "resourceType"),
        ("a schedule without a service type", In("Schedule", json => json.Remove("serviceType")), "serviceType"),
        ("a schedule of two places", In("Schedule", json => json["actor"]!.AsArray().Add(new JsonObject { ["reference"] = "Location/1" })), "actor"),
        ("a schedule of a place that is not there", In("Schedule", json => json["actor"]![0]!["reference"] = "Location/nowhere"), "nowhere"),
        ("a slot of a schedule that is not there", In("Slot", json => json["schedule"]!["reference"] = "Schedule/nowhere"), "nowhere"),
        ("a slot with another status", In("Slot", json => json["status"] = "busy-unavailable"), "status"),
        ("a slot that ends before it begins", In("Slot", json => json["end"] = "2020-01-01T00:00:00Z"), "end"),
        ("a time without an offset", In("Slot", json => json["start"] = "2021-03-01T14:00:00"), "start"),
        ("a deep link under another name", In("Slot", json => json["extension"]![0] = new JsonObject { ["url"] = Extensions + "booking-deep-link", ["valueString"] = "https://x.example" }), "booking-deep-link"),
        ("a deep link that is no address", In("Slot", json => json["extension"]![0]!["valueUrl"] = "bookings?slot=1"), "booking-deep-link"),
        ("a capacity that is a text", In("Slot", json => json["extension"]![2]!["valueInteger"] = "100"), "slot-capacity"),
        ("a capacity of none", In("Slot", json => json["extension"]![2]!["valueInteger"] = 0), "slot-capacity"),
        ("an extension without an address", In("Slot", json => json["extension"]!.AsArray().Add(new JsonObject { ["url"] = "capacity", ["valueInteger"] = 1 })), "extension"),
        ("an empty line", (type, text) => type == "Slot" ? text.Insert(text.IndexOf('\n', StringComparison.Ordinal), "\n") : text, "line"),
        ("a resource on two lines", (type, text) => type == "Slot" ? text.Insert(text.IndexOf(',', StringComparison.Ordinal) + 1, "\n") : text, "JSON"),
        ("two resources on a line", (type, text) => type == "Slot" ? text.Remove(text.IndexOf('\n', StringComparison.Ordinal), 1) : text, "JSON"),
    ];

    static readonly (string Name, Action<JsonObject> Plant)[] PlantedInManifest =
    [
        ("no time", json => json.Remove("transactionTime")), ("a day as the time", json => json["transactionTime"] = "2021-04-22"), ("a request for something else", json => json["request"] = "https://x.example/metadata"),
        ("no output", json => json.Remove("output")), ("a file of another type", json => json["output"]![0]!["type"] = "Patient"), ("a relative address", json => json["output"]![0]!["url"] = "locations.ndjson"),
        ("a state that is no list", json => json["output"]![2]!["extension"]!["state"] = "MA"), ("no slots", json => json["output"] = new JsonArray(json["output"]![0]!.DeepClone())),
    ];

    /// <summary>What is wrong with a manifest; empty when nothing is.</summary>
    public static IReadOnlyList<string> CheckManifest(string text)
    {
        var faults = new List<string>();
        using var document = Parsed(text);
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object) return ["manifest: no JSON object"];
        var json = document.RootElement;
        if (!IsTime(Text(json, "transactionTime"))) faults.Add("manifest: transactionTime is no time with an offset");
        if (Text(json, "request") is not { } request || !IsAddress(request) || !request.EndsWith("$bulk-publish", StringComparison.Ordinal)) faults.Add("manifest: request is no address that ends with $bulk-publish");
        if (!json.TryGetProperty("output", out var output) || output.ValueKind != JsonValueKind.Array) return [.. faults, "manifest: output is no list"];
        foreach (var file in output.EnumerateArray())
        {
            if (!Types.Contains(Text(file, "type"))) faults.Add($"manifest: type {Text(file, "type")}");
            if (!IsAddress(Text(file, "url"))) faults.Add($"manifest: url {Text(file, "url")}");
            if (file.TryGetProperty("extension", out var extension) && extension.TryGetProperty("state", out var state) && (state.ValueKind != JsonValueKind.Array || state.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.String))) faults.Add("manifest: extension.state is no list of texts");
        }
        foreach (var type in Types)
            if (!output.EnumerateArray().Any(file => Text(file, "type") == type)) faults.Add($"manifest: no file of {type}");
        return faults;
    }

    /// <summary>What is wrong with a set of files: <c>file:line: what</c>.</summary>
    /// <param name="files">Name, type of the manifest, and text of each.</param>
    public static IReadOnlyList<string> Check(IReadOnlyList<(string Name, string Type, string Text)> files)
    {
        var (faults, ids) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        var references = new List<(string Where, string Reference)>();
        foreach (var (name, type, text) in files)
        {
            var lines = text.Split('\n');
            // The last line may end as the others do.
            for (var i = 0; i < lines.Length - (lines[^1].Length == 0 ? 1 : 0); i++)
            {
                var where = $"{name}:{i + 1}";
                if (lines[i].Trim().Length == 0)
                {
                    faults.Add($"{where}: an empty line");
                    continue;
                }
                using var document = Parsed(lines[i]);
                if (document is null || document.RootElement.ValueKind != JsonValueKind.Object) faults.Add($"{where}: the line is not one JSON object");
                else CheckResource(where, type, document.RootElement, faults, ids, references);
            }
        }
        foreach (var (where, reference) in references)
            if (!ids.Contains(reference)) faults.Add($"{where}: there is no {reference}");
        return faults;
    }

    static void CheckResource(string where, string type, JsonElement json, List<string> faults, HashSet<string> ids, List<(string, string)> references)
    {
        void Need(bool holds, string what)
        {
            if (!holds) faults.Add($"{where}: {what}");
        }
        Need(Text(json, "resourceType") == type, $"resourceType is {Text(json, "resourceType")}, expected {type}");
        Need(Text(json, "id") is { } id && Id().IsMatch(id), "id is missing or holds other than letters, digits, _ and .");
        Need(ids.Add($"{type}/{Text(json, "id")}"), $"the id {Text(json, "id")} is there twice");
        switch (type)
        {
            case "Location":
                Need(Text(json, "name") is { Length: > 0 }, "name is missing");
                Need(Items(json, "telecom").Any(one => Text(one, "system") == "phone" && Text(one, "value") is { Length: > 0 }), "telecom has no phone");
                var address = json.TryGetProperty("address", out var at) ? at : default;
                Need(Items(address, "line").Any() && Items(address, "line").All(line => line.ValueKind == JsonValueKind.String), "address.line is no list of texts");
                foreach (var part in (string[])["city", "postalCode"]) Need(Text(address, part) is { Length: > 0 }, $"address.{part} is missing");
                // Countries other than the specification's own have no states; they are named.
                Need(Text(address, "state") is { Length: > 0 } || Text(address, "country") is { Length: > 0 }, "address.state is missing, and there is no country");
                if (json.TryGetProperty("position", out var position)) Need(IsNumber(position, "latitude") && IsNumber(position, "longitude"), "position needs latitude and longitude");
                break;
            case "Schedule":
                var actors = Items(json, "actor").ToList();
                Need(actors.Count == 1 && Text(actors[0], "reference")?.StartsWith("Location/", StringComparison.Ordinal) == true, "actor is not one Location");
                foreach (var actor in actors) references.Add((where, Text(actor, "reference") ?? "?"));
                Need(Items(json, "serviceType").Any() && Items(json, "serviceType").All(one => Text(one, "text") is not null || Items(one, "coding").Any(coding => Text(coding, "code") is not null)), "serviceType is missing or says nothing");
                break;
            default:
                var schedule = json.TryGetProperty("schedule", out var of) ? Text(of, "reference") : null;
                Need(schedule?.StartsWith("Schedule/", StringComparison.Ordinal) == true, "schedule is no reference to a Schedule");
                references.Add((where, schedule ?? "?"));
                Need(Text(json, "status") is "free" or "busy", "status is neither free nor busy");
                foreach (var name in (string[])["start", "end"]) Need(IsTime(Text(json, name)), $"{name} is no time with an offset");
                if (IsTime(Text(json, "start")) && IsTime(Text(json, "end"))) Need(Time(Text(json, "start")!) < Time(Text(json, "end")!), "end is not after start");
                break;
        }
        foreach (var extension in Items(json, "extension"))
        {
            var url = Text(extension, "url");
            Need(IsAddress(url), $"extension.url {url} is no address");
            if (type != "Slot") continue;
            if (url == Extensions + "booking-deep-link") Need(IsAddress(Text(extension, "valueUrl")), "booking-deep-link has no valueUrl that is an address");
            if (url == Extensions + "booking-phone") Need(Text(extension, "valueString") is { Length: > 0 }, "booking-phone has no valueString");
            if (url == Extensions + "slot-capacity") Need(extension.TryGetProperty("valueInteger", out var capacity) && capacity.ValueKind == JsonValueKind.Number && capacity.TryGetInt32(out var number) && number > 0, "slot-capacity has no valueInteger above zero");
        }
    }

    static JsonDocument? Parsed(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string? Text(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    static IEnumerable<JsonElement> Items(JsonElement json, string name)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Array) yield break;
        foreach (var item in value.EnumerateArray()) yield return item;
    }

    static bool IsNumber(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number;
    static bool IsAddress(string? text) => text is not null && Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
    static bool IsTime(string? text) => text is not null && Instant().IsMatch(text) && DateTimeOffset.TryParse(Whole(text), CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    static DateTimeOffset Time(string text) => DateTimeOffset.Parse(Whole(text), CultureInfo.InvariantCulture);
    // ISO 8601 has offsets of hours alone.
    static string Whole(string text) => text[^3] is '+' or '-' ? text + ":00" : text;

    [GeneratedRegex(@"^[A-Za-z0-9_.]{1,64}$")]
    private static partial Regex Id();
    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)$")]
    private static partial Regex Instant();
}
