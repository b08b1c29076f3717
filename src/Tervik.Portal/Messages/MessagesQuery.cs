using System.Globalization;
using System.Text.Json;
using Tervik.Care.Messages;
using Tervik.Portal.Documents;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Portal.Today;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Messages;

/// <summary>A thread in a line of the inbox.</summary>
/// <param name="Id">Of the Communication.</param>
/// <param name="Topic">Subject line, or the beginning of the text.</param>
/// <param name="Patient">About whom; null when that is the reader.</param>
/// <param name="With">Who else is in it.</param>
/// <param name="Sent">When the newest message was sent.</param>
/// <param name="IsUnread">The reader, or the role they stand for, has not read it.</param>
/// <param name="IsUrgent">It is urgent and not closed.</param>
/// <param name="IsClosed">It is closed.</param>
/// <param name="Holder">Who has it in hand, or null.</param>
public sealed record ThreadLine(string Id, string Topic, PatientHeader? Patient, string With, FhirDate? Sent, bool IsUnread, bool IsUrgent, bool IsClosed, string? Holder);

/// <summary>A page of the inbox.</summary>
/// <param name="Show">Which threads: one of <see cref="MessagesQuery.Shows"/>.</param>
/// <param name="About">The patient whose threads alone are shown, or null.</param>
/// <param name="Urgent">For professionals, on the first page: what cannot wait.</param>
/// <param name="Threads">The others, newest first.</param>
/// <param name="Unread">How many threads are unread.</param>
/// <param name="Next">Cursor of the next page, or null.</param>
/// <param name="Previous">Of the page before.</param>
public sealed record InboxModel(string Show, PatientHeader? About, IReadOnlyList<ThreadLine> Urgent, IReadOnlyList<ThreadLine> Threads, long Unread, string? Next, string? Previous);

/// <summary>The threads about a patient, whoever is in them.</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Threads">Newest first.</param>
/// <param name="Next">Cursor of the next page, or null.</param>
/// <param name="Previous">Of the page before.</param>
/// <param name="MayWrite">Whether the reader may begin one.</param>
public sealed record ThreadsModel(PatientHeader Patient, IReadOnlyList<ThreadLine> Threads, string? Next, string? Previous, bool MayWrite);

/// <summary>One message of a thread.</summary>
/// <param name="Id">Of its Communication.</param>
/// <param name="Kind">What it does.</param>
/// <param name="From">Who wrote it.</param>
/// <param name="IsMine">The reader did, or somebody they stand for.</param>
/// <param name="Sent">When.</param>
/// <param name="Text">What it says.</param>
/// <param name="To">To whom the thread was handed over, or null.</param>
/// <param name="Files">Files that came along.</param>
/// <param name="IsUrgent">It said that it cannot wait.</param>
/// <param name="Readers">Who has read it and when; only for its writer.</param>
public sealed record MessageView(string Id, MessageKind Kind, string From, bool IsMine, FhirDate? Sent, string Text, string? To, IReadOnlyList<Attachment> Files, bool IsUrgent, IReadOnlyList<(string Who, FhirDate? At)> Readers);

/// <summary>A thread.</summary>
/// <param name="Id">Of its Communication, or of a single message from elsewhere.</param>
/// <param name="Version">Of it.</param>
/// <param name="Line">The same in a line.</param>
/// <param name="Patient">About whom.</param>
/// <param name="IsAboutReader">The reader is that patient.</param>
/// <param name="About">Entries it is about: words and address.</param>
/// <param name="Participants">Names of all who are in it.</param>
/// <param name="UrgentReason">Why it is or was urgent.</param>
/// <param name="Messages">Oldest first.</param>
/// <param name="IsCut">There are older ones, in the record.</param>
/// <param name="TakesPart">The reader is in it.</param>
/// <param name="IsHolder">The reader has it in hand.</param>
/// <param name="SeenUntil">When the newest message that is shown was sent, as it stands in the record.</param>
public sealed record ThreadModel(string Id, int Version, ThreadLine Line, PatientHeader Patient, bool IsAboutReader, IReadOnlyList<(string Words, string Href)> About, IReadOnlyList<string> Participants, string? UrgentReason,
    IReadOnlyList<MessageView> Messages, bool IsCut, bool TakesPart, bool IsHolder, string SeenUntil);

/// <summary>A thread as it was read: the Communication, its rules, and the page.</summary>
/// <param name="Stored">The Communication.</param>
/// <param name="Thread">Its rules; null for a single message from elsewhere.</param>
/// <param name="Party">The reader.</param>
/// <param name="Model">The page.</param>
/// <param name="Read">All that was read for it, for the log.</param>
sealed record OpenThread(StoredResource Stored, MessageThread? Thread, Party Party, ThreadModel Model, IReadOnlyList<StoredResource> Read);

/// <summary>Reads messages under the reader's access filter: who may not see the record that a thread is about, finds no thread.</summary>
sealed class MessagesQuery(RecordQuery record, RecordStore store, DutyQuery duties, StaffRegister register)
{
    /// <summary>Which threads an inbox shows.</summary>
    public static readonly string[] Shows = ["all", "unread", "urgent"];
    const int PageSize = 25, MostUrgent = 50, MostMessages = 500, MostUnreadForeign = 50, ShownLetters = 80;
    static readonly (string, string) Standing = ("status", "in-progress,completed"), Whole = ("part-of:missing", "true");

    /// <summary>For whom somebody reads and writes: a professional for their roles and units, a parent for their children.</summary>
    public async Task<Party> PartyOf(SignedIn person, CancellationToken stop)
    {
        if (!person.IsProfessional) return new(new(person.Reference, person.Name), [person.Reference, .. person.Family.Where(one => one.Kind == FamilyKind.Guardian).Select(one => one.Patient)]);
        var staff = await register.Of(person.Reference, stop);
        return new(new(person.Reference, person.Name), [person.Reference, .. staff.Roles.Select(role => $"PractitionerRole/{role.Id}"), .. staff.Roles.Select(role => role.Organization).OfType<string>().Distinct()]);
    }

    /// <summary>A parent writes as their child, under their own name.</summary>
    public static Party WritingAbout(Party party, string patient, string patientName) =>
        party.Self.IsPatient && party.Self.Reference != patient && party.Is(patient) ? party with { Self = new(patient, $"{party.Self.Name} ({patientName})") } : party;

    /// <summary>How many threads somebody has not read.</summary>
    public async Task<long> Unread(Party party, AccessFilter filter, CancellationToken stop) =>
        (await record.Everywhere("Communication", filter, stop, ("_tag", UnreadBy(party)), ("_count", "0"))).Total ?? 0;

    /// <summary>How many threads, and messages from elsewhere, somebody has not read.</summary>
    public async Task<long> HowManyUnread(SignedIn person, AccessFilter filter, CancellationToken stop)
    {
        var party = await PartyOf(person, stop);
        return await Unread(party, filter, stop) + (await UnreadForeign(party, filter, stop)).Count;
    }

    /// <summary>What of somebody's threads changed last.</summary>
    public async Task<StoredResource?> Newest(Party party, AccessFilter filter, CancellationToken stop) =>
        (await record.Everywhere("Communication", filter, stop, ("recipient", string.Join(',', party.Standing)), Whole, ("_sort", "-_lastUpdated"), ("_count", "1"))).Matches is [var newest, ..] ? newest : null;

    /// <summary>Messages from elsewhere that arrived nowhere yet.</summary>
    public async Task<IReadOnlyList<StoredResource>> UnreadForeign(Party party, AccessFilter filter, CancellationToken stop) =>
        (await record.Everywhere("Communication", filter, stop, ("recipient", string.Join(',', party.Standing)), ("received:missing", "true"), Whole, Standing, ("_tag:not", MessageCodes.ThreadTag), ("_sort", "-sent"), Count(MostUnreadForeign))).Matches;

    /// <summary>The threads that somebody has not read, newest first, messages from elsewhere among them.</summary>
    public async Task<IReadOnlyList<StoredResource>> UnreadThreads(Party party, int most, AccessFilter filter, CancellationToken stop)
    {
        var threads = (await record.Everywhere("Communication", filter, stop, ("_tag", UnreadBy(party)), ("_sort", "-sent"), Count(most))).Matches;
        return [.. threads.Concat(await UnreadForeign(party, filter, stop)).OrderByDescending(one => one.Take(json => FhirDate.Read(json.TextAt("sent"))?.Instant ?? DateTimeOffset.MinValue)).Take(most)];
    }

    /// <returns>The page and what was read for it; null when the patient it is narrowed to is not to be seen.</returns>
    public async Task<(InboxModel Model, IReadOnlyList<StoredResource> Read, IReadOnlyList<string> Patients)?> Inbox(SignedIn person, string show, string? about, string? cursor, AccessFilter filter, CancellationToken stop)
    {
        PatientHeader? of = null;
        if (about is not null)
        {
            if (await record.Patient(about, filter, stop) is not var (header, _)) return null;
            of = header;
        }
        var party = await PartyOf(person, stop);
        var addressed = person.IsProfessional ? party.Standing.Concat((await duties.Load(person, filter, stop)).Teams) : party.Standing;
        List<(string, string)> which = [("recipient", string.Join(',', addressed)), Whole, Standing, .. of is null ? Array.Empty<(string, string)>() : [("patient", $"Patient/{of.Id}")]];
        var (urgent, foreign) = ((IReadOnlyList<StoredResource>)[], (IReadOnlyList<StoredResource>)[]);
        if (show == "unread")
        {
            which.Add(("_tag", UnreadBy(party)));
            // Of other systems; they have no label, and are few.
            if (cursor is null) foreign = [.. (await UnreadForeign(party, filter, stop)).Where(one => of is null || one.Take(RecordQuery.PatientOf) == of.Id)];
        }
        else if (show == "urgent") which.Add(("_tag", MessageCodes.UrgentTag));
        if (show != "urgent" && person.IsProfessional)
        {
            if (cursor is null) urgent = (await record.Everywhere("Communication", filter, stop, [.. which, ("_tag", MessageCodes.UrgentTag), ("_sort", "-sent"), Count(MostUrgent)])).Matches;
            which.Add(("_tag:not", MessageCodes.UrgentTag));
        }
        var page = await record.Everywhere(cursor, "Communication", filter, stop, [.. which, ("_sort", "-sent"), Count(PageSize)]);
        List<StoredResource> read = [.. urgent, .. foreign, .. page.Matches];
        var people = await record.Patients(read.Select(one => one.Take(RecordQuery.PatientOf)).OfType<string>(), filter, stop);
        IReadOnlyList<ThreadLine> Lines(IEnumerable<StoredResource> threads) => [.. threads.Select(one => Line(one, party, person, people))];
        var unread = await Unread(party, filter, stop) + (show == "unread" && cursor is null && of is null ? foreign.Count : (await UnreadForeign(party, filter, stop)).Count);
        return (new(show, of, Lines(urgent), Lines(foreign.Concat(page.Matches)), unread, page.NextCursor, page.PreviousCursor), [.. read, .. people.Values.Select(one => one.Stored)], [.. people.Keys]);
    }

    /// <summary>All threads about a patient that the reader may see.</summary>
    public async Task<(ThreadsModel Model, IReadOnlyList<StoredResource> Read)?> About(string patient, SignedIn person, string? cursor, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(patient, filter, stop) is not var (header, stored)) return null;
        var party = await PartyOf(person, stop);
        var page = await record.Everywhere(cursor, "Communication", filter, stop, ("patient", $"Patient/{patient}"), Whole, Standing, ("_sort", "-sent"), Count(PageSize));
        var people = new Dictionary<string, (PatientHeader, StoredResource)>();
        return (new(header, [.. page.Matches.Select(one => Line(one, party, person, people))], page.NextCursor, page.PreviousCursor, person.IsProfessional || party.Is($"Patient/{patient}")), [stored, .. page.Matches]);
    }

    /// <summary>A thread with its messages; null when there is none that the reader may see.</summary>
    public async Task<OpenThread?> Open(string id, SignedIn person, AccessFilter filter, CancellationToken stop)
    {
        if (await store.Read("Communication", id, filter, stop) is not { IsDeleted: false } stored) return null;
        if (stored.Take(RecordQuery.PatientOf) is not { } patient || await record.Patient(patient, filter, stop) is not var (header, who)) return null;
        var thread = MessageThread.Of(stored.Body);
        var party = WritingAbout(await PartyOf(person, stop), $"Patient/{patient}", header.Name);
        var (parts, isCut) = thread is null ? ([stored], false) : await Parts(id, filter, stop);
        var isIn = thread?.Has(party) ?? stored.Take(json => json.ItemsAt("recipient").Append(json.At("sender")).Any(one => one.TextAt("reference") is { } reference && party.Is(reference)));
        var line = Line(stored, party, person, new() { [patient] = (header, who) });
        var messages = parts.ConvertAll(one => one.Take(json => View(one.Id, json, thread, party)));
        var until = parts.Count == 0 ? "" : parts[^1].Take(json => json.TextAt("sent") ?? "");
        // A single message of elsewhere names what it is about as a thread does.
        List<(string, string)> about = [];
        foreach (var one in stored.Take(json => json.ItemsAt("about").Select(one => (Reference: one.TextAt("reference"), Words: one.TextAt("display"))).ToList()))
            if (one.Reference?.Split('/') is [var type, var entry]) about.Add((one.Words ?? ElementWords.Type(type), $"/patients/{Uri.EscapeDataString(patient)}/entry/{Uri.EscapeDataString(type)}/{Uri.EscapeDataString(entry)}"));
        return new(stored, thread, party, new(id, stored.Version, line, header, person.Owns(patient), about, thread is null ? [] : [.. thread.Participants.Select(one => one.Name)], thread?.UrgentReason,
            messages, isCut, isIn, thread?.Holder is { } holder && party.Is(holder.Reference), until), [stored, who, .. thread is null ? [] : parts]);
    }

    /// <summary>The thread that a message is part of; null when it is none's.</summary>
    public async Task<string?> ThreadOf(string message, AccessFilter filter, CancellationToken stop) => await store.Read("Communication", message, filter, stop) is { IsDeleted: false } stored
        ? stored.Take(json => json.ItemsAt("partOf").Select(one => one.TextAt("reference")?.Split('/') is ["Communication", var thread] ? thread : null).OfType<string>().FirstOrDefault()) : null;

    async Task<(List<StoredResource> Parts, bool IsCut)> Parts(string id, AccessFilter filter, CancellationToken stop)
    {
        var page = await record.Everywhere("Communication", filter, stop, ("part-of", $"Communication/{id}"), ("status", "completed,in-progress,stopped,not-done"), ("_sort", "-sent"), Count(MostMessages));
        return ([.. page.Matches.Reverse()], page.NextCursor is not null);
    }

    static MessageView View(string id, JsonElement json, MessageThread? thread, Party party)
    {
        var (from, sent) = (json.At("sender").TextAt("reference"), FhirDate.Read(json.TextAt("sent")));
        var isMine = from is not null && party.Is(from);
        var kind = MessageThread.KindOf(json.ItemsAt("category").SelectMany(one => one.ItemsAt("coding")).Where(one => one.TextAt("system") == MessageCodes.System).Select(one => one.TextAt("code")).FirstOrDefault());
        return new(id, kind, json.At("sender").TextAt("display") ?? Words.Of("Unnamed"), isMine, sent, string.Join("\n", json.ItemsAt("payload").Select(part => part.TextAt("contentString")).OfType<string>()),
            kind == MessageKind.HandedOver ? json.FirstAt("about").TextAt("display") : null, Attachment.In(json), json.TextAt("priority") is "urgent" or "asap" or "stat",
            !isMine || sent is null || thread is null ? [] : [.. thread.ReadersOf(sent.Value.Instant, from).OrderBy(one => one.At).Select(one => (one.Who.Name, FhirDate.Read(MessageThread.Write(one.At))))]);
    }

    static ThreadLine Line(StoredResource stored, Party party, SignedIn person, Dictionary<string, (PatientHeader Header, StoredResource Stored)> people)
    {
        var patient = stored.Take(RecordQuery.PatientOf) is { } id && !person.Owns(id) && people.TryGetValue(id, out var found) ? found.Header : null;
        if (MessageThread.Of(stored.Body) is { } thread)
            return new(stored.Id, thread.Topic.Length > 0 ? thread.Topic : Words.Of("one of Messages"), patient, string.Join(", ", thread.Participants.Where(one => one.Reference != party.Self.Reference).Select(one => one.Name)),
                thread.Sent is { } sent ? FhirDate.Read(MessageThread.Write(sent)) : null, thread.IsUnreadBy(party), thread.IsUrgent && !thread.IsClosed, thread.IsClosed, thread.Holder?.Name);
        return stored.Take(json =>
        {
            var text = Codes.Write(json.At("topic")) ?? json.FirstAt("payload").TextAt("contentString") ?? Words.Of("one of Messages");
            return new ThreadLine(stored.Id, text.Length > ShownLetters ? $"{text[..(char.IsHighSurrogate(text[ShownLetters - 1]) ? ShownLetters - 1 : ShownLetters)]}…" : text, patient, json.At("sender").TextAt("display") ?? "", FhirDate.Read(json.TextAt("sent")),
                !json.At("received").Exists() && json.ItemsAt("recipient").Any(one => one.TextAt("reference") is { } reference && party.Is(reference)), json.TextAt("priority") is "urgent" or "asap" or "stat", IsClosed: false, Holder: null);
        });
    }

    static string UnreadBy(Party party) => string.Join(',', party.Standing.Select(one => $"{MessageCodes.Unread}|{one}"));
    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));
}
