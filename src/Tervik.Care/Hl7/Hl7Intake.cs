using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Records.Validation;
using Tervik.Storage;

namespace Tervik.Care.Hl7;

/// <summary>What became of one message.</summary>
/// <param name="Message">As it was read; null when it could not be.</param>
/// <param name="Code">AA, AE or AR.</param>
/// <param name="Answer">The acknowledgment.</param>
/// <param name="Faults">Why, and what the sender should know.</param>
/// <param name="Status">Of HTTP.</param>
sealed record Taken(Hl7Message? Message, string Code, string Answer, IReadOnlyList<Hl7Fault> Faults, int Status);

/// <summary>What became of all that was sent.</summary>
/// <param name="Messages">At least one.</param>
/// <param name="Text">The acknowledgment, or the batch of them.</param>
/// <param name="Encoding">In which it goes back.</param>
sealed record IntakeAnswer(IReadOnlyList<Taken> Messages, string Text, Encoding Encoding)
{
    /// <summary>Of HTTP: of the first that was not taken.</summary>
    public int Status => Messages.FirstOrDefault(one => one.Code != "AA")?.Status ?? StatusCodes.Status200OK;
}

/// <summary>Takes messages into the record: read, allowed, mapped, valid, written once with who sent them (Provenance) in one commit, and in the access log before the answer.</summary>
sealed partial class Hl7Intake(RecordStore store, SearchEngine searches, IAccessControl access, Hl7Journal journal, Hl7Settings settings, TimeProvider clock, ILogger<Hl7Intake> logger)
{
    /// <summary>So often a message starts over when others change the same.</summary>
    const int MostAttempts = 8;
    static readonly Interaction Transaction = new("transaction", null);

    byte[]? secret;

    /// <summary>Takes what was sent.</summary>
    /// <param name="request">Whose sender was identified.</param>
    /// <param name="bytes">A message, several, or a batch.</param>
    /// <param name="declared">Character set the transport says; null for none.</param>
    /// <param name="stop">Ends it between two messages.</param>
    public async Task<IntakeAnswer> Take(HttpContext request, ReadOnlyMemory<byte> bytes, string? declared, CancellationToken stop)
    {
        var permission = await access.Decide(request, Transaction, stop);
        var encoding = (Encoding)Encoding.UTF8;
        if (permission.Refusal is { } refusal)
        {
            // Nothing of what was sent is read but what the answer needs.
            var refused = await Refused(permission, Header(bytes.Span), refusal, stop);
            return new([refused], refused.Answer, encoding);
        }
        IReadOnlyList<string> texts;
        bool isBatch;
        try
        {
            (var text, encoding) = Hl7Text.Decode(bytes.Span, declared);
            (texts, isBatch) = Hl7Text.Split(text);
        }
        catch (Hl7Exception fault)
        {
            var unread = await Answer(permission, Header(bytes.Span), fault.Faults, isUnreadable: fault.IsUnreadable, stop);
            return new([unread], unread.Answer, encoding);
        }
        var taken = new List<Taken>(texts.Count);
        foreach (var text in texts) taken.Add(await Take(request, permission, text, encoding, stop));
        if (!isBatch) return new(taken, string.Concat(taken.Select(one => one.Answer)), encoding);
        // A batch is answered by a batch.
        var with = taken.FirstOrDefault()?.Message?.Delimiters ?? Delimiters.Usual;
        var answers = new StringBuilder().Append("BHS").Append(with.Field).Append(with.Encoding2).Append('\r');
        foreach (var one in taken) answers.Append(one.Answer);
        answers.Append("BTS").Append(with.Field).Append(taken.Count).Append('\r');
        return new(taken, answers.ToString(), encoding);
    }

    /// <summary>An answer to what is no message at all, or too long to be read.</summary>
    public Taken Unreadable(string what) => new(null, "AR", Acknowledgment.Write(null, "AR", [new(Hl7Error.DataType, default, what)], clock.GetUtcNow()), [], StatusCodes.Status400BadRequest);

    /// <summary>The header alone, to answer by; null when it cannot be read.</summary>
    static Hl7Message? Header(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var start = bytes[..Math.Min(bytes.Length, 4096)].IndexOf("MSH"u8);
            if (start < 0) return null;
            var line = bytes[start..Math.Min(bytes.Length, start + 4096)];
            return Hl7Message.Parse(Encoding.Latin1.GetString(line.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var end ? line[..end] : line));
        }
        catch (Hl7Exception)
        {
            return null;
        }
    }

    async Task<Taken> Take(HttpContext request, Permission permission, string text, Encoding encoding, CancellationToken stop)
    {
        Hl7Message? message = null;
        try
        {
            message = Hl7Message.Parse(text, encoding);
            Check(message);
            Mapping.Check(message);
            return await Take(request, permission, message, text, stop);
        }
        catch (Hl7Exception fault)
        {
            return await Answer(permission, message ?? Header(encoding.GetBytes(text.Length > 4096 ? text[..4096] : text)), fault.Faults, fault.IsUnreadable, stop);
        }
        catch (FaultException fault) when (fault.Faults[0].Kind is FaultKind.Forbidden or FaultKind.Unauthenticated or FaultKind.TooMany)
        {
            return await Refused(permission, message, fault.Faults[0], stop);
        }
        catch (FaultException fault)
        {
            return await Answer(permission, message, [.. fault.Faults.Select(one => new Hl7Fault(Hl7Error.DataType, default, one.What))], isUnreadable: false, stop);
        }
        catch (StorageException fault)
        {
            LogUnavailable(logger, fault);
            return Later(message);
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
        {
            // Our own mistake: the sender keeps the message, and the operator sees why.
            LogFault(logger, fault, request.TraceIdentifier);
            return await Answer(permission, message, [new(Hl7Error.Internal, default, $"The message could not be taken by a fault of ours (trace {request.TraceIdentifier}); nothing was changed.")], isUnreadable: false, stop) with { Status = StatusCodes.Status500InternalServerError };
        }
    }

    Taken Later(Hl7Message? message)
    {
        Hl7Fault fault = new(Hl7Error.Internal, default, "The record cannot be reached now; nothing was changed. Send it again.");
        return new(message, "AR", Acknowledgment.Write(message, "AR", [fault], clock.GetUtcNow()), [fault], StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>What every message needs (chapter 2, MSH).</summary>
    static void Check(Hl7Message message)
    {
        var header = message.Header;
        if (!header[12].HasValue) throw Missing(header, 12, "a version such as 2.5.1");
        if (!Acknowledgment.IsKnown(message.Version)) throw new Hl7Exception(new Hl7Fault(Hl7Error.UnsupportedVersion, header[12].Place, "This version is not taken here; 2.1 to 2.9 are."));
        if (!header[9][1].HasValue) throw Missing(header, 9, "a message type such as ADT^A01");
        if (message.ControlId.Length == 0) throw Missing(header, 10, "a control id, by which a repeated message is known,");
        if (message.ControlId.Length > 199) throw new Hl7Exception(new Hl7Fault(Hl7Error.DataType, header[10].Place, "MSH-10 has more than 199 characters."));
        if (header[11].HasValue && header[11][1].Text is not ("P" or "T" or "D")) throw new Hl7Exception(new Hl7Fault(Hl7Error.UnsupportedProcessing, header[11].Place, "MSH-11 is none of P, T and D."));
    }

    static Hl7Exception Missing(Hl7Segment segment, int field, string what) => new(new Hl7Fault(Hl7Error.Required, new(segment.Name, segment.Sequence, field), $"{segment.Name}-{field} is missing: {what} was expected.")) { IsUnreadable = true };

    async Task<Taken> Take(HttpContext request, Permission permission, Hl7Message message, string text, CancellationToken stop)
    {
        var finding = await access.Decide(request, new("search-type", "Patient"), stop);
        if (finding.Refusal is not null) return await Refused(permission, message, new(FaultKind.Forbidden, "forbidden", null, "The credential may not search patients, so a message cannot be given to whom it belongs: its scope needs read and write."), stop);
        var key = secret ??= Convert.FromBase64String(await store.Setting("hl7-id-key", () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), stop));
        var name = MessageName.Of(permission.Agent ?? "", message, text);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (await journal.Find(name, stop) is { } before)
            {
                await access.Log(new(permission.Agent, Transaction, null, [], StatusCodes.Status200OK), stop);
                return new(message, "AA", before, [], StatusCodes.Status200OK);
            }
            var changes = new ChangeSet(store, searches, finding.Filter, key, stop);
            var types = new DataTypes(new(settings.Systems, SenderOf(message)), new(Hl7Time.Read(message.Header[7].First)?.Offset, settings.Zone));
            var outcome = await Mapping.Map(message, changes, types);
            var writes = Written(permission, message, name, changes, types, outcome);
            var answer = Acknowledgment.Write(message, "AA", outcome.Warnings, clock.GetUtcNow());
            var result = await store.Commit(writes, [.. changes.Guards, Hl7Journal.Untaken(name)], stop, session => journal.Add(session, name, answer));
            if (result.Outcome != CommitOutcome.Done) continue;
            await Log(permission, writes, result, stop);
            return new(message, "AA", answer, outcome.Warnings, StatusCodes.Status200OK);
        }
        return await Answer(permission, message, [new(Hl7Error.Locked, default, "Others change the same all the time; nothing was changed. Send it again.")], isUnreadable: false, stop) with { Status = StatusCodes.Status409Conflict };
    }

    /// <summary>The system of identifiers that name no authority: they are the sending facility's, or the application's.</summary>
    string SenderOf(Hl7Message message)
    {
        Namespaces known = new(settings.Systems, "");
        foreach (var field in new[] { message.Header[4], message.Header[3] })
            if (field.HasValue && known.SystemOf(field[1].Text, field[2].Text, field[3].Text) is { } system) return system;
        return Namespaces.Named("hl7");
    }

    List<Write> Written(Permission permission, Hl7Message message, MessageName name, ChangeSet changes, DataTypes types, Mapping.Outcome outcome)
    {
        var writes = new List<Write>();
        var edited = changes.All.Where(one => one.HasChanged).ToList();
        foreach (var one in edited) writes.Add(Prepare(permission, one));
        if (writes.Count == 0) return writes;
        // A note for each patient, so that nobody learns from theirs of another one.
        foreach (var group in writes.GroupBy(write => write.Draft!.Entries.Compartments is [var whose] ? whose : write.Draft!.Entries.Compartments.Length == 0 ? 0 : -1).ToList())
        {
            var note = Edited.New("Provenance", changes.IdOf("Provenance", name.Client, name.Sender, name.ControlId, name.Hash, group.Key.ToString(CultureInfo.InvariantCulture)));
            var targets = group.Select(write => (JsonNode?)Fhir.Reference($"{write.Type}/{write.Id}/_history/{(write.ExpectedVersion ?? 0) + 1}")).ToList();
            if (group.Key > 0 || group.Key < -1)
                foreach (var patient in PatientsOf(edited, group.Select(write => $"{write.Type}/{write.Id}").ToHashSet())) targets.Add(Fhir.Reference(patient));
            note.Put("target", Fhir.Array(targets));
            note.Put("occurredDateTime", outcome.Occurred);
            note.Put("recorded", clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            note.Put("activity", Fhir.Concept("http://terminology.hl7.org/CodeSystem/v2-0003", message.Event));
            note.Put("location", outcome.Location?.DeepClone());
            note.Put("agent", Fhir.Array(
            [
                Agent("transmitter", Fhir.Object(("identifier", new JsonObject { ["value"] = name.Client }), ("display", name.Client))!, outcome.Facility),
                .. outcome.People.Select(one => Agent(one.Type, one.Who, null)),
            ]));
            note.Put("entity", new JsonArray(new JsonObject { ["role"] = "source", ["what"] = new JsonObject { ["identifier"] = DataTypes.Identifier(new(types.Namespaces.Sender, name.ControlId)), ["display"] = $"HL7 v2 {message.Type} {message.Event}" } }));
            writes.Add(Prepare(permission, note));
        }
        return writes;
    }

    static JsonObject? Agent(string type, JsonObject who, JsonObject? facility) =>
        Fhir.Object(("type", Fhir.Concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", type)), ("who", who.DeepClone()), ("onBehalfOf", facility?.DeepClone()));

    static IEnumerable<string> PatientsOf(List<Edited> edited, HashSet<string> written) => edited.Where(one => written.Contains(one.Reference))
        .Select(one => one.Type == "Patient" ? one.Reference : one.Resource["subject"].Text("reference") ?? one.Resource["patient"].Text("reference") ?? one.Resource["beneficiary"].Text("reference")
            ?? one.Resource.Items("participant").Select(part => part["actor"].Text("reference")).FirstOrDefault(actor => actor?.StartsWith("Patient/", StringComparison.Ordinal) == true))
        .OfType<string>().Distinct();

    Write Prepare(Permission permission, Edited edited)
    {
        using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(edited.Resource.ToJsonString()));
        var faults = ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants).Where(fault => fault.Severity is "error" or "fatal").ToList();
        if (faults.Count > 0) throw new Hl7Exception([.. faults.Take(10).Select(fault => new Hl7Fault(Hl7Error.DataType, default, $"What the message says makes no valid {edited.Type}: {fault.Where}: {fault.What}"))]);
        var draft = Draft.Of(json.RootElement, edited.Id, store.Indexer);
        var interaction = new Interaction(edited.IsNew ? "create" : "update", edited.Type, edited.Id);
        if (access.MayWrite(permission, interaction, draft.Entries.Compartments) is { } refusal) throw new FaultException(refusal);
        if (edited.Stored is { } stored && !permission.Filter.SeesEverything && access.MayWrite(permission, interaction, [.. store.CompartmentsOf(stored)]) is { } mayNot) throw new FaultException(mayNot);
        return new() { Method = edited.IsNew ? "POST" : "PUT", Type = edited.Type, Id = edited.Id, Draft = draft, ExpectedVersion = edited.Stored?.Version ?? 0 };
    }

    async Task Log(Permission permission, List<Write> writes, CommitResult result, CancellationToken stop)
    {
        if (writes.Count == 0) await access.Log(new(permission.Agent, Transaction, null, [], StatusCodes.Status200OK), stop);
        else await Task.WhenAll(writes.Select((write, i) => access.Log(new(permission.Agent, new(write.Method == "POST" ? "create" : "update", write.Type, write.Id), null, AccessedResource.Of(store, [result.Results[i]!]), write.Method == "POST" ? StatusCodes.Status201Created : StatusCodes.Status200OK), stop).AsTask()));
    }

    async Task<Taken> Answer(Permission permission, Hl7Message? message, IReadOnlyList<Hl7Fault> faults, bool isUnreadable, CancellationToken stop)
    {
        var code = isUnreadable || faults[0].Rejects ? "AR" : "AE";
        var status = code == "AR" ? StatusCodes.Status400BadRequest : StatusCodes.Status422UnprocessableEntity;
        await access.Log(new(permission.Agent, Transaction, null, [], status), stop);
        return new(message, code, Acknowledgment.Write(message, code, faults, clock.GetUtcNow()), faults, status);
    }

    async Task<Taken> Refused(Permission permission, Hl7Message? message, Fault refusal, CancellationToken stop)
    {
        var status = refusal.Kind switch { FaultKind.Unauthenticated => StatusCodes.Status401Unauthorized, FaultKind.TooMany => StatusCodes.Status429TooManyRequests, _ => StatusCodes.Status403Forbidden };
        Hl7Fault fault = new(Hl7Error.Internal, default, refusal.What) { IsForbidden = true };
        await access.Log(new(permission.Agent, Transaction, null, [], status), stop);
        return new(message, "AR", Acknowledgment.Write(message, "AR", [fault], clock.GetUtcNow()), [fault], status);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A message of HL7 v2 could not be taken (trace {Trace})")]
    static partial void LogFault(ILogger logger, Exception fault, string trace);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The record could not be reached for a message of HL7 v2")]
    static partial void LogUnavailable(ILogger logger, Exception fault);
}
