using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Care.Hl7;

/// <summary>A system and a value: what an identifier is found by.</summary>
readonly record struct Key(string? System, string Value);

/// <summary>Data types of HL7 v2 in FHIR. Source: HL7 v2-to-FHIR, data type maps.</summary>
/// <param name="namespaces">Of the sender.</param>
/// <param name="zone">Of times without offset.</param>
sealed class DataTypes(Namespaces namespaces, Hl7Zone zone)
{
    const string IdentifierType = "0203", Extensions = "http://hl7.org/fhir/StructureDefinition/";

    /// <summary>Of times without offset.</summary>
    public Hl7Zone Zone => zone;
    /// <summary>Of the sender.</summary>
    public Namespaces Namespaces => namespaces;

    /// <summary>A code: no blanks at its ends, none doubled.</summary>
    static string? Code(string text) => text.Length == 0 ? null : string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>dateTime; null when nothing was sent.</summary>
    public string? DateTime(Hl7Value value) => Hl7Time.Read(value)?.DateTime(zone);
    /// <summary>date; null when nothing was sent.</summary>
    public static string? Date(Hl7Value value) => Hl7Time.Read(value)?.Date;

    /// <summary>A Period of two times; of one that ends before it begins, nothing is kept.</summary>
    public JsonObject? Period(Hl7Value start, Hl7Value end)
    {
        var (from, to) = (Hl7Time.Read(start), Hl7Time.Read(end));
        if (from is { } one && to is { } other && one.At(zone) > other.At(zone)) return null;
        return Fhir.Object(("start", from?.DateTime(zone)), ("end", to?.DateTime(zone)));
    }

    /// <summary>What a CX is found by; null when it has no value.</summary>
    public Key? KeyOf(Hl7Value cx) => cx[1].Said is { } value ? new Key(namespaces.SystemOf(cx[4]) ?? namespaces.Sender, value) : null;
    /// <summary>What an EI is found by; null when it has no value.</summary>
    public Key? KeyOfEntity(Hl7Value ei) => ei[1].Said is { } value ? new Key(namespaces.SystemOf(ei[2].Text, ei[3].Text, ei[4].Text) ?? namespaces.Sender, value) : null;
    /// <summary>What an XCN is found by; null when it has no value.</summary>
    public Key? KeyOfPerson(Hl7Value xcn) => xcn[1].Said is { } value ? new Key(namespaces.SystemOf(xcn[9]) ?? namespaces.Sender, value) : null;

    /// <summary>CX to Identifier.</summary>
    /// <param name="cx">The value.</param>
    /// <param name="type">Of table 0203, where CX.5 says none.</param>
    public JsonObject? Identifier(Hl7Value cx, string? type = null) => KeyOf(cx) is not { } key ? null : Identifier(key, cx[5].Said ?? type, Period(cx[7], cx[8]),
        Fhir.Array(Fhir.Extension(Extensions + "identifier-checkDigit", "valueString", cx[2].Said)));

    /// <summary>EI to Identifier.</summary>
    public JsonObject? EntityIdentifier(Hl7Value ei, string? type = null) => KeyOfEntity(ei) is { } key ? Identifier(key, type) : null;

    /// <summary>An Identifier.</summary>
    public static JsonObject Identifier(Key key, string? type = null, JsonObject? period = null, JsonArray? extensions = null) => Fhir.Object(
        ("extension", extensions), ("type", Code(type ?? "") is { } code ? Fhir.Concept(Tables.TableOf(IdentifierType), code) : null), ("system", key.System), ("value", key.Value), ("period", period))!;

    /// <summary>XPN to HumanName; with <paramref name="from"/> 2, the same of an XCN.</summary>
    public JsonObject? HumanName(Hl7Value xpn, int from = 1)
    {
        Hl7Value Part(int number) => xpn[number + from - 1];
        var isPerson = from == 2;
        var use = (isPerson ? xpn[10] : xpn[7]).Text;
        // The second and further given names may be one text.
        var name = Fhir.Object(
            ("use", Tables.NameUse.GetValueOrDefault(use)), ("family", Part(1).Sub(1).Said),
            ("given", Fhir.Texts(Part(2).Said, Part(3).Said)), ("prefix", Fhir.Texts(Part(5).Said)),
            ("suffix", isPerson ? Fhir.Texts(Part(4).Said, xpn[21].Said) : Fhir.Texts(Part(4).Said, Part(6).Said, xpn[14].Said)),
            ("period", isPerson ? Period(xpn[19], xpn[20]) : Period(xpn[12], xpn[13]) ?? Period(xpn[10].Sub(1), xpn[10].Sub(2))));
        return name is null || name.Count == 1 && name.ContainsKey("use") ? null : name;
    }

    /// <summary>The name as people write it.</summary>
    public static string? Display(Hl7Value xcn, int from = 2) => string.Join(' ', new[] { xcn[from + 4].Text, xcn[from + 1].Text, xcn[from + 2].Text, xcn[from].Sub(1).Text, xcn[from + 3].Text }.Where(part => part.Length > 0)) is { Length: > 0 } display ? display : null;

    /// <summary>XAD to Address.</summary>
    /// <param name="xad">The value.</param>
    /// <param name="district">Of an older field of its own (PID-12).</param>
    public JsonObject? Address(Hl7Value xad, string? district = null)
    {
        var type = xad[7].Text;
        // XAD.1 is SAD since 2.3: the line, the street and the number, which the line repeats or not.
        var street = xad[1].Sub(1).Said;
        var address = Fhir.Object(
            ("use", Tables.AddressUse.GetValueOrDefault(type)), ("type", Tables.AddressType.GetValueOrDefault(type)),
            ("line", Fhir.Texts(street, xad[1].Sub(2).Said, xad[1].Sub(3).Said, xad[2].Said, xad[19].Said)),
            ("city", xad[3].Said), ("district", xad[9].Said ?? district), ("state", xad[4].Said), ("postalCode", xad[5].Said), ("country", xad[6].Said),
            ("period", Period(xad[13], xad[14]) ?? Period(xad[12].Sub(1), xad[12].Sub(2))));
        return address is null || address.All(member => member.Key is "use" or "type" or "period") ? null : address;
    }

    /// <summary>XTN to ContactPoint.</summary>
    /// <param name="xtn">The value.</param>
    /// <param name="use">Of its field, where XTN.2 says none.</param>
    public JsonObject? ContactPoint(Hl7Value xtn, string? use = null)
    {
        var (equipment, isMail) = (xtn[3].Text, xtn[3].Text.ToUpperInvariant() is "INTERNET" or "X.400" || xtn[2].Text.Equals("NET", StringComparison.OrdinalIgnoreCase));
        var (number, mail) = (xtn[1].Said, xtn[4].Said);
        if (mail is null && number?.Contains('@', StringComparison.Ordinal) == true) (mail, number) = (number, null);
        var local = xtn[7].Said is null ? null : string.Join(' ', new[] { xtn[5].Said is { } country ? $"+{country.TrimStart('+')}" : null, xtn[6].Said, xtn[7].Said, xtn[8].Said is { } extension ? $"X{extension}" : null }.OfType<string>());
        var value = isMail ? mail ?? xtn[12].Said ?? number : xtn[12].Said ?? number ?? local ?? mail;
        if (value is null) return null;
        var system = isMail || value == mail ? "email" : Tables.TelecomSystem.GetValueOrDefault(equipment, "phone");
        return Fhir.Object(("system", system), ("value", value),
            ("use", equipment.Equals("CP", StringComparison.OrdinalIgnoreCase) && system == "phone" ? "mobile" : Tables.TelecomUse.GetValueOrDefault(xtn[2].Text) ?? use),
            ("rank", PositiveInt(xtn[18].Text)), ("period", Period(xtn[13], xtn[14])));
    }

    /// <summary>A number above 0; null for anything else.</summary>
    public static JsonNode? PositiveInt(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? JsonValue.Create(number) : null;

    /// <summary>CE, CF, CNE, CWE, IS or ID to CodeableConcept.</summary>
    /// <param name="cwe">The value.</param>
    /// <param name="meanings">What codes of the field's own table are in FHIR.</param>
    /// <param name="table">The field's own table: the system of a code that names none. Null where it has none.</param>
    public static JsonObject? Concept(Hl7Value cwe, IReadOnlyDictionary<string, Tables.Meaning>? meanings = null, string? table = null)
    {
        var codings = new List<JsonObject?>();
        if (meanings is not null && IsOfTable(cwe[3].Text) && meanings.TryGetValue(cwe[1].Text, out var meaning)) codings.Add(Coding(meaning));
        else codings.Add(Coding(cwe[1], cwe[2], cwe[3], cwe[7], cwe[14], table));
        codings.Add(Coding(cwe[4], cwe[5], cwe[6], cwe[8], cwe[17], null));
        codings.Add(Coding(cwe[10], cwe[11], cwe[12], cwe[13], cwe[20], null));
        var coding = Fhir.Array(codings);
        return Fhir.Object(("coding", coding), ("text", cwe[9].Said ?? (coding is null || cwe[1].Said is null ? cwe[2].Said : null)));
    }

    /// <summary>A field that names another system than the one its table has means that one.</summary>
    static bool IsOfTable(string system) => system.Length == 0 || system.StartsWith("HL7", StringComparison.OrdinalIgnoreCase) || system == "L";

    /// <summary>A coding of what a code of a table means.</summary>
    public static JsonObject Coding(Tables.Meaning meaning) => Fhir.Object(("system", meaning.System), ("code", meaning.Code), ("display", meaning.Display))!;

    static JsonObject? Coding(Hl7Value code, Hl7Value display, Hl7Value system, Hl7Value version, Hl7Value oid, string? table) => Code(code.Text) is not { } said ? null : Fhir.Object(
        ("system", Namespaces.IsOid(oid.Text) ? $"urn:oid:{oid.Text}" : system.Text.Length > 0 ? Tables.SystemOf(system.Text) : table is null ? null : Tables.TableOf(table)),
        ("version", version.Said), ("code", said), ("display", display.Said));

    /// <summary>Number and unit (NM with OBX-6) to Quantity; null when it is no number.</summary>
    public static JsonObject? Quantity(string number, Hl7Value unit, string? comparator = null)
    {
        if (Number(number) is not { } value) return null;
        var (code, name) = (Code(unit[1].Text), unit[2].Said ?? unit[1].Said);
        // ISO+ and UCUM are told apart by their name; of what has none, it is a text.
        var system = unit[3].Text.ToUpperInvariant() is "UCUM" ? Tables.SystemOf("UCUM") : null;
        return Fhir.Object(("value", value), ("comparator", comparator), ("unit", name), ("system", system), ("code", system is null ? null : code));
    }

    /// <summary>A decimal as it was written, without what JSON does not know; null when it is none.</summary>
    public static JsonNode? Number(string text)
    {
        text = text.Trim().TrimStart('+');
        if (text.StartsWith('.')) text = "0" + text;
        if (text.StartsWith("-.", StringComparison.Ordinal)) text = "-0" + text[1..];
        text = text.TrimEnd('.');
        var sign = text.StartsWith('-') ? "-" : "";
        var digits = text[sign.Length..].TrimStart('0');
        text = sign + (digits.Length == 0 || digits[0] == '.' ? "0" : "") + digits;
        return text.Length <= 40 && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _) ? JsonNode.Parse(text) : null;
    }

    /// <summary>Y or N; null for anything else.</summary>
    public static JsonNode? YesNo(string text) => text.ToUpperInvariant() switch { "Y" or "YES" or "T" or "1" => JsonValue.Create(true), "N" or "NO" or "F" or "0" => JsonValue.Create(false), _ => null };
}
