namespace Tervik.Portal;

/// <summary>Names the resource file with every text of the portal (PortalWords.resx; a language more is PortalWords.et.resx).</summary>
public sealed class PortalWords;
