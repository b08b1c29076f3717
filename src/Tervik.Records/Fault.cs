namespace Tervik.Records;

/// <summary>What kind of failure, which decides the HTTP status and the OperationOutcome issue type.</summary>
public enum FaultKind
{
    /// <summary>400: the request cannot be understood.</summary>
    Invalid,
    /// <summary>422: it is understood, but not valid FHIR or against a rule.</summary>
    Unprocessable,
    /// <summary>401: sign in first.</summary>
    Unauthenticated,
    /// <summary>403.</summary>
    Forbidden,
    /// <summary>404: absent or hidden, which look alike.</summary>
    NotFound,
    /// <summary>410: deleted.</summary>
    Gone,
    /// <summary>405: this interaction is not offered here.</summary>
    NotSupported,
    /// <summary>409: someone else changed it, or a condition no longer holds.</summary>
    Conflict,
    /// <summary>412: If-Match, If-None-Match or a conditional criterion does not hold.</summary>
    PreconditionFailed,
    /// <summary>413: over a size limit.</summary>
    TooLarge,
    /// <summary>403 with issue type too-costly: over a limit of search cost.</summary>
    TooCostly,
    /// <summary>406: no such format.</summary>
    NotAcceptable,
    /// <summary>415: no such content type.</summary>
    UnsupportedMedia,
    /// <summary>429.</summary>
    TooMany,
    /// <summary>500: our own fault; details are in the log only.</summary>
    Internal,
    /// <summary>503: try again.</summary>
    Unavailable,
}

/// <summary>One thing that is wrong. Holds no patient's data beyond what the caller sent.</summary>
/// <param name="Kind">Decides the HTTP status.</param>
/// <param name="Code">FHIR issue type (<c>invalid</c>, <c>structure</c>, <c>required</c>, <c>value</c>, <c>invariant</c>, <c>code-invalid</c>, <c>not-found</c> …).</param>
/// <param name="Where">FHIRPath expression, parameter name or header; null when it concerns the whole request.</param>
/// <param name="What">What was wrong and what was expected, in plain words.</param>
public sealed record Fault(FaultKind Kind, string Code, string? Where, string What)
{
    /// <summary>The severity: <c>fatal</c>, <c>error</c>, <c>warning</c> or <c>information</c>.</summary>
    public string Severity { get; init; } = "error";
}

/// <summary>Carries faults to the edge, where they become an OperationOutcome.</summary>
public sealed class FaultException(params IReadOnlyList<Fault> faults) : Exception(faults[0].What)
{
    /// <summary>At least one; the first decides the status.</summary>
    public IReadOnlyList<Fault> Faults => faults;
}
