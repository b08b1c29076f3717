using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Care.Messages;

/// <summary>A thread of messages: the Communication that holds it together, and the rules by which it changes. What is said are Communications of their own that are part of it and never change.</summary>
/// <remarks>Nothing here reads or writes; the caller commits <see cref="Head"/> and the message together. Times are UTC with milliseconds.</remarks>
public sealed class MessageThread
{
    /// <summary>People, roles and units in one thread.</summary>
    public const int MostParticipants = 50;
    const string Instant = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    MessageThread(JsonObject head) => Head = head;

    /// <summary>The Communication, to be stored.</summary>
    public JsonObject Head { get; }

    /// <summary>Begins a thread that nobody has said anything in yet; <see cref="Say"/> follows.</summary>
    /// <param name="patient">About whom.</param>
    /// <param name="from">Who begins it.</param>
    /// <param name="to">Whom it is addressed to.</param>
    /// <param name="topic">Subject line.</param>
    /// <param name="about">An entry of the record it is about, or null.</param>
    public static MessageThread Begin(Correspondent patient, Correspondent from, IEnumerable<Correspondent> to, string topic, Correspondent? about)
    {
        List<Correspondent> participants = [from, .. to];
        var head = new JsonObject
        {
            ["resourceType"] = "Communication",
            ["meta"] = new JsonObject { ["tag"] = new JsonArray(Coding(MessageCodes.System, MessageCodes.Thread)) },
            ["status"] = "in-progress",
            ["category"] = new JsonArray(new JsonObject { ["coding"] = new JsonArray(Coding(MessageCodes.System, participants.Exists(one => one.IsPatient) ? MessageCodes.WithPatient : MessageCodes.AmongProfessionals)) }),
            ["priority"] = "routine", ["subject"] = Write(patient), ["topic"] = new JsonObject { ["text"] = topic },
            ["recipient"] = new JsonArray([.. participants.DistinctBy(one => one.Reference).Select(Write)]), ["sender"] = Write(from),
        };
        if (about is not null) head["about"] = new JsonArray(Write(about));
        return new(head);
    }

    /// <summary>A thread as it is stored; null when it is none, such as a message that came from another system.</summary>
    public static MessageThread? Of(ReadOnlyMemory<byte> body) =>
        JsonNode.Parse(body.Span) is JsonObject head && (string?)head["resourceType"] == "Communication" && TagsOf(head).Any(tag => tag is (MessageCodes.System, MessageCodes.Thread)) ? new(head) : null;

    /// <summary>Subject line.</summary>
    public string Topic => (string?)Head["topic"]?["text"] ?? "";
    /// <summary>About whom: <c>Patient/id</c>.</summary>
    public string Patient => (string?)Head["subject"]?["reference"] ?? "";
    /// <summary>Entries of the record it is about.</summary>
    public IEnumerable<Correspondent> About => References("about");
    /// <summary>All who are in it, the one who began it first.</summary>
    public IReadOnlyList<Correspondent> Participants => [.. References("recipient")];
    /// <summary>Who has it in hand; null when nobody does.</summary>
    public Correspondent? Holder => Extensions(MessageCodes.Holder).Select(one => Reference(one["valueReference"])).FirstOrDefault();
    /// <summary>Whether it is closed.</summary>
    public bool IsClosed => (string?)Head["status"] == "completed";
    /// <summary>Whether somebody said that it is urgent; it stays so when it is closed.</summary>
    public bool IsUrgent => (string?)Head["priority"] == "urgent";
    /// <summary>Why it is urgent, or null.</summary>
    public string? UrgentReason => (string?)(Head["reasonCode"] as JsonArray)?.FirstOrDefault()?["text"];
    /// <summary>Whether the patient is in it.</summary>
    public bool IsWithPatient => Participants.Any(one => one.IsPatient);
    /// <summary>When the newest message was sent; null before the first.</summary>
    public DateTimeOffset? Sent => Time(Head["sent"]);
    /// <summary>Who has not read the newest message: references.</summary>
    public IReadOnlyList<string> UnreadBy => [.. TagsOf(Head).Where(tag => tag.System == MessageCodes.Unread).Select(tag => tag.Code)];
    /// <summary>Who read, in order.</summary>
    public IReadOnlyList<Receipt> Receipts => [.. Extensions(MessageCodes.Read).Select(ReadReceipt).OfType<Receipt>()];

    /// <summary>Whether somebody is in it, by themselves or by what they stand for.</summary>
    public bool Has(Party party) => Participants.Any(one => party.Is(one.Reference));
    /// <summary>Whether somebody has not read its newest message.</summary>
    public bool IsUnreadBy(Party party) => UnreadBy.Any(party.Is);

    /// <summary>When a message was read, by each who read it, the first time.</summary>
    /// <param name="sent">When it was sent.</param>
    /// <param name="from">Who wrote it: no receipt is theirs.</param>
    public IReadOnlyList<Receipt> ReadersOf(DateTimeOffset sent, string? from) =>
        [.. Receipts.Where(receipt => receipt.Until >= sent && receipt.Who.Reference != from).GroupBy(receipt => receipt.Who.Reference).Select(group => group.MinBy(receipt => receipt.At)!)];

    /// <summary>Says something in the thread. A closed one is open again.</summary>
    /// <param name="id">Id of the thread.</param>
    /// <param name="from">Who.</param>
    /// <param name="text">What; may be empty when there are files.</param>
    /// <param name="files">Files that come along.</param>
    /// <param name="urgentReason">Why it cannot wait; null when it can.</param>
    /// <param name="at">Now.</param>
    /// <returns>The message, to be stored with the thread.</returns>
    public JsonObject Say(string id, Party from, string text, IReadOnlyList<MessageFile> files, string? urgentReason, DateTimeOffset at)
    {
        Head["status"] = "in-progress";
        if (urgentReason is not null)
        {
            Head["priority"] = "urgent";
            Head["reasonCode"] = new JsonArray(new JsonObject { ["text"] = urgentReason });
        }
        if (IsUrgent) Tag(MessageCodes.System, MessageCodes.Urgent);
        var message = Add(id, MessageKind.Said, from, Toward(from), at);
        if (urgentReason is not null) message["priority"] = "urgent";
        var payload = new JsonArray();
        if (text.Length > 0) payload.Add(new JsonObject { ["contentString"] = text });
        foreach (var file in files)
            payload.Add(new JsonObject { ["contentAttachment"] = new JsonObject { ["contentType"] = file.ContentType, ["data"] = Convert.ToBase64String(file.Bytes), ["size"] = file.Bytes.Length, ["title"] = file.Title, ["creation"] = Write(at) } });
        message["payload"] = payload;
        return message;
    }

    /// <summary>Passes the thread on: the other has it in hand now, and everybody in it sees that.</summary>
    public JsonObject HandOver(string id, Party from, Correspondent to, string note, DateTimeOffset at)
    {
        Head["status"] = "in-progress";
        if (IsUrgent) Tag(MessageCodes.System, MessageCodes.Urgent);
        Join(to);
        Hold(to);
        var message = Add(id, MessageKind.HandedOver, from, [to, .. Toward(from).Where(one => one.Reference != to.Reference)], at);
        message["about"] = new JsonArray(Write(to));
        if (note.Length > 0) message["payload"] = new JsonArray(new JsonObject { ["contentString"] = note });
        return message;
    }

    /// <summary>"I take care of it."</summary>
    public JsonObject Take(string id, Party who, DateTimeOffset at)
    {
        Join(who.Self);
        Hold(who.Self);
        return Add(id, MessageKind.Taken, who, Toward(who), at);
    }

    /// <summary>Ends the thread.</summary>
    public JsonObject Close(string id, Party who, DateTimeOffset at)
    {
        var message = Add(id, MessageKind.Closed, who, Toward(who), at);
        Head["status"] = "completed";
        Untag(MessageCodes.System, code => code == MessageCodes.Urgent);
        return message;
    }

    /// <summary>Notes that somebody read what was sent until a time. What came later stays unread.</summary>
    /// <returns>False when there is nothing to note.</returns>
    public bool MarkRead(Party reader, DateTimeOffset until, DateTimeOffset at)
    {
        var unread = UnreadBy.Where(reader.Is).ToList();
        if (unread.Count == 0) return false;
        var isAll = Sent is not { } sent || until >= sent;
        if (!isAll && Receipts.Any(receipt => receipt.Who.Reference == reader.Self.Reference && receipt.Until >= until)) return false;
        if (isAll) Untag(MessageCodes.Unread, reader.Is);
        AddReceipt(reader, [.. unread.Where(one => one != reader.Self.Reference)], isAll && Sent is { } newest ? newest : until, at);
        return true;
    }

    /// <summary>Takes a message from elsewhere into the thread, as its first.</summary>
    /// <param name="id">Of the thread.</param>
    /// <param name="foreign">The message; it becomes part of the thread and has arrived.</param>
    /// <param name="at">Now.</param>
    public static void Adopt(string id, JsonObject foreign, DateTimeOffset at)
    {
        foreign["partOf"] = new JsonArray([.. (foreign["partOf"] as JsonArray ?? []).Select(one => one?.DeepClone()), new JsonObject { ["reference"] = $"Communication/{id}" }]);
        if (foreign["received"] is null) foreign["received"] = Write(at);
    }

    /// <summary>What a stored message does.</summary>
    public static MessageKind KindOf(string? category) => category switch { "hand-over" => MessageKind.HandedOver, "taken" => MessageKind.Taken, "closed" => MessageKind.Closed, _ => MessageKind.Said };

    /// <summary>A time as it stands in messages.</summary>
    public static string Write(DateTimeOffset at) => at.ToUniversalTime().ToString(Instant, CultureInfo.InvariantCulture);

    // Whom a message is for: the one who has the thread in hand instead of roles and units, patients, and people; never its writer.
    List<Correspondent> Toward(Party from) => [.. Participants.Where(one => !from.Is(one.Reference) && (!one.IsShared || Holder is not { } holder || holder.Reference == one.Reference))];

    JsonObject Add(string id, MessageKind kind, Party from, List<Correspondent> to, DateTimeOffset at)
    {
        // Two messages of one millisecond would be one to the receipts.
        if (Sent is { } last && at <= last) at = last.AddMilliseconds(1);
        if (!from.Self.IsPatient || !Participants.Any(one => from.Is(one.Reference))) Join(from.Self);
        // Who writes has read.
        var read = UnreadBy.Where(from.Is).ToList();
        if (read.Count > 0)
        {
            Untag(MessageCodes.Unread, from.Is);
            AddReceipt(from, [.. read.Where(one => one != from.Self.Reference)], Sent ?? at, at);
        }
        Head["sent"] = Write(at);
        foreach (var one in to) Tag(MessageCodes.Unread, one.Reference);
        var message = new JsonObject
        {
            ["resourceType"] = "Communication", ["partOf"] = new JsonArray(new JsonObject { ["reference"] = $"Communication/{id}" }), ["status"] = "completed",
            ["category"] = new JsonArray(new JsonObject { ["coding"] = new JsonArray(Coding(MessageCodes.System, kind switch { MessageKind.HandedOver => "hand-over", MessageKind.Taken => "taken", MessageKind.Closed => "closed", _ => "said" })) }),
            ["subject"] = Head["subject"]!.DeepClone(), ["sent"] = Write(at), ["sender"] = Write(from.Self),
        };
        if (to.Count > 0) message["recipient"] = new JsonArray([.. to.Select(Write)]);
        return message;
    }

    void Join(Correspondent who)
    {
        if (Participants.Any(one => one.Reference == who.Reference)) return;
        ((JsonArray)Head["recipient"]!).Add(Write(who));
    }

    void Hold(Correspondent who)
    {
        Drop(MessageCodes.Holder);
        Extend(new JsonObject { ["url"] = MessageCodes.Holder, ["valueReference"] = Write(who) });
    }

    void AddReceipt(Party reader, IReadOnlyList<string> forWhom, DateTimeOffset until, DateTimeOffset at) => Extend(new JsonObject
    {
        ["url"] = MessageCodes.Read,
        ["extension"] = new JsonArray(
        [
            new JsonObject { ["url"] = "who", ["valueReference"] = Write(reader.Self) },
            new JsonObject { ["url"] = "at", ["valueInstant"] = Write(at) },
            new JsonObject { ["url"] = "until", ["valueInstant"] = Write(until) },
            .. forWhom.Select(one => new JsonObject { ["url"] = "for", ["valueReference"] = new JsonObject { ["reference"] = one } }),
        ]),
    });

    static Receipt? ReadReceipt(JsonObject extension)
    {
        var parts = (extension["extension"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        JsonObject? Part(string name) => parts.Find(part => (string?)part["url"] == name);
        return Reference(Part("who")?["valueReference"]) is { } who && Time(Part("at")?["valueInstant"]) is { } at && Time(Part("until")?["valueInstant"]) is { } until
            ? new(who, at, until, [.. parts.Where(part => (string?)part["url"] == "for").Select(part => (string?)part["valueReference"]?["reference"]).OfType<string>()]) : null;
    }

    IEnumerable<Correspondent> References(string name) => (Head[name] as JsonArray ?? []).Select(Reference).OfType<Correspondent>();
    IEnumerable<JsonObject> Extensions(string url) => (Head["extension"] as JsonArray ?? []).OfType<JsonObject>().Where(one => (string?)one["url"] == url);

    void Extend(JsonObject extension)
    {
        if (Head["extension"] is JsonArray known) known.Add(extension);
        else Head["extension"] = new JsonArray(extension);
    }

    void Drop(string url)
    {
        if (Head["extension"] is not JsonArray known) return;
        foreach (var one in Extensions(url).ToList()) known.Remove(one);
        if (known.Count == 0) Head.Remove("extension");
    }

    static IEnumerable<(string System, string Code)> TagsOf(JsonObject head) =>
        ((head["meta"] as JsonObject)?["tag"] as JsonArray ?? []).OfType<JsonObject>().Select(tag => ((string?)tag["system"] ?? "", (string?)tag["code"] ?? ""));

    void Tag(string system, string code)
    {
        if (TagsOf(Head).Contains((system, code))) return;
        var meta = Head["meta"] as JsonObject ?? [];
        if (Head["meta"] is null) Head["meta"] = meta;
        if (meta["tag"] is JsonArray tags) tags.Add(Coding(system, code));
        else meta["tag"] = new JsonArray(Coding(system, code));
    }

    void Untag(string system, Predicate<string> which)
    {
        if ((Head["meta"] as JsonObject)?["tag"] is not JsonArray tags) return;
        foreach (var tag in tags.OfType<JsonObject>().Where(tag => (string?)tag["system"] == system && which((string?)tag["code"] ?? "")).ToList()) tags.Remove(tag);
    }

    static JsonObject Coding(string system, string code) => new() { ["system"] = system, ["code"] = code };
    static JsonObject Write(Correspondent who) => new() { ["reference"] = who.Reference, ["display"] = who.Name };
    static Correspondent? Reference(JsonNode? json) => (string?)json?["reference"] is { } reference ? new(reference, (string?)json["display"] ?? reference) : null;
    static DateTimeOffset? Time(JsonNode? json) => DateTimeOffset.TryParse((string?)json, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
