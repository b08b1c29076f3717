using System.Text.Json.Nodes;

namespace Tervik.Care.Hl7;

/// <summary>Maps one message into the record. Source: HL7 v2-to-FHIR, message and segment maps; what each trigger means, HL7 v2.8 chapters 3 and 10.</summary>
sealed partial class Mapping
{
    const string V3Participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

    readonly Hl7Message message;
    readonly ChangeSet changes;
    readonly DataTypes types;
    readonly List<Hl7Fault> warnings = [];
    readonly string trigger;
    /// <summary>When what the message tells happened: EVN-6, EVN-2, MSH-7.</summary>
    readonly Hl7Time? occurred;

    Mapping(Hl7Message message, ChangeSet changes, DataTypes types)
    {
        (this.message, this.changes, this.types, trigger) = (message, changes, types, message.Event);
        var happened = message.First("EVN");
        occurred = (happened is null ? null : Hl7Time.Read(happened[6].First) ?? Hl7Time.Read(happened[2].First)) ?? Hl7Time.Read(message.Header[7].First);
    }

    /// <summary>What a mapping gave besides the changes.</summary>
    /// <param name="Occurred">When it happened; null when nobody said.</param>
    /// <param name="People">Who had a hand in it (as provenance-participant-type), in order.</param>
    /// <param name="Facility">Whose system sent it; null when nobody said.</param>
    /// <param name="Location">Where it happened; null when nobody said.</param>
    /// <param name="Warnings">What the sender should know.</param>
    internal sealed record Outcome(string? Occurred, IReadOnlyList<(string Type, JsonObject Who)> People, JsonObject? Facility, JsonObject? Location, IReadOnlyList<Hl7Fault> Warnings);

    /// <summary>Whether messages of a type and event are taken.</summary>
    /// <exception cref="Hl7Exception">They are not: AR.</exception>
    public static void Check(Hl7Message message)
    {
        var (type, trigger) = (message.Type, message.Event);
        if (type is not ("ADT" or "SIU")) throw new Hl7Exception(new Hl7Fault(Hl7Error.UnsupportedType, new("MSH", 1, 9, 1, 1), "This type of message is not taken here; ADT and SIU are."));
        if (type == "ADT" ? !AdtEvents.Contains(trigger) : !SiuEvents.Contains(trigger))
            throw new Hl7Exception(new Hl7Fault(Hl7Error.UnsupportedEvent, new("MSH", 1, 9, 1, 2), $"This event is not taken here; {(type == "ADT" ? "ADT A01 to A62" : "SIU S12 to S24 and S26")} are."));
    }

    static readonly HashSet<string> AdtEvents = [.. Enumerable.Range(1, 62).Where(number => number is not (19 or 56 or 57 or 58 or 59)).Select(number => $"A{number:00}")];
    static readonly HashSet<string> SiuEvents = [.. Enumerable.Range(12, 13).Append(26).Select(number => $"S{number}")];

    /// <summary>Maps a message that was checked.</summary>
    /// <exception cref="Hl7Exception">It cannot be: AE.</exception>
    public static async Task<Outcome> Map(Hl7Message message, ChangeSet changes, DataTypes types)
    {
        var mapping = new Mapping(message, changes, types);
        if (message.Type == "SIU") await mapping.Schedule();
        else await mapping.Administer();
        return new(mapping.occurred?.Instant(types.Zone), await mapping.People(), await mapping.Facility(), await mapping.EventPlace(), mapping.warnings);
    }

    /// <summary>EVN-5; of an appointment who asked for it, is responsible for it and entered it (SCH-12, -16, -20). They are no participants: what is written about them gives nobody access to the patient.</summary>
    async ValueTask<IReadOnlyList<(string Type, JsonObject Who)>> People()
    {
        var people = new List<(string, JsonObject)>();
        var (happened, schedule) = (message.First("EVN"), message.First("SCH"));
        foreach (var (field, type) in new[] { (happened?[5] ?? default, "enterer"), (schedule?[12] ?? default, "author"), (schedule?[16] ?? default, "performer"), (schedule?[20] ?? default, "enterer") })
            if (field.HasValueOrDefault && await Person(field.First) is { } person) people.Add((type, person));
        return people;
    }

    /// <summary>MSH-22 since 2.7, else MSH-4.</summary>
    async ValueTask<JsonObject?> Facility() => message.Header[22].HasValue && await Organization(message.Header[22].First) is { } responsible ? responsible : await Authority(message.Header[4]);

    /// <summary>EVN-7.</summary>
    async ValueTask<JsonObject?> EventPlace()
    {
        if (message.First("EVN") is not { } happened || !happened[7].HasValue) return null;
        var (name, key) = (happened[7][1].Said ?? happened[7][2].Text, new Key(types.Namespaces.SystemOf(happened[7][1].Text, happened[7][2].Text, happened[7][3].Text), happened[7][1].Said ?? happened[7][2].Text));
        var location = await changes.ReadOrBegin("Location", changes.IdOf("Location", "event", key.System, key.Value));
        if (location.IsNew)
        {
            location.Put("identifier", Fhir.Array(DataTypes.Identifier(key)));
            location.Put("name", name);
        }
        return Fhir.Reference(location.Reference, name);
    }

    void Warn(Hl7Error code, Hl7Place place, string what) => warnings.Add(new(code, place, what) { IsWarning = true });

    static Hl7Exception Missing(Hl7Segment segment, int field, string what) => new(new Hl7Fault(Hl7Error.Required, new(segment.Name, segment.Sequence, field), $"{segment.Name}-{field} is missing: {what} was expected."));

    Hl7Exception MissingSegment(string name, string what) => new(new Hl7Fault(Hl7Error.Sequence, new(name), $"The message has no {name} segment: {what} was expected in {message.Type}^{trigger}."));

    /// <summary>A group: a segment and all that belongs to it, until the next of its name.</summary>
    List<List<Hl7Segment>> Groups(string name)
    {
        var groups = new List<List<Hl7Segment>>();
        foreach (var segment in message.Segments)
            if (segment.Name == name) groups.Add([segment]);
            else if (groups.Count > 0) groups[^1].Add(segment);
        return groups;
    }

    /// <summary>XCN to a reference at a Practitioner; of who has no number, the name alone.</summary>
    /// <remarks>The directory is kept by others: somebody who is known is not changed by the way a message writes the name.</remarks>
    async ValueTask<JsonObject?> Person(Hl7Value xcn)
    {
        if (!xcn.HasValue) return null;
        var display = DataTypes.Display(xcn);
        if (types.KeyOfPerson(xcn) is not { } key) return display is null ? null : Fhir.Object(("type", "Practitioner"), ("display", display));
        if (await changes.Find("Practitioner", key, xcn.Place) is { } known) return Fhir.Reference(known.Reference, display);
        var person = await changes.ReadOrBegin("Practitioner", changes.IdOf("Practitioner", key.System, key.Value));
        if (person.IsNew)
        {
            person.Put("identifier", Fhir.Array(DataTypes.Identifier(key, xcn[13].Said)));
            person.Put("name", Fhir.Array(types.HumanName(xcn, from: 2)));
            if (xcn[7].Said is { } degree) person.Put("qualification", new JsonArray(new JsonObject { ["code"] = Fhir.Concept(Tables.TableOf("0360"), degree) }));
            changes.Name(person, key);
        }
        return Fhir.Reference(person.Reference, display);
    }

    /// <summary>XON to a reference at an Organization.</summary>
    async ValueTask<JsonObject?> Organization(Hl7Value xon, Hl7Field? address = null)
    {
        if ((xon[10].Said ?? xon[3].Said) is { } id) return await Organization(new Key(types.Namespaces.SystemOf(xon[6]) ?? types.Namespaces.Sender, id), xon[1].Said, xon[7].Said, address);
        return xon[1].Said is { } name ? await Organization(null, name, null, address) : null;
    }

    /// <summary>HD to a reference at an Organization.</summary>
    async ValueTask<JsonObject?> Authority(Hl7Field hd) => !hd.HasValue ? null
        : await Organization(new Key(types.Namespaces.SystemOf(hd[1].Text, hd[2].Text, hd[3].Text), hd[1].Said ?? hd[2].Text), hd[1].Said, null, null);

    async ValueTask<JsonObject?> Organization(Key? key, string? name, string? type, Hl7Field? address)
    {
        if (key is { } sought && await changes.Find("Organization", sought, default) is { } known) return Fhir.Reference(known.Reference, name);
        var organization = await changes.ReadOrBegin("Organization", key is { } one ? changes.IdOf("Organization", one.System, one.Value) : changes.IdOf("Organization", types.Namespaces.Sender, "", name));
        if (organization.IsNew)
        {
            if (key is { } said)
            {
                organization.Put("identifier", Fhir.Array(DataTypes.Identifier(said, type)));
                changes.Name(organization, said);
            }
            // org-1: what has no identifier has a name.
            organization.Put("name", name);
            if (address is { } at) organization.Put("address", Fhir.Array(at.Repetitions.Select(value => (JsonNode?)types.Address(value))));
        }
        return Fhir.Reference(organization.Reference, name);
    }

    static readonly (int Component, string Code, string Display)[] Levels = [(4, "si", "Site"), (7, "bu", "Building"), (8, "lvl", "Level"), (1, "wa", "Ward"), (2, "ro", "Room"), (3, "bd", "Bed")];

    /// <summary>PL to a reference at the innermost Location, which is part of those around it.</summary>
    async ValueTask<JsonObject?> Place(Hl7Value pl)
    {
        Edited? around = null;
        var path = new List<string>();
        foreach (var (component, code, display) in Levels)
        {
            if (pl[component].Said is not { } name) continue;
            path.Add($"{code}:{name}");
            var location = await changes.ReadOrBegin("Location", changes.IdOf("Location", [types.Namespaces.Sender, .. path]));
            if (location.IsNew && !location.Resource.ContainsKey("name"))
            {
                location.Put("identifier", Fhir.Array(DataTypes.Identifier(new(types.Namespaces.SystemOf("", pl[component].Sub(2).Text, pl[component].Sub(3).Text) ?? types.Namespaces.Sender, name))));
                location.Put("name", name);
                location.Put("mode", "instance");
                location.Put("physicalType", Fhir.Concept("http://terminology.hl7.org/CodeSystem/location-physical-type", code, display));
                if (around is not null) location.Put("partOf", Fhir.Reference(around.Reference));
            }
            around = location;
        }
        if (around is null)
        {
            if ((pl[9].Said ?? pl[10].Said) is not { } described) return null;
            around = await changes.ReadOrBegin("Location", changes.IdOf("Location", types.Namespaces.Sender, "", described));
            if (around.IsNew) around.Put("name", described);
        }
        else if (around.IsNew)
        {
            around.Put("description", pl[9].Said);
            if (pl[10][1].Said is { } whole) around.Identify(DataTypes.Identifier(new(types.Namespaces.SystemOf(pl[10].Sub(2).Text, pl[10].Sub(3).Text, pl[10].Sub(4).Text) ?? types.Namespaces.Sender, whole)));
        }
        return Fhir.Reference(around.Reference, around.Resource.Text("name"));
    }
}
