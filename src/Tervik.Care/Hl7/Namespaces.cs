using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Tervik.Care.Hl7;

/// <summary>Turns assigning authorities (HD) into systems of identifiers.</summary>
/// <param name="known">By name, of the settings.</param>
/// <param name="sender">Of what has no authority: the sender's own.</param>
sealed partial class Namespaces(FrozenDictionary<string, string> known, string sender)
{
    /// <summary>The system of a sender's identifiers that name no authority.</summary>
    public string Sender => sender;

    /// <summary>An OID or UUID when it has one, else what the settings say of its name, else <c>urn:id:NAME</c>; null when nothing is said.</summary>
    /// <param name="name">HD.1.</param>
    /// <param name="universal">HD.2.</param>
    /// <param name="type">HD.3.</param>
    public string? SystemOf(string name, string universal, string type)
    {
        if (name.Length > 0 && known.TryGetValue(name, out var said) || universal.Length > 0 && known.TryGetValue(universal, out said)) return said;
        if (universal.Length > 0)
        {
            if (type.ToUpperInvariant() is "ISO" or "" && IsOid(universal)) return $"urn:oid:{universal}";
            if (type.ToUpperInvariant() is "UUID" or "GUID" && Guid.TryParse(universal, out var uuid)) return $"urn:uuid:{uuid:D}";
            if (type.ToUpperInvariant() is "URI" or "URL" && Uri.TryCreate(universal, UriKind.Absolute, out _)) return universal;
        }
        return name.Length > 0 ? Named(name) : universal.Length > 0 ? Named(universal) : null;
    }

    /// <summary>Of a component of type HD.</summary>
    public string? SystemOf(Hl7Value authority) => SystemOf(authority.Sub(1).Text, authority.Sub(2).Text, authority.Sub(3).Text);

    /// <summary>A system for a name that is nobody else's.</summary>
    public static string Named(string name) => $"urn:id:{Uri.EscapeDataString(name)}";

    /// <summary>Whether a text is an OID.</summary>
    public static bool IsOid(string text) => Oid().IsMatch(text);

    [GeneratedRegex(@"^[0-2](\.(0|[1-9][0-9]*))+$")]
    private static partial Regex Oid();
}
