using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Tervik.Trust.Identity;

namespace Tervik.Trust.AuditLog;

/// <summary>How an access came about, beside who did what.</summary>
/// <param name="Request">Joins it with the client's and the operator's logs: the header <c>X-Request-Id</c> where the client sent one, else the trace.</param>
/// <param name="Client">The application through which somebody asked; null in the portal, and for a program that asks for itself.</param>
/// <param name="Purpose">Code of v3-PurposeOfUse; null where none is known.</param>
/// <param name="Address">Of the network it came from.</param>
public sealed record AccessOrigin(string? Request, string? Client, string? Purpose, string? Address)
{
    /// <summary>The header by which clients join their log with ours (IHE BALP).</summary>
    public const string RequestHeader = "X-Request-Id";
    const int LongestRequest = 64;

    /// <summary>Outside of a request.</summary>
    public static AccessOrigin Unknown { get; } = new(null, null, null, null);

    static readonly object PurposeKey = new();

    /// <summary>Says what this request is for where that is not what its kind of caller is there for, such as <see cref="PurposeOfUse.BreakTheGlass"/>.</summary>
    public static void Declare(HttpContext request, string purpose) => request.Items[PurposeKey] = purpose;

    /// <summary>Of a request whose sender was identified.</summary>
    internal static async ValueTask<AccessOrigin> Of(HttpContext? request, Identification identification, CancellationToken stop)
    {
        if (request is null) return Unknown;
        var principal = await identification.Of(request, stop);
        return new(request.TraceIdentifier, principal.Client, request.Items.TryGetValue(PurposeKey, out var declared) ? (string)declared! : PurposeOfUse.Of(principal.Kind),
            request.Connection.RemoteIpAddress?.ToString());
    }

    /// <summary>What joins the logs: letters, digits and <c>.-_</c> of the header, or a trace of our own. It becomes the request's trace identifier, so that faults that are reported name it too.</summary>
    public static string Begin(HttpContext request) => request.TraceIdentifier =
        request.Request.Headers[RequestHeader].ToString() is { Length: > 0 and <= LongestRequest } sent && sent.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_') ? sent
        : Activity.Current?.TraceId.ToHexString() ?? request.TraceIdentifier;
}

/// <summary>Codes of v3-PurposeOfUse.</summary>
public static class PurposeOfUse
{
    /// <summary>Their system.</summary>
    public const string System = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    /// <summary>Somebody treats the patient.</summary>
    public const string Treatment = "TREAT";
    /// <summary>In an emergency, against what the rules allow otherwise.</summary>
    public const string BreakTheGlass = "BTG";
    /// <summary>Patients and their family for themselves.</summary>
    public const string PatientRequest = "PATRQT";

    /// <summary>What this kind of caller is there for; null for programs and for nobody.</summary>
    public static string? Of(PrincipalKind kind) => kind switch { PrincipalKind.Professional => Treatment, PrincipalKind.Patient => PatientRequest, _ => null };
}
