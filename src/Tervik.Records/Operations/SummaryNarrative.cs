using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;

namespace Tervik.Records.Operations;

/// <summary>The readable part: a table for each section, a line for each entry, in XHTML.</summary>
/// <param name="find">The resource at an address of the document; null when there is none.</param>
sealed class SummaryNarrative(Func<string, JsonObject?> find)
{
    const string Xhtml = "http://www.w3.org/1999/xhtml";

    /// <summary>Column and what stands in it, for one kind of entry.</summary>
    delegate string? Cell(JsonObject resource);

    (string Head, Cell Of)[] Columns(string type) => type switch
    {
        "AllergyIntolerance" => [("Allergy", r => r["code"].Words()), ("Reaction", r => Join(r["reaction"].Items().SelectMany(reaction => reaction.AsObject()["manifestation"].Items()).Select(SummaryJson.Words))),
            ("Criticality", r => r.Text("criticality")), ("Status", r => r["clinicalStatus"].Code()), ("Recorded", r => Day(r.Text("recordedDate") ?? r.Time("onset")))],
        "Condition" => [("Problem", r => r["code"].Words()), ("Severity", r => r["severity"].Words()), ("Status", r => r["clinicalStatus"].Code()), ("Since", r => Day(r.Time("onset") ?? r.Text("recordedDate"))), ("Until", r => Day(r.Time("abatement")))],
        "MedicationRequest" => [("Medication", Medication), ("Dosage", r => Dosage(r["dosageInstruction"])), ("Status", r => r.Text("status")), ("Since", r => Day(r.Text("authoredOn")))],
        "MedicationStatement" => [("Medication", Medication), ("Dosage", r => Dosage(r["dosage"])), ("Status", r => r.Text("status")), ("Since", r => Day(r.Time("effective")))],
        "Immunization" => [("Vaccine", r => r["vaccineCode"].Words()), ("Date", r => Day(r.Time("occurrence") ?? r.Text("occurrenceString"))), ("Lot", r => r.Text("lotNumber"))],
        "Observation" => [("Test", r => r["code"].Words()), ("Value", Value), ("Reference range", Range), ("Interpretation", r => Join(r["interpretation"].Items().Select(SummaryJson.Words))), ("Date", r => Day(r.Time("effective")))],
        "DiagnosticReport" => [("Report", r => r["code"].Words()), ("Conclusion", r => r.Text("conclusion") ?? Join(r["conclusionCode"].Items().Select(SummaryJson.Words))), ("Date", r => Day(r.Time("effective")))],
        "Procedure" => [("Procedure", r => r["code"].Words()), ("Date", r => Day(r.Time("performed")))],
        "DeviceUseStatement" => [("Device", r => Find(r["device"]) is { } device ? device["type"].Words() : r["device"].Text("display")), ("Since", r => Day(r.Time("timing")))],
        "CarePlan" => [("Plan", r => r.Text("title") ?? Join(r["category"].Items().Select(SummaryJson.Words))), ("Activities", r => Join(r["activity"].Items().Select(activity => activity.AsObject()["detail"].Member("code").Words()))), ("Since", r => Day(r["period"].Text("start") ?? r.Text("created")))],
        "Consent" => [("Directive", r => Join(r["category"].Items().Select(SummaryJson.Words))), ("Date", r => Day(r.Text("dateTime")))],
        "Flag" => [("Alert", r => r["code"].Words()), ("Since", r => Day(r["period"].Text("start")))],
        "Device" => [("Device", r => r["type"].Words()), ("Name", r => Join(r["deviceName"].Items().Select(name => name.Text("name"))))],
        "Organization" => [("Organization", r => r.Text("name"))],
        "Patient" or "Practitioner" => [("Name", r => Person(r)), ("Born", r => r.Text("birthDate")), ("Gender", r => r.Text("gender"))],
        "Specimen" => [("Specimen", r => r["type"].Words())],
        _ => [("Resource", r => r["code"].Words() ?? r.Text("resourceType"))],
    };

    /// <summary>A section's table; entries of different types have a table each.</summary>
    public JsonObject Section(SummarySection section, IReadOnlyList<JsonObject> entries) => Text(xml =>
    {
        if (entries.Count == 0) xml.WriteElementString("p", Xhtml, section.Nothing);
        foreach (var absent in entries.Select(Absence).OfType<string>()) xml.WriteElementString("p", Xhtml, absent);
        foreach (var group in entries.Where(entry => Absence(entry) is null).GroupBy(entry => entry.Text("resourceType")!))
        {
            var columns = Columns(group.Key);
            xml.WriteStartElement("table", Xhtml);
            xml.WriteStartElement("thead", Xhtml);
            Row(xml, "th", columns.Select(column => column.Head));
            xml.WriteEndElement();
            xml.WriteStartElement("tbody", Xhtml);
            foreach (var entry in group) Row(xml, "td", columns.Select(column => column.Of(entry) ?? ""));
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
    });

    /// <summary>What an entry says that stands only for missing information; null when it stands for itself.</summary>
    static string? Absence(JsonObject entry) => (entry["code"] ?? entry["medicationCodeableConcept"]).Codings().FirstOrDefault(coding => coding.Text("system") == SummaryCodes.AbsentUnknown).Text("display");

    /// <summary>One resource: what its section's table says of it.</summary>
    public JsonObject Resource(JsonObject resource) => Text(xml =>
    {
        var said = Columns(resource.Text("resourceType")!).Select(column => (column.Head, Value: column.Of(resource))).Where(cell => !string.IsNullOrWhiteSpace(cell.Value));
        xml.WriteElementString("p", Xhtml, string.Join("; ", said.Select(cell => $"{cell.Head}: {cell.Value}")) is { Length: > 0 } line ? line : resource.Text("resourceType")!);
    });

    /// <summary>Title and name on top of the document.</summary>
    public static JsonObject Head(string title, JsonObject patient) => Text(xml =>
    {
        xml.WriteElementString("p", Xhtml, title);
        xml.WriteElementString("p", Xhtml, $"{Person(patient)}, {patient.Text("birthDate") ?? "birth date unknown"}, {patient.Text("gender") ?? "gender unknown"}");
    });

    static JsonObject Text(Action<XmlWriter> write)
    {
        var div = new StringBuilder();
        using (var xml = XmlWriter.Create(div, new() { OmitXmlDeclaration = true, ConformanceLevel = ConformanceLevel.Fragment }))
        {
            xml.WriteStartElement("div", Xhtml);
            xml.WriteAttributeString("lang", "en");
            xml.WriteAttributeString("xml", "lang", null, "en");
            write(xml);
            xml.WriteEndElement();
        }
        return new() { ["status"] = "generated", ["div"] = div.ToString() };
    }

    static void Row(XmlWriter xml, string cell, IEnumerable<string> values)
    {
        xml.WriteStartElement("tr", Xhtml);
        foreach (var value in values) xml.WriteElementString(cell, Xhtml, value);
        xml.WriteEndElement();
    }

    JsonObject? Find(JsonNode? reference) => reference.Text("reference") is { } address ? find(address) : null;

    string? Medication(JsonObject resource)
    {
        if (resource["medicationCodeableConcept"].Words() is { } words) return words;
        var reference = resource["medicationReference"];
        if (reference.Text("reference") is ['#', .. var local]) return resource["contained"].Items().FirstOrDefault(contained => contained.Text("id") == local).Member("code").Words();
        return Find(reference)?["code"].Words() ?? reference.Text("display");
    }

    static string? Dosage(JsonNode? dosages) => Join(dosages.Items().Select(dosage => dosage.Text("text") ?? dosage.Text("patientInstruction") ?? Join([
        Quantity(dosage.Member("doseAndRate").Items().FirstOrDefault().Member("doseQuantity")), dosage.Member("timing").Member("code").Words(), Often(dosage.Member("timing").Member("repeat")), dosage.Member("route").Words()])));

    static string? Often(JsonNode? repeat) => repeat.Text("frequency") is { } times && repeat.Text("period") is { } period && repeat.Text("periodUnit") is { } unit
        ? string.Create(CultureInfo.InvariantCulture, $"{times} in {period} {unit}") : null;

    static string? Value(JsonObject observation) => Own(observation) ?? Join(observation["component"].Items().OfType<JsonObject>().Select(component => $"{component["code"].Words()}: {Own(component)}"))
        ?? (observation["dataAbsentReason"].Words() is { } reason ? $"({reason})" : null);

    static string? Own(JsonObject observation) => observation.Form("value") is not { } form ? null : observation[form] switch
    {
        JsonObject quantity when form is "valueQuantity" => Quantity(quantity),
        JsonObject concept when form is "valueCodeableConcept" => concept.Words(),
        JsonObject range when form is "valueRange" => $"{Quantity(range["low"])} – {Quantity(range["high"])}",
        JsonObject ratio when form is "valueRatio" => $"{Quantity(ratio["numerator"])} / {Quantity(ratio["denominator"])}",
        JsonObject period when form is "valuePeriod" => $"{period.Text("start")} – {period.Text("end")}",
        JsonValue value => value.AsText(),
        _ => null,
    };

    static string? Quantity(JsonNode? quantity) => quantity.Text("value") is not { } value ? null : $"{quantity.Text("comparator")}{value} {quantity.Text("unit") ?? quantity.Text("code")}".TrimEnd();

    static string? Range(JsonObject observation)
    {
        var range = observation["referenceRange"].Items().FirstOrDefault();
        if (range.Text("text") is { } text) return text;
        return (Quantity(range.Member("low")), Quantity(range.Member("high"))) switch { (null, null) => null, ({ } low, null) => $"≥ {low}", (null, { } high) => $"≤ {high}", var (low, high) => $"{low} – {high}" };
    }

    static string Person(JsonObject person)
    {
        var name = person["name"].Items().FirstOrDefault(one => one.Text("use") == "official") ?? person["name"].Items().FirstOrDefault();
        string?[] parts = [.. name.Member("given").Items().Select(SummaryJson.AsText), name.Text("family")];
        return name.Text("text") ?? (string.Join(' ', parts.OfType<string>()) is { Length: > 0 } joined ? joined : "Name unknown");
    }

    static string? Day(string? time) => time is { Length: > 10 } && time[10] == 'T' ? time[..10] : time;

    static string? Join(IEnumerable<string?> parts) => string.Join(", ", parts.Where(part => !string.IsNullOrWhiteSpace(part)).Distinct()) is { Length: > 0 } joined ? joined : null;
}
