using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Authz;

/// <summary>Who asks.</summary>
/// <param name="Kind">nobody, patient, professional, system, refused (a credential that is not valid), writer (a system that may only write).</param>
/// <param name="Id">Logical id.</param>
public sealed record Asker(string Kind, string Id)
{
    public string Agent => Kind switch { "patient" => $"Patient/{Id}", "professional" => $"Practitioner/{Id}", _ => $"client/{Id}" };
}

/// <summary>The rules of docs/access.md once more: slow, plain, and written from the text alone. Shares no code with the product.</summary>
public sealed class Oracle(World world)
{
    static readonly string[] OrderTypes = ["ServiceRequest", "Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media", "AllergyIntolerance", "DeviceRequest", "Patient"];
    static readonly string[] MedicationTypes = ["MedicationRequest", "MedicationDispense", "MedicationStatement", "MedicationAdministration", "AllergyIntolerance", "Immunization", "Patient"];
    static readonly string[] DirectoryTypes = ["Organization", "Practitioner", "PractitionerRole"];

    readonly Dictionary<(string, string), bool> known = [];
    readonly Dictionary<string, Dictionary<string, string[]?>> relations = [];
    readonly Dictionary<(string, string), HashSet<string>> closures = [];

    /// <summary>Whether somebody may see a thing.</summary>
    public bool Sees(Asker asker, Thing thing)
    {
        var key = (asker.Agent + asker.Kind, thing.Name);
        if (!known.TryGetValue(key, out var sees)) known[key] = sees = Decide(asker, thing);
        return sees;
    }

    bool Decide(Asker asker, Thing thing)
    {
        switch (asker.Kind)
        {
            case "nobody" or "refused" or "writer": return false;
            case "system": return true;
        }
        if (thing.Patients.Count == 0) return DirectoryTypes.Contains(thing.Type);
        // In several compartments: who sees one of them, and no mark of any hides it.
        return thing.Patients.Any(patient => Opens(asker, patient, thing.Type)) && !thing.Patients.Any(patient => Hides(asker, patient, thing));
    }

    bool Opens(Asker asker, string patient, string type)
    {
        if (asker.Kind == "patient")
        {
            if (asker.Id == patient || IsParent(asker.Id, patient)) return true;
            return world.Choices.Any(choice => choice is { Kind: "let in", IsEnded: false } && choice.Patient == patient && choice.Actor == $"Patient/{asker.Id}" && (choice.What.Length == 0 || MedicationTypes.Contains(type)));
        }
        if (world.Left.Contains(asker.Id)) return false;
        if (HasGlass(asker.Id, patient)) return true;
        if (IsClosed(asker.Id, patient)) return false;
        if (world.Opened.Any(one => one is { IsGlass: false, IsEnded: false } && one.Practitioner == asker.Id && one.Patient == patient)) return true;
        return Relations(asker.Id).TryGetValue(patient, out var types) && (types is null || types.Contains(type));
    }

    bool HasGlass(string practitioner, string patient) => world.Opened.Any(one => one is { IsGlass: true, IsEnded: false } && one.Practitioner == practitioner && one.Patient == patient);

    // pt31 is 5 years old, pt32 15; in Estonia a child decides alone with 18, on sensitive matters with 14.
    static bool IsParent(string person, string child) => person == "pt30" && child is "pt31" or "pt32" && person == "pt30";

    bool Hides(Asker asker, string patient, Thing thing)
    {
        if (thing.Type == "Patient") return false;
        if (asker.Kind == "patient" && asker.Id != patient && world.Choices.Any(choice => choice is { Kind: "opt out", IsEnded: false } && choice.Patient == patient && Marked(patient, choice.What).Contains(thing.Name))) return true;
        if (asker.Kind == "patient")
            return asker.Id != patient && patient == "pt32" && IsParent(asker.Id, patient) && new[] { "MH", "SUD", "SEX", "STD" }.Any(what => Marked(patient, what).Contains(thing.Name));
        if (asker.Kind != "professional") return false;
        foreach (var choice in world.Choices.Where(choice => choice.Patient == patient && !choice.IsEnded && choice.What.Length > 0))
        {
            if (Closeness(asker.Id, choice.Actor) is null) continue;
            var hides = choice.Kind == "opt out" || choice.Kind == "keep out" && !HasGlass(asker.Id, patient) && !IsLifted(asker.Id, choice);
            if (hides && Marked(patient, choice.What).Contains(thing.Name)) return true;
        }
        return false;
    }

    bool IsClosed(string practitioner, string patient) =>
        world.Choices.Any(choice => choice is { Kind: "keep out", What: "", IsEnded: false } && choice.Patient == patient && Closeness(practitioner, choice.Actor) is not null && !IsLifted(practitioner, choice));

    // Choices were made in their order, so that the later in the list is the newer.
    bool IsLifted(string practitioner, Choice keptOut) => world.Choices.Any(other => other is { Kind: "allow", IsEnded: false } && other.Patient == keptOut.Patient && (other.What == keptOut.What || other.What.Length == 0)
        && Closeness(practitioner, other.Actor) is { } its && Closeness(practitioner, keptOut.Actor) is { } theirs && (its > theirs || its == theirs && world.Choices.IndexOf(other) > world.Choices.IndexOf(keptOut)));

    int? Closeness(string practitioner, string actor)
    {
        if (actor == $"Practitioner/{practitioner}") return 3;
        if (world.Left.Contains(practitioner) || world.UnitOf[practitioner] is not { } unit) return actor == "*" ? 0 : null;
        if (actor == $"Organization/{unit}" || World.PartOf.TryGetValue(unit, out var hospital) && actor == $"Organization/{hospital}") return 2;
        return actor == $"role urn:r|{world.RoleOf[practitioner]}" ? 1 : actor == "*" ? 0 : null;
    }

    /// <summary>Everything of a patient that bears a mark: what the mark is about, and all that refers to it, and so on.</summary>
    HashSet<string> Marked(string patient, string what)
    {
        if (closures.TryGetValue((patient, what), out var marked)) return marked;
        var own = world.Things.Where(thing => thing.Patients.Contains(patient) && thing.Type != "Patient").ToList();
        marked = [.. own.Where(thing => Is(thing, what)).Select(thing => thing.Name)];
        for (var grows = true; grows;)
        {
            grows = false;
            foreach (var thing in world.Things)
                if (thing.Type != "Patient" && thing.Patients.Count > 0 && References(thing.Json).Any(marked.Contains)) grows |= marked.Add(thing.Name);
        }
        return closures[(patient, what)] = marked;
    }

    static bool Is(Thing thing, string what) => what.Split(' ') switch
    {
        ["item", var name] => thing.Name == name,
        ["period", var from, var to] => Dates(thing.Json).Any(date => string.CompareOrdinal(date.To, from) >= 0 && string.CompareOrdinal(date.From, to) <= 0),
        _ => Texts(thing.Json, "code").Any(code => what == "MH" && code.StartsWith("F32", StringComparison.Ordinal) || what == "SUD" && code.StartsWith("F10", StringComparison.Ordinal)),
    };

    /// <summary>Days a thing is dated, as from and to.</summary>
    static IEnumerable<(string From, string To)> Dates(JsonObject json)
    {
        foreach (var name in (string[])["recordedDate", "effectiveDateTime", "authoredOn", "date", "start"])
            if (json[name] is JsonValue value) yield return (value.ToString()[..10], value.ToString()[..10]);
        if (json["period"] is JsonObject period) yield return (period["start"]?.ToString() ?? "0000-00-00", period["end"]?.ToString() ?? "9999-99-99");
    }

    static IEnumerable<string> References(JsonNode? node) => Texts(node, "reference");

    static IEnumerable<string> Texts(JsonNode? node, string name) => node switch
    {
        JsonObject json => json.SelectMany(pair => pair.Key == name && pair.Value is JsonValue value ? [value.ToString()] : Texts(pair.Value, name)),
        JsonArray array => array.SelectMany(item => Texts(item, name)),
        _ => [],
    };

    /// <summary>Whom a professional treats, and which types that opens; null for all.</summary>
    Dictionary<string, string[]?> Relations(string practitioner)
    {
        if (relations.TryGetValue(practitioner, out var found)) return found;
        found = [];
        var unit = world.UnitOf[practitioner] is { } id ? $"Organization/{id}" : "none";
        bool Person(string? who) => who == $"Practitioner/{practitioner}" || who == $"PractitionerRole/{practitioner}-role";
        bool Within(string day, int before, int after) => Date(day).AddDays(-before) <= world.Now && world.Now < Date(day).AddDays(1 + after);
        foreach (var thing in world.Things)
        {
            var json = thing.Json;
            var status = json["status"]?.ToString();
            var references = References(json).ToList();
            (bool Holds, string[]? Types) relation = thing.Type switch
            {
                "Patient" => (References(json["generalPractitioner"]).Any(who => Person(who) || who == unit), null),
                "Encounter" => (References(json["participant"]).Any(Person) && status is not ("cancelled" or "entered-in-error") && Encounter(json, status, 7, 365, finishedEnds: true)
                    || References(json["serviceProvider"]).Contains(unit) && status is "arrived" or "triaged" or "in-progress" or "onleave" && References(json["serviceProvider"]).Contains(unit) && Encounter(json, status, 1, 1, finishedEnds: false), null),
                "Appointment" => (references.Any(Person) && status is not ("cancelled" or "entered-in-error") && Within(json["start"]!.ToString()[..10], 30, 30), null),
                "CareTeam" => (References(json["participant"]).Any(Person) && status == "active" && Date(json["period"]!["start"]!.ToString()) <= world.Now && (json["period"]!["end"] is null || world.Now < Date(json["period"]!["end"]!.ToString()).AddDays(1)), null),
                "ServiceRequest" => (References(json["performer"]).Any(who => Person(who) || who == unit) && status is not ("draft" or "on-hold" or "revoked" or "entered-in-error")
                    && Within(json["authoredOn"]!.ToString(), 0, json["category"] is null ? 180 : 90), json["category"] is null ? null : OrderTypes),
                "MedicationRequest" => (References(json["dispenseRequest"]).Contains(unit) && status == "active" && Within(json["authoredOn"]!.ToString(), 0, 365), MedicationTypes),
                _ => (false, null),
            };
            if (!relation.Holds) continue;
            foreach (var patient in thing.Patients)
                found[patient] = found.TryGetValue(patient, out var before) ? before is null || relation.Types is null ? null : [.. before.Union(relation.Types)] : relation.Types;
        }
        return relations[practitioner] = found;

        bool Encounter(JsonObject json, string? status, int before, int after, bool finishedEnds)
        {
            var (start, end) = (Date(json["period"]!["start"]!.ToString()), json["period"]!["end"]?.ToString());
            if (world.Now < start.AddDays(-before)) return false;
            if (end is not null) return world.Now < Date(end).AddDays(1 + after);
            return !finishedEnds || status != "finished" || world.Now < start.AddDays(after);
        }
    }

    static DateTime Date(string day) => DateTime.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
