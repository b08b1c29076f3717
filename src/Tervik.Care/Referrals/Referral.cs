using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tervik.Care.Messages;

namespace Tervik.Care.Referrals;

/// <summary>What a referrer writes.</summary>
/// <param name="Patient">About whom.</param>
/// <param name="From">Who refers.</param>
/// <param name="Service">HealthcareService it is for.</param>
/// <param name="Unit">Organization that provides it, and owns the referral from now on.</param>
/// <param name="Priority">One of <see cref="PromisedTimes.Priorities"/>.</param>
/// <param name="Reason">Why, in words; may be empty where there is a condition.</param>
/// <param name="Condition">A Condition of the record, or null.</param>
/// <param name="Question">What the referrer wants to know.</param>
/// <param name="Documents">Entries of the record that go with it.</param>
/// <param name="Title">What it is called, in the referrer's words.</param>
public sealed record ReferralLetter(Correspondent Patient, Correspondent From, Correspondent Service, Correspondent Unit, string Priority, string Reason, Correspondent? Condition, string Question, IReadOnlyList<Correspondent> Documents, string Title)
{
    /// <summary>The pathway it is a step of (docs/pathways.md): reference of its CarePlan, or null.</summary>
    public string? Pathway { get; init; }
    /// <summary>Waiting-time target of the service in days, or null.</summary>
    public int? TargetDays { get; init; }
}

/// <summary>Something that was done with a referral.</summary>
/// <param name="Id">Of the form that did it: the same form a second time is known by it.</param>
/// <param name="Act"><c>send</c>, <c>take</c>, <c>accept</c>, <c>ask</c>, <c>answer</c>, <c>redirect</c>, <c>return</c>, <c>close</c> or <c>withdraw</c>.</param>
/// <param name="At">When.</param>
/// <param name="Who">Who did it, or null where nobody knows.</param>
/// <param name="To">Who has it after that, or null.</param>
/// <param name="Text">What was written with it, or null.</param>
public sealed record ReferralEvent(string Id, string Act, DateTimeOffset At, Correspondent? Who, Correspondent? To, string? Text);

/// <summary>A referral: the ServiceRequest, which says what is asked, and the Task, which says who has it in hand, and all that was done. Nothing here reads or writes; the caller commits both together.</summary>
/// <remarks>The Task's id follows from the ServiceRequest's, so that a referral has one. Of a referral that another system wrote without a Task there is one from the first thing that is done with it.
/// What was done are extensions <see cref="Event"/> of the Task, in order. Whoever is the performer of the ServiceRequest may open the record (docs/access.md).</remarks>
public sealed class Referral
{
    /// <summary>System and code of the Task.</summary>
    public const string System = "urn:tervik:task", Code = "referral";
    /// <summary>Category of the ServiceRequest: SNOMED CT, patient referral.</summary>
    public const string Snomed = "http://snomed.info/sct", Category = "3457005";
    /// <summary>Extension of the Task for something that was done.</summary>
    public const string Event = "urn:tervik:referral:event";
    const string AdviceType = "advice", PlainType = "advice-in-plain-words", ResultType = "result";
    const string Instant = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    Referral(string id, JsonObject request, JsonObject task) => (Id, Request, Task) = (id, request, task);

    /// <summary>Logical id of the ServiceRequest.</summary>
    public string Id { get; }
    /// <summary>The ServiceRequest, to be stored.</summary>
    public JsonObject Request { get; }
    /// <summary>The Task, to be stored.</summary>
    public JsonObject Task { get; }

    /// <summary>Id of the Task of a ServiceRequest.</summary>
    public static string TaskIdOf(string request) => request.Length <= 59 ? $"{request}-task" : "referral-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)).AsSpan(0, 16));

    /// <summary>Begins one.</summary>
    /// <param name="id">Of the ServiceRequest.</param>
    /// <param name="letter">What was written.</param>
    /// <param name="at">Now.</param>
    public static Referral Send(string id, ReferralLetter letter, DateTimeOffset at)
    {
        var request = new JsonObject
        {
            ["resourceType"] = "ServiceRequest", ["status"] = "active", ["intent"] = "order",
            ["category"] = new JsonArray(Concept(Snomed, Category, "Patient referral")), ["priority"] = letter.Priority,
            ["code"] = Concept(Snomed, Category, "Patient referral", letter.Title), ["subject"] = Write(letter.Patient), ["authoredOn"] = Write(at), ["requester"] = Write(letter.From),
            ["performer"] = new JsonArray(Write(letter.Unit), Write(letter.Service)),
            ["note"] = new JsonArray(new JsonObject { ["authorReference"] = Write(letter.From), ["time"] = Write(at), ["text"] = letter.Question }),
        };
        if (letter.Pathway is { } pathway) request["basedOn"] = new JsonArray(new JsonObject { ["reference"] = pathway });
        if (letter.Reason.Length > 0) request["reasonCode"] = new JsonArray(new JsonObject { ["text"] = letter.Reason });
        if (letter.Condition is { } condition) request["reasonReference"] = new JsonArray(Write(condition));
        if (letter.Documents.Count > 0) request["supportingInfo"] = new JsonArray([.. letter.Documents.Select(Write)]);
        var referral = new Referral(id, request, []);
        referral.Begin(at, letter.From, letter.Unit);
        referral.Promise(letter.TargetDays);
        return referral;
    }

    /// <summary>One as it is stored.</summary>
    /// <param name="id">Of the ServiceRequest.</param>
    /// <param name="request">Its body.</param>
    /// <param name="task">The body of the Task; null when there is none.</param>
    public static Referral Of(string id, ReadOnlyMemory<byte> request, byte[]? task)
    {
        var referral = new Referral(id, JsonNode.Parse(request.Span)!.AsObject(), task is null ? [] : JsonNode.Parse(task)!.AsObject());
        if (task is null) referral.Begin(referral.Sent ?? DateTimeOffset.UnixEpoch, referral.Requester, referral.Unit);
        return referral;
    }

    void Begin(DateTimeOffset at, Correspondent? from, Correspondent? owner)
    {
        Task["resourceType"] = "Task";
        Task["basedOn"] = new JsonArray(new JsonObject { ["reference"] = $"ServiceRequest/{Id}" });
        Task["status"] = "requested";
        Task["intent"] = "order";
        Task["priority"] = Priority;
        Task["code"] = new JsonObject { ["coding"] = new JsonArray(Coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"), Coding(System, Code)), ["text"] = Title };
        Task["focus"] = new JsonObject { ["reference"] = $"ServiceRequest/{Id}", ["display"] = Title };
        if (Request["subject"] is { } subject) Task["for"] = subject.DeepClone();
        Task["authoredOn"] = Write(at);
        Task["lastModified"] = Write(at);
        if (from is not null) Task["requester"] = Write(from);
        if (owner is not null) Task["owner"] = Write(owner);
        Note("send", Id, at, from, owner, null);
    }

    /// <summary>What it is called.</summary>
    public string Title => Text(Request["code"]) is { } text ? text : "Referral";
    /// <summary>Of FHIR.</summary>
    public string Priority => (string?)Request["priority"] ?? "routine";
    /// <summary>Status of the ServiceRequest.</summary>
    public string Status => (string?)Request["status"] ?? "";
    /// <summary>Status of the Task.</summary>
    public string TaskStatus => (string?)Task["status"] ?? "";
    /// <summary>Who refers.</summary>
    public Correspondent? Requester => Read(Request["requester"]);
    /// <summary>Who has it now, as the Task says.</summary>
    public Correspondent? Owner => Read(Task["owner"]);
    /// <summary>All to whom it is addressed.</summary>
    public IReadOnlyList<Correspondent> Performers => [.. (Request["performer"] as JsonArray ?? []).Select(Read).OfType<Correspondent>()];
    /// <summary>The unit that is to answer; where none is named, the first who is.</summary>
    public Correspondent? Unit => Performers.FirstOrDefault(one => one.Reference.StartsWith("Organization/", StringComparison.Ordinal)) ?? (Performers is [var first, ..] ? first : null);
    /// <summary>The HealthcareService it is for, or null.</summary>
    public Correspondent? Service => Performers.FirstOrDefault(one => one.Reference.StartsWith("HealthcareService/", StringComparison.Ordinal));
    /// <summary>When it was sent.</summary>
    public DateTimeOffset? Sent => Time(Request["authoredOn"]);
    /// <summary>When something was done the last time.</summary>
    public DateTimeOffset? Changed => Events is [.., var last] ? last.At : Sent;
    /// <summary>Why: words, and an entry of the record.</summary>
    public IReadOnlyList<string> Reasons => [.. (Request["reasonCode"] as JsonArray ?? []).Select(Text).OfType<string>()];
    /// <summary>Entries of the record that are the reason.</summary>
    public IReadOnlyList<Correspondent> ReasonEntries => [.. (Request["reasonReference"] as JsonArray ?? []).Select(Read).OfType<Correspondent>()];
    /// <summary>Entries that came with it.</summary>
    public IReadOnlyList<Correspondent> Documents => [.. (Request["supportingInfo"] as JsonArray ?? []).Select(Read).OfType<Correspondent>()];
    /// <summary>What is asked.</summary>
    public IReadOnlyList<string> Questions => [.. (Request["note"] as JsonArray ?? []).Select(note => (string?)note?["text"]).OfType<string>()];
    /// <summary>The advice it was returned with, in the professional's words; null when it was not.</summary>
    public string? Advice => Output(AdviceType);
    /// <summary>The same in plain words.</summary>
    public string? PlainAdvice => Output(PlainType);
    /// <summary>What came of the visit, in words; null when nobody wrote that.</summary>
    public string? Result => Output(ResultType);
    /// <summary>Day by which somebody has to have decided; null when it does not say when it was sent.</summary>
    public DateOnly? DecideBy => Day((Task["restriction"]?["period"] as JsonObject)?["end"]) ?? (Sent is { } sent ? DateOnly.FromDateTime(sent.DateTime).AddDays(PromisedTimes.Of(Priority).Decision) : null);
    /// <summary>Day by which the visit has to be.</summary>
    public DateOnly? VisitBy => Day((Request["occurrencePeriod"] as JsonObject)?["end"]) ?? (Sent is { } sent ? DateOnly.FromDateTime(sent.DateTime).AddDays(PromisedTimes.Of(Priority).Visit) : null);

    /// <summary>What was done, in order.</summary>
    public IReadOnlyList<ReferralEvent> Events => [.. (Task["extension"] as JsonArray ?? []).Where(one => (string?)one?["url"] == Event).Select(one =>
    {
        JsonNode? Part(string name, string value) => (one!["extension"] as JsonArray ?? []).FirstOrDefault(part => (string?)part?["url"] == name)?[value];
        return new ReferralEvent((string?)one!["id"] ?? "", (string?)Part("act", "valueCode") ?? "", Time(Part("at", "valueInstant")) ?? DateTimeOffset.UnixEpoch, Read(Part("who", "valueReference")), Read(Part("to", "valueReference")), (string?)Part("text", "valueString"));
    })];

    /// <summary>The last time one of these was done, or null.</summary>
    public ReferralEvent? Last(params ReadOnlySpan<string> acts)
    {
        for (var events = Events; events.Count > 0; events = [.. events.SkipLast(1)])
            if (acts.Contains(events[^1].Act)) return events[^1];
        return null;
    }

    /// <summary>Whether this form has been written already.</summary>
    public bool Knows(string form) => Events.Any(one => one.Id == form);

    /// <summary>Whether somebody is of those who are to answer.</summary>
    public bool IsReceivedBy(Party party) => Performers.Any(one => party.Is(one.Reference));
    /// <summary>Whether somebody sent it.</summary>
    public bool IsSentBy(Party party) => Requester is { } requester && party.Is(requester.Reference);

    /// <summary>What somebody may do with it now.</summary>
    /// <param name="stage">Where it is.</param>
    /// <param name="party">Who.</param>
    public IReadOnlyList<string> ActsOf(Stage stage, Party party)
    {
        var acts = new List<string>();
        if (IsReceivedBy(party))
        {
            var isUndecided = stage is Stage.Sent or Stage.Seen or Stage.Asked or Stage.Paused;
            if (isUndecided && Owner?.Reference != party.Self.Reference && stage != Stage.Asked) acts.Add("take");
            if (isUndecided) acts.Add("accept");
            if (stage is Stage.Sent or Stage.Seen or Stage.Paused) acts.Add("ask");
            if (isUndecided || stage == Stage.Accepted) acts.AddRange(["redirect", "return"]);
            if (stage is Stage.Accepted or Stage.Booked or Stage.Visited) acts.Add("close");
        }
        if (IsSentBy(party))
        {
            if (stage == Stage.Asked) acts.Add("answer");
            if (stage is Stage.Sent or Stage.Seen or Stage.Asked or Stage.Paused or Stage.Accepted) acts.Add("withdraw");
        }
        return acts;
    }

    /// <summary>Somebody has it in hand from now on.</summary>
    public void Take(string form, Correspondent by, DateTimeOffset at)
    {
        Own("received", by, at);
        Note("take", form, at, by, by, null);
    }

    /// <summary>The unit sees the patient; with the urgency that it finds right. The promised time of the visit counts from when it was sent.</summary>
    /// <param name="form">Of the form.</param>
    /// <param name="by">Who.</param>
    /// <param name="priority">One of <see cref="PromisedTimes.Priorities"/>.</param>
    /// <param name="text">What they say with it; may be empty.</param>
    /// <param name="at">Now.</param>
    /// <param name="target">Waiting-time target of the service in days, or null.</param>
    public void Accept(string form, Correspondent by, string priority, string text, DateTimeOffset at, int? target = null)
    {
        Own("accepted", by, at);
        if (priority != Priority)
        {
            (Request["priority"], Task["priority"]) = (priority, priority);
            Promise(target);
        }
        Note("accept", form, at, by, by, text);
    }

    /// <summary>The referrer has to say something first.</summary>
    public void Ask(string form, Correspondent by, string text, DateTimeOffset at)
    {
        Own("on-hold", Requester ?? by, at);
        Note("ask", form, at, by, Requester, text);
    }

    /// <summary>The referrer answers; whoever asked has it again.</summary>
    public void Answer(string form, Correspondent by, string text, DateTimeOffset at)
    {
        var back = Last("ask")?.Who ?? Unit;
        Own("received", back ?? by, at);
        Note("answer", form, at, by, back, text);
    }

    /// <summary>Another unit is the right one. What was done stays; the one before may no longer open the record because of this referral.</summary>
    public void Redirect(string form, Correspondent by, Correspondent service, Correspondent unit, string title, string text, DateTimeOffset at)
    {
        Request["performer"] = new JsonArray(Write(unit), Write(service));
        Request["code"] = Concept(Snomed, Category, "Patient referral", title);
        (Task["code"]!["text"], Task["focus"]!["display"]) = (title, title);
        Own("requested", unit, at);
        // What was promised to the patient stays; the new unit has as long to decide as the first had.
        Due(DateOnly.FromDateTime(at.UtcDateTime).AddDays(PromisedTimes.Of(Priority).Decision));
        Note("redirect", form, at, by, unit, text);
    }

    /// <summary>No visit is needed: the answer is advice.</summary>
    /// <param name="form">Of the form.</param>
    /// <param name="by">Who.</param>
    /// <param name="advice">For the referrer.</param>
    /// <param name="plain">For the patient.</param>
    /// <param name="at">Now.</param>
    public void Return(string form, Correspondent by, string advice, string plain, DateTimeOffset at)
    {
        Own("completed", by, at);
        Request["status"] = "completed";
        Put(AdviceType, advice);
        Put(PlainType, plain);
        Note("return", form, at, by, Requester, null);
    }

    /// <summary>The visit was, and this came of it.</summary>
    public void Close(string form, Correspondent by, string text, DateTimeOffset at)
    {
        Own("completed", by, at);
        Request["status"] = "completed";
        Put(ResultType, text);
        Note("close", form, at, by, Requester, null);
    }

    /// <summary>The referrer takes it back.</summary>
    public void Withdraw(string form, Correspondent by, string text, DateTimeOffset at)
    {
        Own("cancelled", by, at);
        Request["status"] = "revoked";
        Task["statusReason"] = new JsonObject { ["text"] = text };
        Note("withdraw", form, at, by, null, text);
    }

    void Own(string status, Correspondent owner, DateTimeOffset at)
    {
        Task["status"] = status;
        Task["owner"] = Write(owner);
        Task["lastModified"] = Write(at);
    }

    void Promise(int? target)
    {
        if (Sent is not { } sent) return;
        var (day, (decision, visit)) = (DateOnly.FromDateTime(sent.UtcDateTime), PromisedTimes.Of(Priority, target));
        Request["occurrencePeriod"] = new JsonObject { ["start"] = Write(day), ["end"] = Write(day.AddDays(visit)) };
        Due(day.AddDays(decision));
    }

    void Due(DateOnly day) => Task["restriction"] = new JsonObject { ["period"] = new JsonObject { ["end"] = Write(day) } };

    void Note(string act, string form, DateTimeOffset at, Correspondent? who, Correspondent? to, string? text)
    {
        var parts = new JsonArray(new JsonObject { ["url"] = "act", ["valueCode"] = act }, new JsonObject { ["url"] = "at", ["valueInstant"] = Write(at) });
        if (who is not null) parts.Add(new JsonObject { ["url"] = "who", ["valueReference"] = Write(who) });
        if (to is not null) parts.Add(new JsonObject { ["url"] = "to", ["valueReference"] = Write(to) });
        if (!string.IsNullOrEmpty(text)) parts.Add(new JsonObject { ["url"] = "text", ["valueString"] = text });
        if (Task["extension"] is not JsonArray events) Task["extension"] = events = [];
        events.Add(new JsonObject { ["id"] = form, ["extension"] = parts, ["url"] = Event });
    }

    string? Output(string type) => (string?)(Task["output"] as JsonArray ?? []).FirstOrDefault(one => (one?["type"]?["coding"] as JsonArray ?? []).Any(coding => (string?)coding?["code"] == type))?["valueString"];

    void Put(string type, string text)
    {
        if (text.Length == 0) return;
        if (Task["output"] is not JsonArray outputs) Task["output"] = outputs = [];
        outputs.Add(new JsonObject { ["type"] = new JsonObject { ["coding"] = new JsonArray(Coding("urn:tervik:referral", type)) }, ["valueString"] = text });
    }

    internal static string? Text(JsonNode? concept) => (string?)concept?["text"] ?? (concept?["coding"] as JsonArray ?? []).Select(coding => (string?)coding?["display"]).FirstOrDefault(text => text is not null);
    internal static Correspondent? Read(JsonNode? reference) => (string?)reference?["reference"] is { } target ? new(target, (string?)reference["display"] ?? target) : null;
    internal static JsonObject Write(Correspondent one) => one.Name == one.Reference ? new() { ["reference"] = one.Reference } : new() { ["reference"] = one.Reference, ["display"] = one.Name };
    internal static string Write(DateTimeOffset at) => at.ToUniversalTime().ToString(Instant, CultureInfo.InvariantCulture);
    internal static string Write(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    internal static DateTimeOffset? Time(JsonNode? text) => DateTimeOffset.TryParse((string?)text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
    internal static DateOnly? Day(JsonNode? text) => (string?)text is { Length: >= 10 } day && DateOnly.TryParseExact(day[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var read) ? read : null;
    internal static JsonObject Coding(string system, string code) => new() { ["system"] = system, ["code"] = code };

    static JsonObject Concept(string system, string code, string display, string? text = null)
    {
        var coding = Coding(system, code);
        coding["display"] = display;
        var concept = new JsonObject { ["coding"] = new JsonArray(coding) };
        if (text is not null) concept["text"] = text;
        return concept;
    }
}
