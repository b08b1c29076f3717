namespace Tervik.Care.Messages;

/// <summary>What marks messages in the record (docs/messages.md): Communications with these labels, categories and extensions.</summary>
public static class MessageCodes
{
    /// <summary>System of the labels and categories of threads and messages.</summary>
    public const string System = "urn:tervik:message";
    /// <summary>System of labels that name, as <c>Type/id</c>, a person, role or unit who has not read the newest message of a thread.</summary>
    public const string Unread = "urn:tervik:unread";
    /// <summary>Label of the Communication that holds a thread together.</summary>
    public const string Thread = "thread";
    /// <summary>Label of a thread that is urgent and not closed.</summary>
    public const string Urgent = "urgent";
    /// <summary>Category of a thread with the patient in it.</summary>
    public const string WithPatient = "with-patient";
    /// <summary>Category of a thread among professionals.</summary>
    public const string AmongProfessionals = "among-professionals";
    /// <summary>Extension: who has the thread in hand now (valueReference).</summary>
    public const string Holder = "urn:tervik:message:holder";
    /// <summary>Extension: who read up to which message, and when (parts <c>who</c>, <c>at</c>, <c>until</c>, and <c>for</c>, the roles and units for whom they read).</summary>
    public const string Read = "urn:tervik:message:read";
    /// <summary>As a search of <c>_tag</c> writes it.</summary>
    public const string ThreadTag = $"{System}|{Thread}", UrgentTag = $"{System}|{Urgent}";
}

/// <summary>What a message of a thread does, by its category.</summary>
public enum MessageKind
{
    /// <summary>Says something.</summary>
    Said,
    /// <summary>Passes the thread to somebody else, with a note.</summary>
    HandedOver,
    /// <summary>"I take care of it."</summary>
    Taken,
    /// <summary>Ends the thread; the next message opens it again.</summary>
    Closed,
}

/// <summary>A person, role or unit who writes or is written to.</summary>
/// <param name="Reference"><c>Patient/1</c>, <c>Practitioner/7</c>, <c>PractitionerRole/7-role</c> or <c>Organization/3</c>.</param>
/// <param name="Name">As readers see it.</param>
public sealed record Correspondent(string Reference, string Name)
{
    /// <summary>Whether several people may stand behind it.</summary>
    public bool IsShared => Reference.StartsWith("PractitionerRole/", StringComparison.Ordinal) || Reference.StartsWith("Organization/", StringComparison.Ordinal) || Reference.StartsWith("CareTeam/", StringComparison.Ordinal);
    /// <summary>Whether it is a patient.</summary>
    public bool IsPatient => Reference.StartsWith("Patient/", StringComparison.Ordinal);
}

/// <summary>Somebody who writes or reads, and all whom they stand for: themselves, their roles and units; a parent: their children.</summary>
/// <param name="Self">Who, as the record names them.</param>
/// <param name="Standing">References of all whom they stand for, themselves first.</param>
public sealed record Party(Correspondent Self, IReadOnlyList<string> Standing)
{
    /// <summary>Whether they stand for this reference.</summary>
    public bool Is(string reference) => Standing.Contains(reference);
}

/// <summary>Who read, and when.</summary>
/// <param name="Who">The reader.</param>
/// <param name="At">When.</param>
/// <param name="Until">All messages sent until then.</param>
/// <param name="For">Roles and units for whom they read.</param>
public sealed record Receipt(Correspondent Who, DateTimeOffset At, DateTimeOffset Until, IReadOnlyList<string> For);

/// <summary>A file of a message.</summary>
/// <param name="ContentType">Media type.</param>
/// <param name="Title">Its name.</param>
/// <param name="Bytes">Content.</param>
public sealed record MessageFile(string ContentType, string Title, byte[] Bytes);
