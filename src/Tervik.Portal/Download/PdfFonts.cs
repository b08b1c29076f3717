using PdfSharp.Drawing;
using PdfSharp.Fonts;
using PdfSharp.Pdf;

namespace Tervik.Portal.Download;

/// <summary>The fonts of our PDF, embedded in the program: Noto Sans, and Nanum Gothic for Hangul, Hanja and what else the first has not (both SIL Open Font License). Only the glyphs that occur go into a file.</summary>
sealed class PdfFonts : IFontResolver
{
    const string Latin = "Noto Sans", Korean = "Nanum Gothic";

    static readonly Lazy<PdfFonts> Installed = new(() =>
    {
        var fonts = new PdfFonts();
        GlobalFontSettings.FontResolver = fonts;
        return fonts;
    });

    /// <summary>A size and weight in both scripts.</summary>
    /// <param name="Main">For every script that Noto Sans has: Latin, Greek, Cyrillic.</param>
    /// <param name="Other">For the rest.</param>
    public sealed record Face(XFont Main, XFont Other)
    {
        /// <summary>Height of a line.</summary>
        public double Line { get; } = Main.Size * 1.4;
    }

    public static Face Of(double size, bool isBold)
    {
        _ = Installed.Value;
        var options = new XPdfFontOptions(PdfFontEncoding.Unicode, PdfFontEmbedding.TryComputeSubset);
        var style = isBold ? XFontStyleEx.Bold : XFontStyleEx.Regular;
        return new(new XFont(Latin, size, style, options), new XFont(Korean, size, style, options));
    }

    /// <summary>Whether a letter needs the other font: it is of an East Asian script.</summary>
    public static bool IsOther(char letter) => letter is (>= '\u1100' and <= '\u11FF') or (>= '\u2E80' and <= '\u9FFF') or (>= '\uA960' and <= '\uA97F') or (>= '\uAC00' and <= '\uD7FF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFF00' and <= '\uFFEF');

    public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) => familyName switch
    {
        Latin => new(isBold ? "noto-sans-bold" : "noto-sans"),
        Korean => new(isBold ? "nanum-gothic-bold" : "nanum-gothic"),
        _ => null,
    };

    public byte[]? GetFont(string faceName)
    {
        using var stream = typeof(PdfFonts).Assembly.GetManifestResourceStream($"font.{faceName}.ttf") ?? throw new InvalidOperationException($"The font {faceName} is not in the program.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
