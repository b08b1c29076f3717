namespace Tervik.Records.Rest;

/// <summary>Logical ids.</summary>
public static class FhirIds
{
    /// <summary>1 to 64 letters, digits, hyphens and dots; up to 128 are accepted, because definitional resources of published packages have such.</summary>
    public static bool IsId(string id) => id.Length is > 0 and <= 128 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.');
}
