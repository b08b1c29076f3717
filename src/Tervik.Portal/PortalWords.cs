namespace Tervik.Portal;

/// <summary>Names the resource file with every text of the portal (PortalWords.resx; PortalWords.da.resx, .et and .ko; Shell/Language.cs lists the languages).</summary>
public sealed class PortalWords;
