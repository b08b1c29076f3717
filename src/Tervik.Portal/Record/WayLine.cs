namespace Tervik.Portal.Record;

/// <summary>A step on a line.</summary>
/// <param name="Name">What is done, in words.</param>
/// <param name="When">When it was, or by when it is promised, in words.</param>
/// <param name="IsDone">Whether it is done.</param>
/// <param name="IsNext">Whether it is waited for now.</param>
public sealed record WayMark(string Name, string When, bool IsDone, bool IsNext);

/// <summary>A way through care as <c>Way</c> draws it, in the reader's words: of a referral, of a pathway.</summary>
/// <param name="Title">Of what.</param>
/// <param name="Next">What happens next, in one sentence.</param>
/// <param name="Who">Who has it now and who waits, a line each; empty when it is over.</param>
/// <param name="Promise">What is promised, and whether it is kept; null when nothing is.</param>
/// <param name="IsLate">Whether it is late.</param>
/// <param name="Steps">The whole way.</param>
public sealed record WayLine(string Title, string Next, IReadOnlyList<string> Who, string? Promise, bool IsLate, IReadOnlyList<WayMark> Steps);
