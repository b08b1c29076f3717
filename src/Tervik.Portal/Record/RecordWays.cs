namespace Tervik.Portal.Record;

/// <summary>The ways into a record: every page about a patient, in groups. A page that does not exist has no entry here.</summary>
static class RecordWays
{
    /// <param name="Key">Names the page: the words <c>page {Key}</c>, and what <see cref="RecordFrame"/> calls current.</param>
    /// <param name="Path">Below <c>/patients/{id}</c>.</param>
    /// <param name="For">Who has it: the patients themselves, professionals, or both (null).</param>
    /// <param name="Of">Whose record has it, when a patient reads: the own, those of one's children too, or any.</param>
    public sealed record Way(string Key, string Path, Face? For = null, Whose Of = Whose.Any);

    /// <summary>Whose record a patient reads.</summary>
    public enum Whose { Any, Child, Own }

    /// <summary>The two faces of the portal.</summary>
    public enum Face { Patient, Professional }

    /// <summary>Groups by the words of their heading.</summary>
    public static readonly (string Group, Way[] Ways)[] All =
    [
        ("group overview", [new("summary", ""), new("flowsheet", "/flowsheet", Face.Professional), new("timeline", "/timeline"), new("handover", "/handover", Face.Professional), new("apps", "/apps"), new("emergency", "/emergency", Face.Professional)]),
        ("group write",
        [
            new("new-note", "/new/note", Face.Professional), new("new-diagnosis", "/new/diagnosis", Face.Professional), new("new-prescription", "/new/prescription", Face.Professional),
            new("new-observation", "/new/observation", Face.Professional), new("new-allergy", "/new/allergy", Face.Professional), new("new-vaccination", "/new/vaccination", Face.Professional),
            new("new-order", "/new/order", Face.Professional), new("refer", "/referrals/new", Face.Professional),
        ]),
        ("group health",
        [
            new("conditions", "/conditions"), new("medication", "/medication"), new("allergies", "/allergies"), new("results", "/results"), new("vaccinations", "/vaccinations"),
            new("procedures", "/procedures"), new("imaging", "/imaging"), new("documents", "/documents"),
        ]),
        ("group care", [new("appointments", "/appointments"), new("encounters", "/encounters"), new("referrals", "/referrals"), new("pathways", "/pathways"), new("care-team", "/care-team"), new("messages", "/messages")]),
        ("group own",
        [
            new("access", "/access", Of: Whose.Child), new("sharing", "/sharing", Face.Patient, Whose.Own), new("family", "/family", Face.Patient, Whose.Own), new("wishes", "/wishes"),
            new("details", "/details", Face.Patient, Whose.Own),
            new("download", "/download"),
        ]),
    ];

    /// <summary>The groups that one face has.</summary>
    /// <param name="face">Patient or professional.</param>
    /// <param name="whose">For a patient: whose record it is.</param>
    public static IEnumerable<(string Group, IEnumerable<Way> Ways)> Of(Face face, Whose whose = Whose.Own) => All
        .Select(group => (group.Group, Ways: group.Ways.Where(way => (way.For is null || way.For == face) && (face == Face.Professional || way.Of <= whose))))
        .Where(group => group.Ways.Any());
}
