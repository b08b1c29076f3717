using Tervik.Care.Messages;

namespace Tervik.Care.Referrals;

/// <summary>Where a referral is on its way.</summary>
public enum Stage
{
    /// <summary>Not sent.</summary>
    Draft,
    /// <summary>Sent; nobody has looked at it.</summary>
    Sent,
    /// <summary>Somebody of the unit has it in hand.</summary>
    Seen,
    /// <summary>The unit asked the referrer something.</summary>
    Asked,
    /// <summary>Accepted; a time is to be booked.</summary>
    Accepted,
    /// <summary>A time is booked.</summary>
    Booked,
    /// <summary>The visit was; its answer is awaited.</summary>
    Visited,
    /// <summary>Done.</summary>
    Answered,
    /// <summary>Returned with advice; there is no visit.</summary>
    Advised,
    /// <summary>Paused.</summary>
    Paused,
    /// <summary>Taken back.</summary>
    Withdrawn,
}

/// <summary>What else the record says that came of a referral.</summary>
/// <param name="Appointment">Beginning of the appointment that is booked for it, or null.</param>
/// <param name="Booked">When it was booked, where that is known.</param>
/// <param name="Visited">When a visit for it took place, or null.</param>
/// <param name="Reported">When a report answered it, or null.</param>
public sealed record Outcomes(DateTimeOffset? Appointment = null, DateTimeOffset? Booked = null, DateTimeOffset? Visited = null, DateTimeOffset? Reported = null);

/// <summary>One step of the way.</summary>
/// <param name="Name"><c>sent</c>, <c>seen</c>, <c>decided</c>, <c>booked</c>, <c>visit</c> or <c>answer</c>.</param>
/// <param name="Done">When it was done; null when it was not, or nobody knows when.</param>
/// <param name="IsDone">Whether it was.</param>
/// <param name="IsNext">Whether it is the one that is waited for.</param>
/// <param name="Due">Day by which it is promised, or null.</param>
/// <param name="IsLate">Whether that day is over, or what is booked is after it.</param>
public sealed record WayStep(string Name, DateTimeOffset? Done, bool IsDone, bool IsNext, DateOnly? Due, bool IsLate);

/// <summary>A referral as patient and professional see it: who has it, since when, what is next, and by when. Never without an owner while it is open.</summary>
/// <param name="Stage">Where it is.</param>
/// <param name="Holder">Who has it now; null when it is over.</param>
/// <param name="Since">Since when.</param>
/// <param name="Due">By when the next step is promised, or null.</param>
/// <param name="IsLate">Whether it is late.</param>
/// <param name="Steps">The whole way.</param>
public sealed record ReferralWay(Stage Stage, Correspondent? Holder, DateTimeOffset? Since, DateOnly? Due, bool IsLate, IReadOnlyList<WayStep> Steps)
{
    /// <summary>Whether something still has to happen.</summary>
    public bool IsOpen => Stage is Stage.Sent or Stage.Seen or Stage.Asked or Stage.Accepted or Stage.Booked or Stage.Visited or Stage.Paused;
    /// <summary>Whether somebody has to decide about it.</summary>
    public bool IsUndecided => Stage is Stage.Sent or Stage.Seen or Stage.Asked or Stage.Paused;

    /// <summary>Where a referral is.</summary>
    /// <param name="referral">The referral.</param>
    /// <param name="outcomes">What came of it.</param>
    /// <param name="today">Day of the reader.</param>
    public static ReferralWay Of(Referral referral, Outcomes outcomes, DateOnly today)
    {
        var stage = StageOf(referral, outcomes);
        var (decideBy, visitBy) = (referral.DecideBy, referral.VisitBy);
        var decided = referral.Last("accept", "return");
        var isDecided = stage is Stage.Accepted or Stage.Booked or Stage.Visited or Stage.Answered or Stage.Advised;
        var isBooked = stage is Stage.Booked or Stage.Visited or Stage.Answered;
        var isVisited = stage is Stage.Visited or Stage.Answered;
        DateOnly? answerBy = outcomes.Visited is { } visited ? DateOnly.FromDateTime(visited.DateTime).AddDays(PromisedTimes.Answer) : null;
        var isOver = stage is Stage.Withdrawn or Stage.Draft;
        WayStep Step(string name, DateTimeOffset? done, bool isDone, bool isNext, DateOnly? due, bool isLate = false) =>
            new(name, isDone ? done : null, isDone, isNext, isDone ? null : due, !isOver && !isDone && (isLate || due < today));
        var isPastPromise = stage == Stage.Booked && outcomes.Appointment is { } at && DateOnly.FromDateTime(at.DateTime) > visitBy;
        List<WayStep> steps =
        [
            Step("sent", referral.Sent, stage != Stage.Draft, stage == Stage.Draft, null),
            Step("seen", referral.Last("take")?.At ?? decided?.At, isDecided || stage is Stage.Seen or Stage.Asked, stage == Stage.Sent, decideBy),
            Step("decided", decided?.At, isDecided, stage is Stage.Seen or Stage.Asked or Stage.Paused, decideBy),
        ];
        if (stage != Stage.Advised)
        {
            steps.Add(Step("booked", outcomes.Booked, isBooked && (outcomes.Appointment is not null || isVisited), stage == Stage.Accepted, visitBy));
            steps.Add(Step("visit", outcomes.Visited, isVisited, stage == Stage.Booked, visitBy, isPastPromise));
        }
        steps.Add(Step("answer", referral.Last("close", "return")?.At ?? outcomes.Reported, stage is Stage.Answered or Stage.Advised, stage == Stage.Visited, answerBy));
        var next = steps.Find(step => step.IsNext);
        var holder = stage switch
        {
            Stage.Asked => referral.Requester ?? referral.Owner,
            Stage.Answered or Stage.Advised or Stage.Withdrawn => null,
            Stage.Draft => referral.Requester,
            _ => referral.Owner ?? referral.Unit,
        };
        DateTimeOffset? since = stage switch
        {
            Stage.Booked => outcomes.Booked ?? referral.Changed,
            Stage.Visited => outcomes.Visited,
            _ => referral.Changed,
        };
        return new(stage, holder, since, next?.Due, next?.IsLate ?? false, steps);
    }

    static Stage StageOf(Referral referral, Outcomes outcomes) => referral.Status switch
    {
        "revoked" or "entered-in-error" => Stage.Withdrawn,
        "draft" => Stage.Draft,
        "completed" => referral.Advice is null ? Stage.Answered : Stage.Advised,
        _ => referral.TaskStatus switch
        {
            "completed" => referral.Advice is null ? Stage.Answered : Stage.Advised,
            "cancelled" or "rejected" or "failed" => Stage.Withdrawn,
            _ when outcomes.Visited is not null => Stage.Visited,
            _ when outcomes.Appointment is not null => Stage.Booked,
            "accepted" or "in-progress" or "ready" => Stage.Accepted,
            "on-hold" => Stage.Asked,
            _ when referral.Status == "on-hold" => Stage.Paused,
            "received" => Stage.Seen,
            _ => Stage.Sent,
        },
    };
}
