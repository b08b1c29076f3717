namespace Tervik.Trust.Snooping;

/// <summary>The first time on a day that a professional is given something of a patient: what the rules judge.</summary>
/// <param name="Agent"><c>Practitioner/id</c>.</param>
/// <param name="Patient">Compartment key.</param>
/// <param name="AtUs">Microseconds since 1970-01-01 UTC, which is the number of its event.</param>
/// <param name="IsList">The patient was one of several in a list or a search: nobody opened the record.</param>
/// <param name="IsBreakGlass">It was declared as an emergency, which is reviewed in any case.</param>
public sealed record Look(string Agent, long Patient, long AtUs, bool IsList = false, bool IsBreakGlass = false);

/// <summary>What the record knows of a professional and a patient: their visits and appointments.</summary>
public enum Contact
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Something, but not around the day of the look.</summary>
    Old,
    /// <summary>The professional or their unit sees the patient around that day.</summary>
    Current,
}

/// <summary>What is known about a look from the record and the directory.</summary>
/// <param name="Contact">Why they could have a reason.</param>
public sealed record LookFacts(Contact Contact)
{
    /// <summary>The patient is marked as somebody whom many are curious about (v3 code CEL).</summary>
    public bool IsProminent { get; init; }
    /// <summary>Patient and professional have a family name in common.</summary>
    public bool IsSameName { get; init; }
    /// <summary>They live at one address.</summary>
    public bool IsSameAddress { get; init; }
    /// <summary>The patient works at the same institution, or is the professional.</summary>
    public bool IsColleague { get; init; }
    /// <summary>The professional has hours, and this was not within them.</summary>
    public bool IsOffDuty { get; init; }
}

/// <summary>Which rule found something. The names are what the table and the command line have.</summary>
public enum SnoopingRule
{
    /// <summary>Many patients without a contact in a short time.</summary>
    Spree,
    /// <summary>One look that speaks for curiosity: at somebody prominent, of the same name or address, a colleague.</summary>
    Curiosity,
    /// <summary>No contact was found, also not after the days in which one is entered late.</summary>
    NoRelation,
    /// <summary>Looks outside of the own hours again and again, without a contact around the day.</summary>
    OffDuty,
    /// <summary>More patients in an hour than an account may see (Limits).</summary>
    Limit,
}

/// <summary>Why a look is conspicuous. The names are what the table has.</summary>
[Flags]
public enum LookReasons
{
    /// <summary>It is not.</summary>
    None = 0,
    /// <summary>No contact at all.</summary>
    NoContact = 1,
    /// <summary>None around the day.</summary>
    OldContact = 2,
    /// <summary>A prominent patient.</summary>
    Prominent = 4,
    /// <summary>The same family name.</summary>
    SameName = 8,
    /// <summary>The same address.</summary>
    SameAddress = 16,
    /// <summary>A colleague.</summary>
    Colleague = 32,
    /// <summary>Outside of their hours.</summary>
    OffDuty = 64,
}
