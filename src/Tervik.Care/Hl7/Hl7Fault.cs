namespace Tervik.Care.Hl7;

/// <summary>Where in a message: <c>PID^1^3^2^4</c> is component 4 of the second repetition of field 3 of the first PID.</summary>
/// <param name="Segment">Its name; empty for the whole message.</param>
/// <param name="Sequence">Which of its name, from 1.</param>
/// <param name="Field">From 1; 0 for the whole segment.</param>
/// <param name="Repetition">From 1; 0 for the whole field.</param>
/// <param name="Component">From 1; 0 for the whole repetition.</param>
readonly record struct Hl7Place(string Segment, int Sequence = 1, int Field = 0, int Repetition = 0, int Component = 0)
{
    /// <summary>As ERL of ERR-2: a part only where those before it are said.</summary>
    public override string ToString() => string.IsNullOrEmpty(Segment) ? ""
        : string.Join('^', [Segment, $"{Sequence}", .. new[] { Field, Repetition, Component }.TakeWhile(part => part > 0).Select(part => $"{part}")]);
}

/// <summary>One thing that is wrong with a message, or that its sender should know. Holds no patient's data.</summary>
/// <param name="Code">Of HL7 table 0357.</param>
/// <param name="Where">Where.</param>
/// <param name="What">What was wrong and what was expected, in plain words.</param>
sealed record Hl7Fault(Hl7Error Code, Hl7Place Where, string What)
{
    /// <summary>It says something about what was done; nothing is refused.</summary>
    public bool IsWarning { get; init; }
    /// <summary>The sender is not one of ours, or may not do this.</summary>
    public bool IsForbidden { get; init; }
    /// <summary>Whether sending the same again cannot help and its content is not looked at: AR. Else AE.</summary>
    public bool Rejects => IsForbidden || Code is Hl7Error.UnsupportedType or Hl7Error.UnsupportedEvent or Hl7Error.UnsupportedProcessing or Hl7Error.UnsupportedVersion or Hl7Error.Locked or Hl7Error.Internal;
}

/// <summary>Message error condition codes (HL7 table 0357).</summary>
enum Hl7Error
{
    /// <summary>Segment sequence error.</summary>
    Sequence = 100,
    /// <summary>Required field missing.</summary>
    Required = 101,
    /// <summary>Data type error.</summary>
    DataType = 102,
    /// <summary>Table value not found.</summary>
    TableValue = 103,
    /// <summary>Unsupported message type.</summary>
    UnsupportedType = 200,
    /// <summary>Unsupported event code.</summary>
    UnsupportedEvent = 201,
    /// <summary>Unsupported processing id.</summary>
    UnsupportedProcessing = 202,
    /// <summary>Unsupported version id.</summary>
    UnsupportedVersion = 203,
    /// <summary>Unknown key identifier.</summary>
    UnknownKey = 204,
    /// <summary>Duplicate key identifier.</summary>
    DuplicateKey = 205,
    /// <summary>Application record locked.</summary>
    Locked = 206,
    /// <summary>Application internal error.</summary>
    Internal = 207,
}

/// <summary>Carries faults to the edge, where they become an acknowledgment.</summary>
sealed class Hl7Exception(params IReadOnlyList<Hl7Fault> faults) : Exception(faults[0].What)
{
    /// <summary>At least one; the first decides between AE and AR, unless <see cref="IsUnreadable"/>.</summary>
    public IReadOnlyList<Hl7Fault> Faults => faults;
    /// <summary>It is no message at all: AR.</summary>
    public bool IsUnreadable { get; init; }
}
