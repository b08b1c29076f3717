using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Wishes;

/// <summary>What a patient decides about.</summary>
public enum WishKind { OrganDonation, Treatment }

/// <summary>A will of a patient as the fields of its form: an R4 Consent of scope adr (advance care directive).</summary>
/// <remarks>Categories: LOINC 59284-0 (consent document) for both, and 75781-5 (thoughts on organ and tissue donation) or acd (advance directive). What was decided stands in <c>provision</c>: permit or deny with the
/// code of the treatment or organ; what FHIR has no code for (that relatives decide, that nothing is decided yet) has one of ours. Free text is the source of the consent.</remarks>
static class Wish
{
    const string Loinc = "http://loinc.org", Snomed = "http://snomed.info/sct", Ours = "urn:tervik:wish", ConsentCategory = "http://terminology.hl7.org/CodeSystem/consentcategorycodes";
    const string ConsentDocument = "59284-0", OrganDonation = "75781-5", AdvanceDirective = "acd", Representative = "representative";

    /// <summary>Names of the fields.</summary>
    public const string Choice = "choice", Resuscitation = "cpr", IntensiveCare = "intensive-care", RepresentativeName = "representative-name", RepresentativePhone = "representative-phone", Text = "text";

    /// <summary>What can be chosen about donation.</summary>
    public static readonly string[] DonationChoices = ["all", "some", "none", "relatives"];

    /// <summary>What can be chosen about a treatment.</summary>
    public static readonly string[] TreatmentChoices = ["yes", "no", "undecided"];

    /// <summary>Organs and tissues by the name of their field, with their SNOMED CT code.</summary>
    public static readonly (string Field, string Code)[] Organs =
    [
        ("organ-heart", "80891009"), ("organ-lungs", "39607008"), ("organ-liver", "10200004"), ("organ-kidneys", "64033007"), ("organ-pancreas", "15776009"), ("organ-intestine", "30315005"),
        ("organ-corneas", "28726007"), ("organ-valves", "17401000"), ("organ-skin", "39937001"),
    ];

    static readonly (string Field, string Code)[] Treatments = [(Resuscitation, "89666000"), (IntensiveCare, "305351004")];

    /// <summary>What a Consent is about; null for one that is no wish of this page.</summary>
    public static WishKind? KindOf(JsonElement consent)
    {
        var categories = consent.ItemsAt("category").ToList();
        if (categories.Any(category => Codes.Has(category, OrganDonation))) return WishKind.OrganDonation;
        return Codes.Has(consent.At("scope"), "adr") && categories.Any(category => Codes.Has(category, AdvanceDirective, ConsentDocument)) ? WishKind.Treatment : null;
    }

    /// <summary>The fields of a Consent, each absent where it says nothing.</summary>
    public static Dictionary<string, string> Values(JsonElement consent)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var provision = consent.At("provision");
        foreach (var part in provision.ItemsAt("provision").Prepend(provision))
        {
            foreach (var (field, code) in Treatments)
                if (part.ItemsAt("code").Any(concept => Codes.Has(concept, code))) values[field] = part.TextAt("type") switch { "permit" => "yes", "deny" => "no", _ => "undecided" };
            foreach (var (field, code) in Organs)
                if (part.ItemsAt("code").Any(concept => Codes.Has(concept, code)) && part.TextAt("type") != "deny") values[field] = "yes";
        }
        if (DonationChoices.FirstOrDefault(choice => provision.ItemsAt("code").Any(concept => Codes.Has(concept, choice))) is { } chosen) values[Choice] = chosen;
        // Written elsewhere: permit and deny alone say enough.
        else if (KindOf(consent) == WishKind.OrganDonation && provision.TextAt("type") is { } type) values[Choice] = type == "deny" ? "none" : values.Count > 0 ? "some" : "all";
        foreach (var contained in consent.ItemsAt("contained"))
            if (contained.TextAt("id") == Representative)
            {
                if (contained.FirstAt("name").TextAt("text") is { } name) values[RepresentativeName] = name;
                if (contained.FirstAt("telecom").TextAt("value") is { } phone) values[RepresentativePhone] = phone;
            }
        if (consent.At("sourceAttachment").TextAt("data") is { } data && Decoded(data) is { } text) values[Text] = text;
        return values;
    }

    static string? Decoded(string data)
    {
        var bytes = new byte[data.Length];
        return Convert.TryFromBase64String(data, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    /// <summary>Reads the form; faults are noted in it.</summary>
    public static Dictionary<string, string> Read(WishKind kind, Form form)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (kind == WishKind.OrganDonation)
        {
            Set(Choice, form.Choice(Choice, DonationChoices));
            if (values.GetValueOrDefault(Choice) == "some")
            {
                foreach (var (field, _) in Organs)
                    if (form[field] == "yes") values[field] = "yes";
                if (values.Count == 1) form.Fail(Organs[0].Field, Words.Of("choose an organ"));
            }
        }
        else
        {
            foreach (var (field, _) in Treatments) Set(field, form.Choice(field, TreatmentChoices));
            Set(RepresentativeName, form.Text(RepresentativeName, 200, isRequired: form[RepresentativePhone].Trim().Length > 0));
            Set(RepresentativePhone, form.Text(RepresentativePhone, 50, isRequired: false));
        }
        Set(Text, form.Text(Text, 5000, isRequired: false));
        return values;

        void Set(string field, string value)
        {
            if (value.Length > 0) values[field] = value;
        }
    }

    /// <summary>The Consent that says these values. The day stands without a time, so that a form sent twice says the same.</summary>
    public static JsonObject Write(WishKind kind, IReadOnlyDictionary<string, string> values, string patient, string patientName, string today)
    {
        var who = new JsonObject { ["reference"] = $"Patient/{patient}", ["display"] = patientName };
        var consent = new JsonObject
        {
            ["resourceType"] = "Consent", ["status"] = "active",
            ["scope"] = Concept("http://terminology.hl7.org/CodeSystem/consentscope", "adr"),
            ["category"] = new JsonArray(Concept(Loinc, ConsentDocument), kind == WishKind.OrganDonation ? Concept(Loinc, OrganDonation) : Concept(ConsentCategory, AdvanceDirective)),
            ["patient"] = who, ["dateTime"] = today, ["performer"] = new JsonArray(who.DeepClone()),
            ["policyRule"] = Concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        };
        var provision = new JsonObject();
        if (kind == WishKind.OrganDonation)
        {
            var choice = values[Choice];
            if (choice != "relatives") provision["type"] = choice == "none" ? "deny" : "permit";
            provision["code"] = new JsonArray([Concept(Ours, choice), .. Organs.Where(organ => values.ContainsKey(organ.Field)).Select(organ => Concept(Snomed, organ.Code))]);
        }
        else
        {
            var parts = new JsonArray();
            foreach (var (field, code) in Treatments)
            {
                var part = new JsonObject();
                if (values[field] != "undecided") part["type"] = values[field] == "yes" ? "permit" : "deny";
                part["code"] = new JsonArray(Concept(Snomed, code));
                parts.Add(part);
            }
            provision["provision"] = parts;
            if (values.TryGetValue(RepresentativeName, out var name))
            {
                var person = new JsonObject { ["resourceType"] = "RelatedPerson", ["id"] = Representative, ["patient"] = who.DeepClone(), ["name"] = new JsonArray(new JsonObject { ["text"] = name }) };
                if (values.TryGetValue(RepresentativePhone, out var phone)) person["telecom"] = new JsonArray(new JsonObject { ["system"] = "phone", ["value"] = phone });
                consent["contained"] = new JsonArray(person);
                provision["actor"] = new JsonArray(new JsonObject { ["role"] = Concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "HPOWATT"), ["reference"] = new JsonObject { ["reference"] = $"#{Representative}", ["display"] = name } });
            }
        }
        consent["provision"] = provision;
        if (values.TryGetValue(Text, out var text)) consent["sourceAttachment"] = new JsonObject { ["contentType"] = "text/plain;charset=utf-8", ["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) };
        return consent;
    }

    static JsonObject Concept(string system, string code) => new() { ["coding"] = new JsonArray(new JsonObject { ["system"] = system, ["code"] = code }) };
}
