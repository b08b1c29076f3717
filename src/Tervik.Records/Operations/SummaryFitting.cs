using System.Text.Json.Nodes;
using static Tervik.Records.Operations.SummaryJson;

namespace Tervik.Records.Operations;

/// <summary>Derives from a recorded resource one that keeps to the guide's profile: what the profile needs is filled from the record or said to be unknown, what it does not carry is left out.</summary>
static class SummaryFitting
{
    /// <summary>Parts that belong to the record or its bookkeeping and not into a summary: photographs, scans, links between records.</summary>
    static readonly string[] LeftOut = ["photo", "link", "presentedForm", "implicitRules", "basedOn", "encounter", "context", "eventHistory", "detectedIssue", "insurance", "sourceAttachment", "supportingInformation"];

    public static void Fit(JsonObject resource, SummarySection? section, string patient)
    {
        foreach (var name in LeftOut) resource.Remove(name);
        if (resource["text"].Text("status") != "additional") resource.Remove("text");
        switch (resource.Text("resourceType"))
        {
            case "Patient": Patient(resource); return;
            case "AllergyIntolerance": Allergy(resource, patient); return;
            case "Condition": Condition(resource, section, patient); return;
            case "MedicationRequest": resource["subject"] = About(patient); return;
            case "MedicationStatement": resource["subject"] = About(patient); NeedTime(resource, "effective"); return;
            case "Immunization": resource["patient"] = About(patient); NeedConcept(resource, "vaccineCode"); return;
            case "Procedure": resource["subject"] = About(patient); NeedConcept(resource, "code"); NeedTime(resource, "performed"); return;
            case "DiagnosticReport": Report(resource, patient); return;
            case "Observation": Observation(resource, section, patient); return;
            case "DeviceUseStatement": resource["subject"] = About(patient); NeedTime(resource, "timing"); return;
            case "Device" when section is not null || resource["patient"] is not null: Device(resource, patient); return;
            case "Medication": NeedConcept(resource, "code"); return;
            case "Specimen": resource["subject"] = About(patient); NeedConcept(resource, "type"); return;
            case "Organization": if (resource["name"] is null) resource["_name"] ??= Unknown(); return;
            case "Practitioner": if (resource["name"] is not JsonArray { Count: > 0 }) resource["name"] = new JsonArray(new JsonObject { ["_text"] = Unknown() }); return;
            case "Consent": resource["patient"] = About(patient); return;
            case "CarePlan" or "Flag": resource["subject"] = About(patient); return;
        }
    }

    /// <summary>What can be said only after references were resolved: the guide wants to know who made a result.</summary>
    public static void Finish(JsonObject resource, SummarySection? section)
    {
        if (section == SummarySection.Results && resource.Text("resourceType") == "Observation" && resource["performer"] is not JsonArray { Count: > 0 }) resource["performer"] = new JsonArray(Unknown());
    }

    /// <summary>Says that nothing is known, in an entry that keeps to the profile of its section.</summary>
    public static JsonObject Absent(SummarySection section, string patient)
    {
        var code = Concept(SummaryCodes.AbsentUnknown, section.Absent!, SummaryCodes.Display(section.Absent!));
        return section == SummarySection.Allergies ? new() { ["resourceType"] = "AllergyIntolerance", ["id"] = section.Absent, ["clinicalStatus"] = ActiveAllergy(), ["code"] = code, ["patient"] = About(patient) }
            : section == SummarySection.Problems ? new()
            {
                ["resourceType"] = "Condition", ["id"] = section.Absent, ["clinicalStatus"] = Concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
                ["category"] = new JsonArray(ProblemListItem()), ["code"] = code, ["subject"] = About(patient),
            }
            : new() { ["resourceType"] = "MedicationStatement", ["id"] = section.Absent, ["status"] = "unknown", ["medicationCodeableConcept"] = code, ["subject"] = About(patient), ["_effectiveDateTime"] = Unknown() };
    }

    /// <summary>A statement about a device that is recorded without one.</summary>
    public static JsonObject UseOf(JsonObject device, string patient, string deviceUrl) => new()
    {
        ["resourceType"] = "DeviceUseStatement", ["id"] = $"use-{device.Text("id")}"[..Math.Min(64, device.Text("id")!.Length + 4)], ["status"] = "active", ["subject"] = About(patient), ["_timingDateTime"] = Unknown(),
        ["device"] = new JsonObject { ["reference"] = deviceUrl },
    };

    static JsonObject About(string patient) => new() { ["reference"] = patient };

    static JsonObject ActiveAllergy() => Concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active");

    static JsonObject ProblemListItem() => Concept(SummaryCodes.ConditionCategory, "problem-list-item", "Problem List Item");

    static void Patient(JsonObject patient)
    {
        if (!patient["name"].Items().Any(name => name.Text("family") is not null || name.Text("text") is not null || name.AsObject()["given"] is JsonArray { Count: > 0 }))
            patient["name"] = new JsonArray(new JsonObject { ["_text"] = Unknown() });
        if (patient["birthDate"] is null) patient["_birthDate"] ??= Unknown();
    }

    static void Allergy(JsonObject allergy, string patient)
    {
        allergy["patient"] = About(patient);
        if (allergy["code"].Words() is null && allergy["reaction"].Items().Select(reaction => reaction.AsObject()["substance"]).FirstOrDefault(substance => substance.Words() is not null) is { } substance) allergy["code"] = substance.DeepClone();
        NeedConcept(allergy, "code");
        if (allergy["code"].CodeOf(SummaryCodes.Snomed) is { } code && SummaryCodes.NoKnownAllergy.TryGetValue(code, out var none))
            ((JsonArray)allergy["code"]!["coding"]!).Insert(0, Coding(SummaryCodes.AbsentUnknown, none, SummaryCodes.Display(none)));
        if (allergy["clinicalStatus"] is null) allergy["clinicalStatus"] = ActiveAllergy();
    }

    static void Condition(JsonObject condition, SummarySection? section, string patient)
    {
        condition["subject"] = About(patient);
        NeedConcept(condition, "code");
        if (condition["category"].CodeOf(SummaryCodes.ConditionCategory) != "problem-list-item")
            condition["category"] = new JsonArray([ProblemListItem(), .. condition["category"].Items().Select(category => category.DeepClone())]);
        condition["clinicalStatus"] ??= Concept("http://terminology.hl7.org/CodeSystem/condition-clinical", section == SummarySection.PastProblems ? "resolved" : "active");
    }

    static void Report(JsonObject report, string patient)
    {
        report["subject"] = About(patient);
        NeedTime(report, "effective");
        var category = report["category"].Items().FirstOrDefault(one => one.CodeOf(SummaryCodes.DiagnosticService) is not null) ?? report["category"].Items().FirstOrDefault();
        report["category"] = new JsonArray(category?.DeepClone() ?? UnknownConcept());
    }

    static void Observation(JsonObject observation, SummarySection? section, string patient)
    {
        observation["subject"] = About(patient);
        observation.Remove("focus");
        observation.Remove("derivedFrom");
        Period(observation);
        // The guide's social history and pregnancies have a point in time and no parts.
        if (section == SummarySection.SocialHistory || section == SummarySection.Pregnancy)
        {
            if (observation.Form("effective") == "effectivePeriod" && observation.Time("effective") is { } time)
            {
                observation.Remove("effectivePeriod");
                observation["effectiveDateTime"] = time;
            }
            if (SummaryCodes.Profile("Observation", section, observation["code"].CodeOf(SummaryCodes.Loinc), isImaging: false) is not null)
                foreach (var part in (string[])["component", "bodySite", "specimen", "device", "referenceRange"]) observation.Remove(part);
        }
        NeedTime(observation, "effective");
        // A result is recorded in whole or as members: where a component has neither a value nor a reason, it says nothing.
        if (observation["component"] is JsonArray components)
        {
            for (var i = components.Count - 1; i >= 0; i--)
                if (components[i] is JsonObject component && component.Form("value") is null && component["dataAbsentReason"] is null) components.RemoveAt(i);
            if (components.Count == 0) observation.Remove("component");
        }
    }

    // dateTime and Period are what the guide knows: an instant is a dateTime, a timing cannot be said.
    static void Period(JsonObject observation)
    {
        if (observation["effectiveInstant"] is { } instant) observation["effectiveDateTime"] = instant.DeepClone();
        observation.Remove("effectiveInstant");
        observation.Remove("_effectiveInstant");
        observation.Remove("effectiveTiming");
    }

    static void Device(JsonObject device, string patient)
    {
        device["patient"] = About(patient);
        if (device["type"].Words() is null)
        {
            var name = device["deviceName"].Items().Select(one => one.Text("name")).FirstOrDefault(one => one is not null) ?? device.Text("modelNumber");
            device["type"] = name is null ? UnknownConcept() : new JsonObject { ["text"] = name };
        }
    }

    static void NeedTime(JsonObject resource, string choice)
    {
        if (resource.Form(choice) is null) resource[$"_{choice}DateTime"] = Unknown();
    }

    static void NeedConcept(JsonObject resource, string name)
    {
        if (resource[name].Words() is null) resource[name] = UnknownConcept();
    }
}
