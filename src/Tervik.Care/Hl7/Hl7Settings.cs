using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Tervik.Care.Hl7;

/// <summary>A port at which a hospital system sends messages by MLLP.</summary>
/// <param name="Address">Where it listens.</param>
/// <param name="Client">Whose rights what comes has: <c>client/name</c>.</param>
public sealed partial record MllpPlace(IPEndPoint Address, string Client)
{
    /// <summary>Reads <c>127.0.0.1:2575=client/lis;[::1]:2576=client/ris</c>.</summary>
    /// <exception cref="FormatException">It is something else; the message says what was expected.</exception>
    public static IReadOnlyList<MllpPlace> Parse(string text)
    {
        var places = new List<MllpPlace>();
        foreach (var one in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (one.Split('=', 2) is not [var address, var client] || !IPEndPoint.TryParse(address, out var endpoint) || endpoint.Port == 0 || !ClientName().IsMatch(client))
                throw new FormatException($"{one} was found; address:port=client/name was expected, such as 127.0.0.1:2575=client/hospital");
            places.Add(new(endpoint, client));
        }
        if (places.GroupBy(place => place.Address).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new FormatException($"{twice.Key} stands there twice; an address belongs to one client");
        return places;
    }

    [GeneratedRegex(@"^client/[A-Za-z0-9._~-]{1,100}$")]
    private static partial Regex ClientName();
}

/// <summary>How hospital systems reach the node with HL7 v2.</summary>
public sealed record Hl7Settings
{
    /// <summary>Ports of MLLP; none when nothing is set.</summary>
    public IReadOnlyList<MllpPlace> Mllp { get; init; } = [];
    /// <summary>Certificate and its key, PEM, by which MLLP is encrypted; null for plain TCP.</summary>
    public string? Certificate { get; init; }
    /// <summary>Its key, PEM.</summary>
    public string? CertificateKey { get; init; }
    /// <summary>Authorities, PEM, one of which must have signed the certificate of who connects; null where none is asked for.</summary>
    public string? ClientAuthorities { get; init; }
    /// <summary>Whether a port that others reach may be without TLS and certificates of clients.</summary>
    public bool IsUnprotectedAllowed { get; init; }
    /// <summary>Zone of times without an offset, where MSH-7 has none either.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;
    /// <summary>Systems of assigning authorities that have a name alone, by the name.</summary>
    public FrozenDictionary<string, string> Systems { get; init; } = FrozenDictionary<string, string>.Empty;
    /// <summary>A connection on which nothing comes is closed.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>A message that has begun is there within this time.</summary>
    public TimeSpan LongestTransfer { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads <c>NAME=system;NAME=system</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static FrozenDictionary<string, string> ParseSystems(string text) => text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(one => one.Split('=', 2) is [{ Length: > 0 } name, var system] && Uri.TryCreate(system, UriKind.Absolute, out _) ? (Name: name, System: system) : throw new FormatException($"{one} was found; NAME=system was expected, such as CPR=urn:oid:1.2.208.176.1.2"))
        .ToFrozenDictionary(one => one.Name, one => one.System, StringComparer.Ordinal);

    /// <summary>Why the ports cannot be opened: patients' data would be readable, or come from anybody; null when they can.</summary>
    public string? WhyNotOpened => Mllp.FirstOrDefault(place => !IPAddress.IsLoopback(place.Address.Address)) is not { } open || IsUnprotectedAllowed || Certificate is not null && ClientAuthorities is not null ? null
        : string.Create(CultureInfo.InvariantCulture, $"HL7 on {open.Address} could be read on the way, and anybody could send. Set hl7Certificate, hl7CertificateKey and hl7ClientAuthorities (TLS with certificates of clients), listen on loopback behind a tunnel, or say hl7Unprotected=true in a network where nobody else is.");
}
