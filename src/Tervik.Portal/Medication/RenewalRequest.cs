using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Medication;

/// <summary>A patient's wish for a new prescription of what they take: a Task about the MedicationRequest.</summary>
/// <param name="Stored">The Task.</param>
/// <param name="Medication">Logical id of the MedicationRequest.</param>
/// <param name="Name">Of the medication, never empty.</param>
/// <param name="Status">Of the Task.</param>
/// <param name="Asked">When.</param>
/// <param name="AskedBy">Who, in words, or null.</param>
/// <param name="Owner">Who is to answer, or null.</param>
/// <param name="DaysLeft">For how many days there is enough, or null.</param>
/// <param name="Pharmacy">Where to fetch it, or null.</param>
/// <param name="Comment">What the patient wrote, or null.</param>
/// <param name="Answer">What the professional wrote, or null.</param>
/// <param name="Changed">When it was last changed: answered or withdrawn, when it is not open.</param>
public sealed record RenewalRequest(StoredResource Stored, string Medication, string Name, string Status, FhirDate? Asked, string? AskedBy, string? Owner, int? DaysLeft, string? Pharmacy, string? Comment, string? Answer, FhirDate? Changed)
{
    /// <summary>System and code that mark such a Task.</summary>
    public const string System = "urn:tervik:task", Code = "medication-renewal", Token = $"{System}|{Code}";
    const string FromPharmacy = "pharmacy", FromDaysLeft = "days-left", ToPatient = "answer";

    /// <summary>Nobody answered yet.</summary>
    public bool IsOpen => Status is "requested" or "received" or "accepted" or "in-progress" or "on-hold" or "ready" or "draft";

    /// <summary>Reads one.</summary>
    /// <param name="stored">The Task.</param>
    /// <param name="json">Its content.</param>
    /// <param name="lines">All prescriptions, for the name.</param>
    internal static RenewalRequest Read(StoredResource stored, JsonElement json, IEnumerable<MedicationLine> lines)
    {
        var focus = json.At("focus").TextAt("reference");
        var id = focus is null ? "" : focus[(focus.LastIndexOf('/') + 1)..];
        return new(stored, id, json.At("focus").TextAt("display") ?? lines.FirstOrDefault(line => line.Type == "MedicationRequest" && line.Id == id)?.Name ?? RecordEntry.TypeInWords("MedicationRequest"),
            json.TextAt("status") ?? "", FhirDate.Read(json.TextAt("authoredOn")), json.At("requester").TextAt("display"), json.At("owner").TextAt("display"),
            Input(json, FromDaysLeft, "valueInteger") is { } days && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var left) ? left : null,
            Input(json, FromPharmacy, "valueString"), json.FirstAt("note").TextAt("text"), Output(json) ?? Codes.Write(json.At("statusReason")), FhirDate.Read(DateTimeOffset.UnixEpoch.AddTicks(stored.AtUs * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
    }

    static string? Input(JsonElement task, string type, string value) => task.ItemsAt("input").FirstOrDefault(input => Codes.Has(input.At("type"), type)).TextAt(value);
    static string? Output(JsonElement task) => task.ItemsAt("output").FirstOrDefault(output => Codes.Has(output.At("type"), ToPatient)).TextAt("valueString");

    /// <summary>The Task of a new request. Days stand without a time, so that a form sent twice says the same.</summary>
    internal static JsonObject New(string patient, string patientName, MedicationLine line, string? owner, string? ownerName, SignedIn asks, DateOnly today, int? daysLeft, string pharmacy, string comment)
    {
        var inputs = new JsonArray();
        if (daysLeft is { } days) inputs.Add(new JsonObject { ["type"] = Type(FromDaysLeft), ["valueInteger"] = days });
        if (pharmacy.Length > 0) inputs.Add(new JsonObject { ["type"] = Type(FromPharmacy), ["valueString"] = pharmacy });
        var task = new JsonObject
        {
            ["resourceType"] = "Task", ["status"] = "requested", ["intent"] = "order",
            ["code"] = new JsonObject { ["coding"] = new JsonArray(Coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"), Coding(System, Code)) },
            ["focus"] = Reference($"MedicationRequest/{line.Id}", line.Name), ["for"] = Reference($"Patient/{patient}", patientName),
            ["authoredOn"] = Written(today), ["lastModified"] = Written(today), ["requester"] = Reference(asks.Reference, asks.Name),
        };
        if (owner is not null) task["owner"] = Reference(owner, ownerName);
        if (comment.Length > 0) task["note"] = new JsonArray(new JsonObject { ["authorReference"] = Reference(asks.Reference, asks.Name), ["text"] = comment });
        if (inputs.Count > 0) task["input"] = inputs;
        return task;
    }

    /// <summary>The Task as the patient took it back.</summary>
    internal JsonObject Withdrawn(DateOnly today) => Ended("cancelled", today);

    /// <summary>The Task as somebody declined it.</summary>
    internal JsonObject Declined(SignedIn by, string reason, DateOnly today)
    {
        var task = Ended("rejected", today);
        task["owner"] = Reference(by.Reference, by.Name);
        task["statusReason"] = new JsonObject { ["text"] = reason };
        return task;
    }

    /// <summary>The Task as somebody fulfilled it.</summary>
    /// <param name="by">Who.</param>
    /// <param name="renewed">Logical id of the new MedicationRequest.</param>
    /// <param name="words">To the patient; may be empty.</param>
    /// <param name="today">When.</param>
    internal JsonObject Fulfilled(SignedIn by, string renewed, string words, DateOnly today)
    {
        var task = Ended("completed", today);
        task["owner"] = Reference(by.Reference, by.Name);
        var outputs = new JsonArray(new JsonObject { ["type"] = Type("prescription"), ["valueReference"] = Reference($"MedicationRequest/{renewed}", Name) });
        if (words.Length > 0) outputs.Add(new JsonObject { ["type"] = Type(ToPatient), ["valueString"] = words });
        task["output"] = outputs;
        return task;
    }

    /// <summary>The prescription that goes on from another: the same medication and dosage, for some days from now. What belonged to the old supply is left behind.</summary>
    /// <param name="old">The MedicationRequest, as stored.</param>
    /// <param name="oldId">Its logical id.</param>
    /// <param name="by">Who prescribes.</param>
    /// <param name="today">From when.</param>
    /// <param name="days">For how long.</param>
    internal static JsonObject Renewed(JsonObject old, string oldId, SignedIn by, DateOnly today, int days)
    {
        var renewed = (JsonObject)old.DeepClone();
        foreach (var name in (string[])["meta", "text", "identifier", "groupIdentifier", "statusReason", "eventHistory", "encounter", "basedOn", "detectedIssue"]) renewed.Remove(name);
        renewed["status"] = "active";
        renewed["intent"] = "order";
        renewed["authoredOn"] = Written(today);
        renewed["requester"] = Reference(by.Reference, by.Name);
        renewed["priorPrescription"] = Reference($"MedicationRequest/{oldId}", null);
        var dispense = renewed["dispenseRequest"] as JsonObject ?? [];
        dispense["validityPeriod"] = new JsonObject { ["start"] = Written(today), ["end"] = Written(today.AddDays(days)) };
        dispense["expectedSupplyDuration"] = new JsonObject { ["value"] = days, ["unit"] = "d", ["system"] = "http://unitsofmeasure.org", ["code"] = "d" };
        foreach (var name in (string[])["quantity", "initialFill"]) dispense.Remove(name);
        renewed["dispenseRequest"] = dispense;
        // A dosage that ended with the old supply goes on; its beginning stays, so that "every other day" keeps its days.
        foreach (var dosage in renewed["dosageInstruction"] as JsonArray ?? [])
            if (dosage?["timing"] is JsonObject timing && timing["repeat"] is JsonObject repeat)
            {
                repeat.Remove("boundsDuration");
                (repeat["boundsPeriod"] as JsonObject)?.Remove("end");
                if (repeat["boundsPeriod"] is JsonObject { Count: 0 }) repeat.Remove("boundsPeriod");
                if (repeat.Count == 0) timing.Remove("repeat");
                if (timing.Count == 0) dosage.AsObject().Remove("timing");
            }
        return renewed;
    }

    JsonObject Ended(string status, DateOnly today)
    {
        var task = JsonNode.Parse(Stored.Body)!.AsObject();
        task["status"] = status;
        // Never before the request was made, which others may have written with its time.
        if (task["authoredOn"]?.GetValue<string>() is { Length: 10 }) task["lastModified"] = Written(today);
        else task.Remove("lastModified");
        return task;
    }

    static string Written(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    static JsonObject Coding(string system, string code) => new() { ["system"] = system, ["code"] = code };
    static JsonObject Type(string code) => new() { ["coding"] = new JsonArray(Coding(System, code)) };

    static JsonObject Reference(string reference, string? display)
    {
        var written = new JsonObject { ["reference"] = reference };
        if (!string.IsNullOrEmpty(display)) written["display"] = display;
        return written;
    }
}
