namespace Tervik.Care.Publication;

/// <summary>Whether free times are published, and under which address.</summary>
/// <param name="IsOn">They are.</param>
/// <param name="Address">Under which others reach the node.</param>
public sealed record PublicationSettings(bool IsOn, Uri Address)
{
    /// <summary>Address without a slash at its end.</summary>
    public string Base => Address.ToString().TrimEnd('/');
}
