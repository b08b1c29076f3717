using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Care.Messages;
using Tervik.Records.Model;
using static Tervik.Care.Referrals.Referral;

namespace Tervik.Care.Pathways;

/// <summary>Something that was done with a pathway.</summary>
/// <param name="Id">Of the form that did it: the same form a second time is known by it.</param>
/// <param name="Act"><c>start</c>, <c>done</c>, <c>skip</c>, <c>reopen</c>, <c>end</c> or <c>call-off</c>.</param>
/// <param name="At">When.</param>
/// <param name="Who">Who did it, or null where nobody knows.</param>
/// <param name="Step">Id of the step, or null.</param>
/// <param name="Day">Of <c>done</c>: the day on which the step was done.</param>
/// <param name="Text">What was written with it, or null.</param>
public sealed record PathwayEvent(string Id, string Act, DateTimeOffset At, Correspondent? Who, string? Step, DateOnly? Day, string? Text);

/// <summary>A pathway of a patient: a FHIR R4 CarePlan. Nothing here reads or writes; the caller commits it.</summary>
/// <remarks>The template as it was at the beginning lies in it (contained, <c>#template</c>): what was promised stays, whatever becomes of the template. Each activity is a step (its <c>id</c> is the step's), with who owns it and the
/// day that was promised. What was done by hand are extensions <see cref="Event"/> in order; what the record says itself is not stored here but read (<see cref="PathwayWay"/>).</remarks>
public sealed class Pathway
{
    /// <summary>System and code of the category of the CarePlan.</summary>
    public const string System = "urn:tervik:care-plan", Code = "pathway";
    /// <summary>Extension for something that was done.</summary>
    public const string Event = "urn:tervik:pathway:event";
    const string Contained = "template";

    Pathway(string id, JsonObject plan, PathwayTemplate template, DateOnly start) => (Id, Plan, Template, Start) = (id, plan, template, start);

    /// <summary>Logical id of the CarePlan.</summary>
    public string Id { get; }
    /// <summary>The CarePlan, to be stored.</summary>
    public JsonObject Plan { get; }
    /// <summary>As it was when the pathway began.</summary>
    public PathwayTemplate Template { get; }
    /// <summary>Day on which it began.</summary>
    public DateOnly Start { get; }
    /// <summary>Reference of the CarePlan.</summary>
    public string Reference => $"CarePlan/{Id}";
    /// <summary>What it is called.</summary>
    public string Title => (string?)Plan["title"] ?? Template.Title;
    /// <summary>Status of the CarePlan.</summary>
    public string Status => (string?)Plan["status"] ?? "";
    /// <summary>Whether it goes on.</summary>
    public bool IsOpen => Status is "active" or "on-hold";
    /// <summary>Who started it.</summary>
    public Correspondent? Starter => Read(Plan["author"]);
    /// <summary>The patient.</summary>
    public Correspondent? Patient => Read(Plan["subject"]);
    /// <summary>Referrals and other entries it began with.</summary>
    public IReadOnlyList<Correspondent> Basis => [.. (Plan["supportingInfo"] as JsonArray ?? []).Select(Read).OfType<Correspondent>()];
    /// <summary>Why, in words; or null.</summary>
    public string? Note => (string?)(Plan["note"] as JsonArray)?.FirstOrDefault()?["text"];

    /// <summary>What was done by hand, in order.</summary>
    public IReadOnlyList<PathwayEvent> Events => [.. (Plan["extension"] as JsonArray ?? []).Where(one => (string?)one?["url"] == Event).Select(one =>
    {
        JsonNode? Part(string name, string value) => (one!["extension"] as JsonArray ?? []).FirstOrDefault(part => (string?)part?["url"] == name)?[value];
        return new PathwayEvent((string?)one!["id"] ?? "", (string?)Part("act", "valueCode") ?? "", Time(Part("at", "valueInstant")) ?? DateTimeOffset.UnixEpoch, Read(Part("who", "valueReference")), (string?)Part("step", "valueString"), Day(Part("day", "valueDate")), (string?)Part("text", "valueString"));
    })];

    /// <summary>Begins one.</summary>
    /// <param name="id">Of the CarePlan.</param>
    /// <param name="template">What is to be done.</param>
    /// <param name="definition">The PlanDefinition it was read from.</param>
    /// <param name="patient">Whose.</param>
    /// <param name="by">Who starts it.</param>
    /// <param name="referral">Referral it begins with, and the unit that goes to; or null.</param>
    /// <param name="note">Why, in words that the patient reads; may be empty.</param>
    /// <param name="at">Now.</param>
    /// <param name="today">Day of the reader.</param>
    public static Pathway Begin(string id, PathwayTemplate template, ReadOnlyMemory<byte> definition, Correspondent patient, Correspondent by, (Correspondent Request, DateOnly Sent, Correspondent? Unit)? referral, string note, DateTimeOffset at, DateOnly today)
    {
        var contained = JsonNode.Parse(definition.Span)!.AsObject();
        foreach (var member in (ReadOnlySpan<string>)["meta", "text", "contained"]) contained.Remove(member);
        contained["id"] = Contained;
        // A referral counts from when it was sent: who waits has waited since then.
        var promised = DueDates.Reckon(template.Steps, today, step => step.Answer.Kind == AnswerKind.Referral ? referral?.Sent : null, DateOnly.MinValue);
        var plan = new JsonObject
        {
            ["resourceType"] = "CarePlan", ["contained"] = new JsonArray(contained), ["instantiatesCanonical"] = new JsonArray(template.Canonical, $"#{Contained}"), ["status"] = "active", ["intent"] = "plan",
            ["category"] = new JsonArray(new JsonObject { ["coding"] = new JsonArray(Coding(System, Code)) }), ["title"] = template.Title,
            ["subject"] = Write(patient), ["period"] = new JsonObject { ["start"] = Write(today) }, ["created"] = Write(at), ["author"] = Write(by),
            ["activity"] = new JsonArray([.. template.Steps.Select(step => Activity(step, OwnerOf(step, patient, by, referral?.Unit), promised[step.Id]))]),
        };
        if (template.Description is { } description) plan["description"] = description;
        if (referral is { } of) plan["supportingInfo"] = new JsonArray(Write(of.Request));
        if (note.Length > 0) plan["note"] = new JsonArray(new JsonObject { ["authorReference"] = Write(by), ["time"] = Write(at), ["text"] = note });
        var pathway = new Pathway(id, plan, template, today);
        pathway.Add("start", id, at, by, null, null, null);
        return pathway;
    }

    static Correspondent? OwnerOf(PathwayStep step, Correspondent patient, Correspondent by, Correspondent? receiver) => step.Owner switch
    {
        OwnerKind.Patient => patient,
        OwnerKind.Starter => by,
        OwnerKind.Named => new(step.OwnerReference!, step.OwnerName ?? step.OwnerReference!),
        _ => receiver,
    };

    static JsonObject Activity(PathwayStep step, Correspondent? owner, DateOnly promised)
    {
        var code = new JsonObject { ["text"] = step.Title };
        if (JsonNode.Parse(step.Codings) is JsonArray { Count: > 0 } codings) code["coding"] = codings;
        var detail = new JsonObject { ["code"] = code, ["status"] = "not-started", ["scheduledPeriod"] = new JsonObject { ["end"] = Write(promised) } };
        if (owner is not null) detail["performer"] = new JsonArray(Write(owner));
        if (step.Text is { } text) detail["description"] = text;
        return new() { ["id"] = step.Id, ["detail"] = detail };
    }

    /// <summary>Whether a CarePlan says that it is a pathway.</summary>
    public static bool IsPathway(JsonElement plan) => plan.ItemsAt("category").SelectMany(category => category.ItemsAt("coding")).Any(coding => coding.TextAt("code") == Code && coding.TextAt("system") == System);

    /// <summary>One as it is stored; null for a CarePlan that is none, or whose template is not understood.</summary>
    /// <param name="id">Of the CarePlan.</param>
    /// <param name="body">Its body.</param>
    public static Pathway? Of(string id, ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        if (!IsPathway(json.RootElement) || json.RootElement.ItemsAt("contained").FirstOrDefault(one => one.TextAt("id") == Contained) is not { ValueKind: JsonValueKind.Object } definition) return null;
        if (PathwayTemplate.Read(Contained, definition, out _) is not { } template) return null;
        var plan = JsonNode.Parse(body.Span)!.AsObject();
        return Day(plan["period"]?["start"]) is { Year: > 1900 and < 9000 } start ? new(id, plan, template, start) : null;
    }

    JsonObject? DetailOf(string step) => (Plan["activity"] as JsonArray ?? []).FirstOrDefault(one => (string?)one?["id"] == step)?["detail"] as JsonObject;

    /// <summary>The day that was promised for a step at the beginning, or null.</summary>
    public DateOnly? Promised(PathwayStep step) => Day(DetailOf(step.Id)?["scheduledPeriod"]?["end"]);

    /// <summary>Who owns a step.</summary>
    /// <param name="step">Which.</param>
    /// <param name="receiver">Unit of the referral that belongs to it by now, or null.</param>
    public Correspondent? Owner(PathwayStep step, Correspondent? receiver) =>
        step.Owner == OwnerKind.Receiver && receiver is not null ? receiver : Read((DetailOf(step.Id)?["performer"] as JsonArray)?.FirstOrDefault()) ?? (step.Owner == OwnerKind.Patient ? Patient : Starter);

    /// <summary>What was said about a step by hand: that it is done or skipped, when, and why; null when nothing was, or that was taken back.</summary>
    public PathwayEvent? Mark(PathwayStep step)
    {
        var act = (string?)DetailOf(step.Id)?["status"] switch { "completed" => "done", "cancelled" or "stopped" => "skip", _ => null };
        if (act is null) return null;
        // Another system may have written the status alone.
        return Events.LastOrDefault(one => one.Step == step.Id && one.Act == act) ?? new("", act, DateTimeOffset.UnixEpoch, null, step.Id, null, null);
    }

    /// <summary>Whether this form has been written already.</summary>
    public bool Knows(string form) => Events.Any(one => one.Id == form);

    /// <summary>A step was done.</summary>
    public void Done(string form, Correspondent by, PathwayStep step, DateOnly day, string text, DateTimeOffset at)
    {
        Set(step, "completed", null);
        Add("done", form, at, by, step.Id, day, text);
    }

    /// <summary>A step is left out.</summary>
    public void Skip(string form, Correspondent by, PathwayStep step, DateOnly day, string reason, DateTimeOffset at)
    {
        Set(step, "cancelled", reason);
        Add("skip", form, at, by, step.Id, day, reason);
    }

    /// <summary>What was said about a step is taken back.</summary>
    public void Reopen(string form, Correspondent by, PathwayStep step, string reason, DateTimeOffset at)
    {
        Set(step, "not-started", null);
        Add("reopen", form, at, by, step.Id, null, reason);
    }

    /// <summary>It is over.</summary>
    public void End(string form, Correspondent by, string text, DateTimeOffset at, DateOnly today) => Close("completed", "end", form, by, text, at, today);

    /// <summary>It does not go on, and this is why.</summary>
    public void CallOff(string form, Correspondent by, string reason, DateTimeOffset at, DateOnly today) => Close("revoked", "call-off", form, by, reason, at, today);

    void Close(string status, string act, string form, Correspondent by, string text, DateTimeOffset at, DateOnly today)
    {
        Plan["status"] = status;
        Plan["period"]!["end"] = Write(today);
        Add(act, form, at, by, null, null, text);
    }

    void Set(PathwayStep step, string status, string? reason)
    {
        if (DetailOf(step.Id) is not { } detail) return;
        detail["status"] = status;
        if (reason is null) detail.Remove("statusReason");
        else detail["statusReason"] = new JsonObject { ["text"] = reason };
    }

    void Add(string act, string form, DateTimeOffset at, Correspondent who, string? step, DateOnly? day, string? text)
    {
        var parts = new JsonArray(new JsonObject { ["url"] = "act", ["valueCode"] = act }, new JsonObject { ["url"] = "at", ["valueInstant"] = Write(at) }, new JsonObject { ["url"] = "who", ["valueReference"] = Write(who) });
        if (step is not null) parts.Add(new JsonObject { ["url"] = "step", ["valueString"] = step });
        if (day is { } of) parts.Add(new JsonObject { ["url"] = "day", ["valueDate"] = Write(of) });
        if (!string.IsNullOrEmpty(text)) parts.Add(new JsonObject { ["url"] = "text", ["valueString"] = text });
        if (Plan["extension"] is not JsonArray events) Plan["extension"] = events = [];
        events.Add(new JsonObject { ["id"] = form, ["extension"] = parts, ["url"] = Event });
    }
}
