using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Details;

/// <summary>What patients may change of their own Patient resource, as the fields of a form. Whatever is not in a field stays as it is stored, to the letter.</summary>
static partial class PatientDetails
{
    /// <summary>Names of the fields.</summary>
    public const string Phone = "phone", Email = "email", Street = "street", PostalCode = "postal-code", City = "city", Country = "country", Language = "preferred-language", Interpreter = "interpreter",
        KinName = "kin-name", KinRelation = "kin-relation", KinPhone = "kin-phone";

    /// <summary>All fields, in the order of the form.</summary>
    public static readonly string[] Fields = [Phone, Email, Street, PostalCode, City, Country, Language, Interpreter, KinName, KinRelation, KinPhone];

    /// <summary>Relations, as codes of v3-RoleCode.</summary>
    public static readonly string[] Relations = ["SPS", "DOMPART", "PRN", "CHILD", "SIB", "EXT", "FRND", "NBOR", "GUARD"];

    /// <summary>Languages to choose from, as BCP 47 codes: those spoken most where the portal runs.</summary>
    public static readonly string[] Languages = ["en", "da", "et", "ko", "ar", "bg", "zh", "cs", "nl", "fi", "fr", "de", "el", "hu", "is", "it", "ja", "lv", "lt", "nb", "pl", "pt", "ro", "ru", "es", "sv", "tr", "uk", "vi"];

    const string InterpreterExtension = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired", RoleCode = "http://terminology.hl7.org/CodeSystem/v3-RoleCode", NextOfKin = "N";
    const string ContactRole = "http://terminology.hl7.org/CodeSystem/v2-0131";

    [GeneratedRegex(@"^\+?[\d\s().\-/]{3,40}$", RegexOptions.CultureInvariant)]
    private static partial Regex PhoneNumber();

    [GeneratedRegex(@"^[^\s@<>""(),:;\[\]\\]+@[^\s@<>""(),:;\[\]\\]+\.[^\s@<>""(),:;\[\]\\.]{2,}$", RegexOptions.CultureInvariant)]
    private static partial Regex EmailAddress();

    /// <summary>The fields of a Patient, empty where nothing is said.</summary>
    public static Dictionary<string, string> Values(JsonElement patient)
    {
        var address = patient.ItemsAt("address").FirstOrDefault(IsCurrent);
        var language = patient.ItemsAt("communication").OrderBy(one => one.At("preferred").ValueKind == JsonValueKind.True ? 0 : 1).FirstOrDefault();
        var kin = Kin(patient);
        return new(StringComparer.Ordinal)
        {
            [Phone] = Contact(patient, "phone"), [Email] = Contact(patient, "email"),
            [Street] = string.Join('\n', address.ItemsAt("line").Select(line => line.AsText()).OfType<string>()) is { Length: > 0 } lines ? lines : address.TextAt("city") is null ? address.TextAt("text") ?? "" : "",
            [PostalCode] = address.TextAt("postalCode") ?? "", [City] = address.TextAt("city") ?? "", [Country] = address.TextAt("country") ?? "",
            [Language] = Codes.Code(language.At("language")) ?? "",
            [Interpreter] = patient.ItemsAt("extension").FirstOrDefault(extension => extension.TextAt("url") == InterpreterExtension).TextAt("valueBoolean") switch { "true" => "yes", "false" => "no", _ => "" },
            [KinName] = kin.At("name").Exists() ? Names.OfPerson(kin) : "",
            [KinRelation] = kin.ItemsAt("relationship").SelectMany(relation => relation.ItemsAt("coding")).Select(coding => coding.TextAt("code")).FirstOrDefault(code => Relations.Contains(code)) ?? "",
            [KinPhone] = Contact(kin, "phone"),
        };
    }

    static bool IsCurrent(JsonElement element) => element.TextAt("use") is not "old" && element.At("period").TextAt("end") is null;

    static string Contact(JsonElement parent, string system) => parent.ItemsAt("telecom").FirstOrDefault(contact => contact.TextAt("system") == system && IsCurrent(contact)).TextAt("value") ?? "";

    // The one marked as next of kin, else the first person.
    static JsonElement Kin(JsonElement patient) => patient.ItemsAt("contact").OrderBy(contact => contact.ItemsAt("relationship").Any(relation => Codes.Has(relation, NextOfKin)) ? 0 : 1).FirstOrDefault(IsCurrent);

    /// <summary>Reads the form; faults are noted in it.</summary>
    /// <param name="form">What was posted.</param>
    /// <param name="stored">The fields as they are stored: what stands there may stay, even where a new value would be refused.</param>
    public static Dictionary<string, string> Read(Form form, IReadOnlyDictionary<string, string> stored)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Phone] = form.Text(Phone, 60, isRequired: false), [Email] = form.Text(Email, 254, isRequired: false), [Street] = form.Text(Street, 500, isRequired: false), [PostalCode] = form.Text(PostalCode, 20, isRequired: false),
            [City] = form.Text(City, 100, isRequired: false), [Country] = form.Text(Country, 100, isRequired: false), [Language] = form.Choice(Language, Languages.Append(stored[Language]), isRequired: false),
            [Interpreter] = form.Choice(Interpreter, ["yes", "no"], isRequired: false), [KinName] = form.Text(KinName, 200, isRequired: form[KinPhone].Trim().Length > 0 || form[KinRelation].Length > 0),
            [KinRelation] = form.Choice(KinRelation, Relations, isRequired: false), [KinPhone] = form.Text(KinPhone, 60, isRequired: false),
        };
        foreach (var field in (string[])[Phone, KinPhone])
            if (values[field].Length > 0 && values[field] != stored[field] && !PhoneNumber().IsMatch(values[field])) form.Fail(field, Words.Of("error no phone"));
        if (values[Email].Length > 0 && values[Email] != stored[Email] && !EmailAddress().IsMatch(values[Email])) form.Fail(Email, Words.Of("error no email"));
        return values;
    }

    /// <summary>Puts the fields that changed into the stored resource, each where it stood; nothing else is touched.</summary>
    /// <param name="patient">The stored resource.</param>
    /// <param name="stored">Its fields.</param>
    /// <param name="wanted">As they shall be.</param>
    public static void Apply(JsonObject patient, IReadOnlyDictionary<string, string> stored, IReadOnlyDictionary<string, string> wanted)
    {
        foreach (var (field, system) in ((string, string)[])[(Phone, "phone"), (Email, "email")])
            if (Changed(field)) SetContact(patient, system, wanted[field]);
        if (Changed(Street) || Changed(PostalCode) || Changed(City) || Changed(Country)) SetAddress();
        if (Changed(Language)) SetLanguage(wanted[Language]);
        if (Changed(Interpreter)) SetInterpreter(wanted[Interpreter]);
        if (Changed(KinName) || Changed(KinRelation) || Changed(KinPhone)) SetKin();

        bool Changed(string field) => stored[field] != wanted[field];

        void SetAddress()
        {
            var addresses = List(patient, "address");
            var address = addresses.OfType<JsonObject>().FirstOrDefault(IsCurrentNode);
            if (address is null) addresses.Add(address = new() { ["use"] = "home" });
            // A written-out address would contradict the parts.
            address.Remove("text");
            if (Changed(Street))
            {
                address.Remove("_line");
                Set(address, "line", wanted[Street].Length == 0 ? null : new JsonArray([.. wanted[Street].Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(line => JsonValue.Create(line))]));
            }
            foreach (var (field, name) in ((string, string)[])[(PostalCode, "postalCode"), (City, "city"), (Country, "country")])
                if (Changed(field)) Set(address, name, Text(wanted[field]));
            if (!address.Any(member => member.Key is not ("use" or "type"))) Remove(patient, "address", addresses, address);
        }

        void SetLanguage(string code)
        {
            var spoken = List(patient, "communication");
            var preferred = spoken.OfType<JsonObject>().OrderBy(one => one["preferred"]?.ToString() == "true" ? 0 : 1).FirstOrDefault();
            if (code.Length == 0)
            {
                if (preferred is not null) Remove(patient, "communication", spoken, preferred);
                return;
            }
            foreach (var one in spoken.OfType<JsonObject>()) one.Remove("preferred");
            var same = spoken.OfType<JsonObject>().FirstOrDefault(one => (one["language"]?["coding"] as JsonArray)?.OfType<JsonObject>().Any(coding => coding["code"]?.ToString() == code) == true);
            if (same is null) spoken.Insert(0, same = new() { ["language"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "urn:ietf:bcp:47", ["code"] = code }) } });
            same["preferred"] = true;
        }

        void SetInterpreter(string answer)
        {
            var extensions = List(patient, "extension");
            var extension = extensions.OfType<JsonObject>().FirstOrDefault(one => one["url"]?.ToString() == InterpreterExtension);
            if (answer.Length == 0)
            {
                if (extension is not null) Remove(patient, "extension", extensions, extension);
                return;
            }
            if (extension is null) extensions.Add(extension = new() { ["url"] = InterpreterExtension });
            extension["valueBoolean"] = answer == "yes";
        }

        void SetKin()
        {
            var contacts = List(patient, "contact");
            var kin = contacts.OfType<JsonObject>().Where(IsCurrentNode).OrderBy(one => RelationCodings(one).Any(coding => coding["code"]?.ToString() == NextOfKin) ? 0 : 1).FirstOrDefault();
            if (wanted[KinName].Length == 0)
            {
                if (kin is not null) Remove(patient, "contact", contacts, kin);
                return;
            }
            if (kin is null) contacts.Add(kin = new() { ["relationship"] = new JsonArray(new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = ContactRole, ["code"] = NextOfKin }) }) });
            if (Changed(KinName)) kin["name"] = new JsonObject { ["text"] = wanted[KinName] };
            if (Changed(KinRelation))
            {
                var relations = List(kin, "relationship");
                foreach (var coding in RelationCodings(kin).Where(coding => Relations.Contains(coding["code"]?.ToString())).ToList())
                {
                    var codings = (JsonArray)coding.Parent!;
                    codings.Remove(coding);
                    if (codings.Count == 0 && codings.Parent is JsonObject { Parent: JsonArray } concept) relations.Remove(concept);
                }
                if (wanted[KinRelation].Length > 0) relations.Add(new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = RoleCode, ["code"] = wanted[KinRelation] }) });
                if (relations.Count == 0) kin.Remove("relationship");
            }
            if (Changed(KinPhone)) SetContact(kin, "phone", wanted[KinPhone]);
        }
    }

    static IEnumerable<JsonObject> RelationCodings(JsonObject contact) =>
        (contact["relationship"] as JsonArray)?.OfType<JsonObject>().SelectMany(relation => (relation["coding"] as JsonArray)?.OfType<JsonObject>() ?? []) ?? [];

    static void SetContact(JsonObject parent, string system, string value)
    {
        var contacts = List(parent, "telecom");
        var contact = contacts.OfType<JsonObject>().FirstOrDefault(one => one["system"]?.ToString() == system && IsCurrentNode(one));
        if (value.Length == 0)
        {
            if (contact is not null) Remove(parent, "telecom", contacts, contact);
            else if (contacts.Count == 0) parent.Remove("telecom");
            return;
        }
        if (contact is null) contacts.Add(contact = new() { ["system"] = system });
        contact["value"] = value;
    }

    static bool IsCurrentNode(JsonObject element) => element["use"]?.ToString() != "old" && element["period"]?["end"] is null;

    static JsonArray List(JsonObject parent, string name)
    {
        if (parent[name] is not JsonArray list) parent[name] = list = [];
        return list;
    }

    // FHIR has no empty arrays.
    static void Remove(JsonObject parent, string name, JsonArray list, JsonNode item)
    {
        list.Remove(item);
        if (list.Count == 0) parent.Remove(name);
    }

    static void Set(JsonObject parent, string name, JsonNode? value)
    {
        parent.Remove($"_{name}");
        if (value is null) parent.Remove(name);
        else parent[name] = value;
    }

    static JsonValue? Text(string value) => value.Length == 0 ? null : JsonValue.Create(value);

    /// <summary>A language by its own name, as its speakers look for it.</summary>
    public static string NameOf(string language)
    {
        try
        {
            var culture = CultureInfo.GetCultureInfo(language, predefinedOnly: true);
            return culture.TextInfo.ToTitleCase(culture.NativeName);
        }
        catch (CultureNotFoundException)
        {
            return language;
        }
    }
}
