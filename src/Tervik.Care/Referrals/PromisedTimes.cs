namespace Tervik.Care.Referrals;

/// <summary>How long a referral may take, by its urgency, in days from when it was sent. A ministry changes a number here and nothing else.</summary>
public static class PromisedTimes
{
    /// <summary>Days from the visit to its answer.</summary>
    public const int Answer = 14;

    /// <summary>Urgencies of FHIR that a referral can have, the most urgent first.</summary>
    public static readonly string[] Priorities = ["asap", "urgent", "routine"];

    /// <summary>Days until somebody has decided about it, and until the visit.</summary>
    /// <param name="priority">Of FHIR's request-priority; whatever is not known counts as routine.</param>
    /// <param name="target">Waiting-time target of the service in days, or null: where it is shorter, it is what is promised for what is routine.</param>
    public static (int Decision, int Visit) Of(string? priority, int? target = null) => priority switch
    {
        "stat" => (0, 1),
        "asap" => (1, 3),
        "urgent" => (2, 14),
        _ when target is { } days && Of(priority) is var (decision, visit) => (Math.Min(decision, days), Math.Min(visit, days)),
        _ => (10, 60),
    };

    /// <summary>0 for what can wait least.</summary>
    public static int Rank(string? priority) => priority switch { "stat" => 0, "asap" => 1, "urgent" => 2, _ => 3 };
}
