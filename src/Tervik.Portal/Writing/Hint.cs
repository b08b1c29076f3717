using System.Security.Cryptography;
using System.Text;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>Something to think about before it is saved. It never forbids: whoever writes confirms it.</summary>
/// <param name="Name">Which: the words <c>hint {Name}</c>.</param>
/// <param name="Values">What the words speak about.</param>
public sealed record Hint(string Name, params object[] Values)
{
    /// <summary>In the reader's words.</summary>
    public string Text => Words.Of($"hint {Name}", Values);

    /// <summary>Only information, as similar substances are; the others warn.</summary>
    public bool IsInformation { get; init; }

    /// <summary>Says that exactly these hints were seen: with others than those, one asks again.</summary>
    public static string Seal(IEnumerable<Hint> hints) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', hints.Select(hint => $"{hint.Name} {string.Join('|', hint.Values)}").Order(StringComparer.Ordinal)))).AsSpan(0, 8));
}
