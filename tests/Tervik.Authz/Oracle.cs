using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Authz;

/// <summary>Who may see what, from the text of docs/access.md alone: slow, naive, over the seed world. Where the text leaves two readings it shows less (docs/security/leak-paths.md).</summary>
public sealed class Oracle
{
    static readonly HashSet<string> Directory = ["Practitioner", "PractitionerRole", "Organization", "Location", "HealthcareService", "Schedule", "ValueSet"];

    /// <summary>Elements that put a resource into a patient's compartment: the compartment definition of FHIR R4.</summary>
    static readonly Dictionary<string, string[]> Compartment = new()
    {
        ["Patient"] = ["link"], ["Observation"] = ["subject", "performer"], ["Condition"] = ["subject", "asserter"], ["Encounter"] = ["subject"], ["MedicationRequest"] = ["subject"], ["AllergyIntolerance"] = ["patient", "recorder", "asserter"],
        ["DocumentReference"] = ["subject", "author"], ["DiagnosticReport"] = ["subject"], ["Appointment"] = ["participant"], ["CareTeam"] = ["subject", "participant"], ["ServiceRequest"] = ["subject", "performer"], ["RelatedPerson"] = ["patient"],
        ["List"] = ["subject", "source"], ["CarePlan"] = ["subject"], ["Provenance"] = ["target"], ["Task"] = ["for", "focus"], ["Binary"] = [],
    };

    static readonly HashSet<string> OrderScope = ["ServiceRequest", "Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media", "AllergyIntolerance", "DeviceRequest", "Patient"];
    static readonly HashSet<string> PrescriptionScope = ["MedicationRequest", "MedicationDispense", "MedicationStatement", "MedicationAdministration", "AllergyIntolerance", "Immunization", "Patient"];
    static readonly Dictionary<string, HashSet<string>> ClassesOfAdults = new()
    {
        ["appointments"] = ["Appointment", "AppointmentResponse", "ServiceRequest", "Task", "Patient"],
        ["medication"] = ["MedicationRequest", "MedicationDispense", "MedicationStatement", "MedicationAdministration", "AllergyIntolerance", "Immunization", "Patient"],
        ["results"] = ["Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media", "Patient"],
    };
    /// <summary>The sensitive codes that the world uses.</summary>
    static readonly Dictionary<string, string> CategoryOfCode = new() { ["F32.1"] = "MH", ["F10.2"] = "SUD", ["A54.0"] = "STD", ["Q90.9"] = "GDIS", ["T74.1"] = "SDV", ["N97.0"] = "SEX" };

    readonly World world;
    readonly Dictionary<string, Item> byReference;
    readonly Dictionary<string, HashSet<string>> marks = [];
    readonly Dictionary<(string, string), List<Way>> ways = [];
    // Only so that it ends this year: what is in a patient's compartment now, and which documents point to a file.
    readonly ILookup<string, Item> now, documentsOf;

    /// <summary>A way in which somebody sees a patient's record.</summary>
    /// <param name="Scope">Types; null for all.</param>
    /// <param name="Treats">A relation of care: it may write.</param>
    /// <param name="Hidden">Categories and marks it does not see.</param>
    /// <param name="ActsFor">A parent or guardian.</param>
    sealed record Way(HashSet<string>? Scope, bool Treats, HashSet<string> Hidden, bool ActsFor = false);

    /// <summary>Over this world.</summary>
    public Oracle(World world)
    {
        this.world = world;
        byReference = world.Items.ToDictionary(item => item.Reference);
        now = world.Items.Where(item => item.Latest is not null).SelectMany(item => CompartmentsOf(item, item.Latest!).Select(patient => (patient, item))).ToLookup(pair => pair.patient, pair => pair.item);
        documentsOf = world.Items.Where(item => item is { Type: "DocumentReference", Latest: not null }).SelectMany(item => References(item.Latest!).Select(to => (to, item))).ToLookup(pair => pair.to, pair => pair.item);
        Mark();
    }

    /// <summary>Whether a caller may see a version of a resource; <paramref name="version"/> counts from 1.</summary>
    public bool Sees(Caller who, Item item, int version)
    {
        if (who.Agent is null || who.Dead || !who.Read) return false;
        if (who.Agent.StartsWith("client/", StringComparison.Ordinal)) return true;
        var lastBody = item.Versions.FindLastIndex(one => one is not null);
        // A version belongs to the patients whom it names. A deletion is of whom the last version named.
        return SeesBody(who.Agent, item, item.Versions[Math.Min(version - 1, lastBody)]!);
    }

    /// <summary>Whether a choice without an exception keeps it from all professionals but behind a broken glass, in every record that it is in.</summary>
    public bool IsHiddenFromAll(Item item)
    {
        var patients = item.Type == "Binary" ? documentsOf[item.Reference].SelectMany(document => CompartmentsOf(document, document.Latest!)).ToHashSet() : [.. item.Versions.OfType<JsonObject>().SelectMany(version => CompartmentsOf(item, version))];
        return patients.Count > 0 && patients.All(patient => world.Choices.Exists(choice => choice is { Actor: "*", Ended: false, Kind: ChoiceKind.KeepOut or ChoiceKind.OptOut } && choice.Patient == patient
            && (choice.What.Length == 0 || item.Type != "Patient" && marks[item.Reference].Contains(choice.What))
            && (choice.Kind == ChoiceKind.OptOut || !world.Choices.Exists(other => other.Kind == ChoiceKind.Allow && other.Patient == patient && other.What == choice.What))));
    }

    /// <summary>Whether a caller may see a resource as it is now.</summary>
    public bool Sees(Caller who, Item item) => Sees(who, item, item.Versions.Count);

    /// <summary>Whether docs/access.md says that it is shown: a Binary is only said to be hidden with its document, and an earlier version of another patient's is not spoken of.</summary>
    public bool MustShow(Caller who, Item item) => item.Type != "Binary" && Sees(who, item);

    /// <summary>Whether a patient reads the log of a record: the own, and that of a child.</summary>
    public bool ReadsLog(Caller who, string patient) => !who.Dead && who.Read && (who.Agent == patient || WaysTo(who.Agent!, patient).Exists(way => way.ActsFor));

    /// <summary>Whether a professional may write a resource: seen of a patient whom they treat.</summary>
    public bool Writes(Caller who, Item item) => who is { Dead: false, Write: true } && who.Agent!.StartsWith("Practitioner/", StringComparison.Ordinal) && CompartmentsOf(item, item.Latest!)
        .Any(patient => WaysTo(who.Agent, patient).Any(way => way.Treats && (way.Scope is null || way.Scope.Contains(item.Type)) && (item.Type == "Patient" || !way.Hidden.Overlaps(marks[item.Reference]))));

    bool SeesBody(string agent, Item item, JsonObject body)
    {
        if (item.Type == "Binary") return documentsOf[item.Reference].Any(document => SeesBody(agent, document, document.Latest!));
        var patients = CompartmentsOf(item, body);
        if (patients.Count == 0) return Directory.Contains(item.Type);
        return patients.Any(patient => WaysTo(agent, patient).Any(way => (way.Scope is null || way.Scope.Contains(item.Type)) && (item.Type == "Patient" || !way.Hidden.Overlaps(marks[item.Reference]))));
    }

    /// <summary>The patients in whose compartments this version is.</summary>
    public static HashSet<string> CompartmentsOf(Item item, JsonObject body)
    {
        var found = new HashSet<string>();
        if (item.Type == "Patient") found.Add(item.Reference);
        if (!Compartment.TryGetValue(item.Type, out var elements)) return found;
        foreach (var element in elements)
            if (body[element] is { } value) found.UnionWith(References(value).Where(reference => reference.StartsWith("Patient/", StringComparison.Ordinal)));
        return found;
    }

    static IEnumerable<string> References(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Key is "reference" or "url" && member.Value is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.String ? [value.GetValue<string>()] : member.Value is null ? [] : References(member.Value)),
        JsonArray entries => entries.SelectMany(entry => entry is null ? [] : References(entry)),
        _ => [],
    };

    static IEnumerable<string> Codes(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Key == "code" && member.Value is JsonValue value ? [value.ToString()] : member.Value is null ? [] : Codes(member.Value)),
        JsonArray entries => entries.SelectMany(entry => entry is null ? [] : Codes(entry)),
        _ => [],
    };

    // A day in common is enough; without an end it goes on.
    static bool Within(JsonObject body, string from, string to)
    {
        bool Meets(string first, string last) => string.CompareOrdinal(first, to) <= 0 && string.CompareOrdinal(last, from) >= 0;
        return new[] { body["effectiveDateTime"], body["recordedDate"], body["authoredOn"], body["date"], body["recorded"], body["start"] }.Any(date => date?.ToString()[..10] is { } day && Meets(day, day))
            || body["period"]?["start"]?.ToString()[..10] is { } start && Meets(start, body["period"]!["end"]?.ToString()[..10] ?? "9999");
    }

    /// <summary>Marks what bears a sensitive code, is the item or within the period; then whatever refers to something marked, until nothing changes.</summary>
    void Mark()
    {
        foreach (var item in world.Items)
        {
            var own = marks[item.Reference] = [];
            if (item.Type == "Patient") continue;
            foreach (var body in item.Versions.OfType<JsonObject>())
            {
                own.UnionWith(Codes(body).Where(CategoryOfCode.ContainsKey).Select(code => CategoryOfCode[code]));
                foreach (var choice in world.Choices)
                    if (choice.What.Split(' ') is ["period", var from, var to] && CompartmentsOf(item, body).Contains(choice.Patient) && Within(body, from, to)) own.Add(choice.What);
            }
            own.UnionWith(world.Choices.Where(choice => choice.What == $"item {item.Reference}").Select(choice => choice.What));
        }
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var item in world.Items.Where(item => item.Type is not "Patient" && !Directory.Contains(item.Type)))
                foreach (var reference in item.Versions.OfType<JsonObject>().SelectMany(References).ToList())
                    if (byReference.TryGetValue(reference, out var target))
                    {
                        var (reads, writes) = item.Type == "DocumentReference" && target.Type == "Binary" ? (item.Reference, reference) : (reference, item.Reference);
                        var before = marks[writes].Count;
                        marks[writes].UnionWith(marks[reads]);
                        changed |= marks[writes].Count != before;
                    }
        }
    }

    List<Way> WaysTo(string agent, string patient)
    {
        lock (ways)
            return ways.TryGetValue((agent, patient), out var known) ? known : ways[(agent, patient)] = agent.StartsWith("Patient/", StringComparison.Ordinal) ? OfPatient(agent, patient) : OfProfessional(agent, patient);
    }

    List<Way> OfPatient(string agent, string patient)
    {
        if (agent == patient) return [new(null, false, [])];
        var found = new List<Way>();
        HashSet<string> optedOut = [.. world.Choices.Where(choice => choice.Kind == ChoiceKind.OptOut && choice.Patient == patient && !choice.Ended).Select(choice => choice.What)];
        foreach (var choice in world.Choices.Where(choice => choice.Kind == ChoiceKind.LetIn && choice.Patient == patient && choice.Actor == agent && !choice.Ended))
            found.Add(new(choice.What.Length == 0 ? null : [.. choice.What.Split(' ').Where(name => name != "booking").SelectMany(name => ClassesOfAdults[name])], false, optedOut));
        var number = Numbers(byReference[agent].Latest!).ToHashSet();
        foreach (var related in world.Items.Where(one => one.Type == "RelatedPerson" && one.Latest is { } latest && latest["patient"]!["reference"]!.ToString() == patient && Numbers(latest).Any(number.Contains)))
        {
            var child = byReference[patient].Latest!;
            var (sensitive, alone) = child["address"]![0]!["country"]!.ToString() switch { "EE" => (14, 18), "DK" => (15, 15), "KR" => (14, 14), _ => (12, 15) };
            var born = DateTime.Parse(child["birthDate"]!.ToString(), CultureInfo.InvariantCulture);
            if (born.AddYears(alone) <= world.Now) continue;
            found.Add(new(null, false, [.. optedOut, .. born.AddYears(sensitive) <= world.Now ? ["MH", "SUD", "SEX", "STD"] : Array.Empty<string>()], ActsFor: true));
        }
        return found;
    }

    static IEnumerable<string> Numbers(JsonObject person) => person["identifier"] is JsonArray identifiers ? identifiers.Select(one => one!["value"]!.ToString()) : [];

    List<Way> OfProfessional(string agent, string patient)
    {
        var roles = world.Items.Where(item => item.Type == "PractitionerRole" && item.Latest is { } role && role["practitioner"]!["reference"]!.ToString() == agent).ToList();
        var current = roles.Where(role => role.Latest!["active"]?.GetValue<bool>() != false && Holds(role.Latest!["period"], 0, 0)).ToList();
        if (roles.Count > 0 && current.Count == 0) return [];
        var names = current.Select(role => role.Reference).Append(agent).ToHashSet();
        var units = current.Select(role => role.Latest!["organization"]!["reference"]!.ToString()).ToHashSet();
        var codes = current.SelectMany(role => role.Latest!["code"]!.AsArray()).SelectMany(code => code!["coding"]!.AsArray()).Select(coding => $"role {coding!["system"]}|{coding["code"]}").ToHashSet();
        var institutions = new HashSet<string>(units);
        for (var more = units.ToList(); more.Count > 0;)
            institutions.UnionWith(more = [.. more.Select(unit => byReference[unit].Latest!["partOf"]?["reference"]?.ToString()).OfType<string>()]);

        // What the patient chose for this professional.
        int Closeness(string actor) => actor == agent ? 4 : codes.Contains(actor) ? 2 : institutions.Contains(actor) ? 3 : actor == "*" ? 1 : 0;
        var choices = world.Choices.Select((choice, order) => (Choice: choice, Order: order))
            .Where(one => one.Choice.Patient == patient && !one.Choice.Ended && one.Choice.Kind is (ChoiceKind.KeepOut or ChoiceKind.Allow) && Closeness(one.Choice.Actor) > 0).ToList();
        HashSet<string> optedOut = [.. world.Choices.Where(choice => choice.Kind == ChoiceKind.OptOut && choice.Patient == patient && !choice.Ended).Select(choice => choice.What)];
        HashSet<string> closed = [.. optedOut];
        foreach (var part in choices.GroupBy(one => one.Choice.What))
            if (part.OrderByDescending(one => Closeness(one.Choice.Actor)).ThenByDescending(one => one.Order).First().Choice.Kind == ChoiceKind.KeepOut) closed.Add(part.Key);

        var found = new List<Way>();
        foreach (var opened in world.Openings.Where(one => one.Practitioner == agent && one.Patient == patient && !one.Expired))
        {
            if (opened.Glass) found.Add(new(null, Treats: false, optedOut));
            else if (!closed.Contains("")) found.Add(new(null, Treats: true, closed));
        }
        if (closed.Contains("")) return found;
        foreach (var fact in now[patient])
            if (Relation(fact, patient, names, units) is (true, var scope)) found.Add(new(scope, Treats: true, closed));
        return found;
    }

    (bool Holds, HashSet<string>? Scope) Relation(Item fact, string patient, HashSet<string> names, HashSet<string> units)
    {
        var body = fact.Latest!;
        var status = body["status"]?.ToString();
        bool Names(JsonNode? node, bool withUnits) => node is not null && References(node).Any(reference => names.Contains(reference) || withUnits && units.Contains(reference));
        bool Since(string element, int days) => body[element] is { } at && DateTime.Parse(at.ToString(), CultureInfo.InvariantCulture).AddDays(days) > world.Now;
        switch (fact.Type)
        {
            case "Patient": return (fact.Reference == patient && Names(body["generalPractitioner"], withUnits: true), null);
            case "Encounter":
                var isNamed = Names(body["participant"], withUnits: false) && status is not ("cancelled" or "entered-in-error") && Holds(body["period"], 7, 365);
                var isAdmitted = body["serviceProvider"] is { } unit && units.Contains(unit["reference"]!.ToString()) && status is ("arrived" or "triaged" or "in-progress" or "onleave") && Holds(body["period"], 1, 1);
                return (isNamed || isAdmitted, null);
            case "Appointment":
                var start = DateTime.Parse(body["start"]!.ToString(), CultureInfo.InvariantCulture);
                return (Names(body["participant"], withUnits: false) && status is not ("cancelled" or "entered-in-error") && Math.Abs((start - world.Now).TotalDays) < 30, null);
            case "CareTeam": return (Names(body["participant"], withUnits: false) && status == "active" && Holds(body["period"], 0, 0), null);
            case "ServiceRequest":
                if (!Names(body["performer"], withUnits: true) || status is "draft" or "on-hold" or "revoked" or "entered-in-error") return (false, null);
                return body["category"]?.ToJsonString().Contains("108252007", StringComparison.Ordinal) != true ? (Since("authoredOn", 180), null) : (Since("authoredOn", 90), OrderScope);
            case "MedicationRequest":
                return (body["dispenseRequest"]?["performer"] is { } performer && units.Contains(performer["reference"]!.ToString()) && status is not ("cancelled" or "stopped" or "completed" or "draft" or "entered-in-error") && Since("authoredOn", 365), PrescriptionScope);
            default: return (false, null);
        }
    }

    bool Holds(JsonNode? period, int before, int after) =>
        period is null || (period["start"] is not { } start || DateTime.Parse(start.ToString(), CultureInfo.InvariantCulture).AddDays(-before) <= world.Now)
        && (period["end"] is not { } end || DateTime.Parse(end.ToString(), CultureInfo.InvariantCulture).AddDays(after) > world.Now);
}
