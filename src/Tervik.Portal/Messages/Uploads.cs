using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tervik.Care.Messages;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Records.Files;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Messages;

/// <summary>Files that come with a message: few, small, of kinds that a browser shows without running anything, told by their bytes and not by their name.</summary>
static class Uploads
{
    public const string Field = "files";
    /// <summary>Files of one message.</summary>
    public const int MostFiles = 3;
    /// <summary>Bytes of one file.</summary>
    public const int LargestFile = 5_000_000;
    /// <summary>Bytes of the whole form.</summary>
    const long LargestForm = MostFiles * (long)LargestFile + (1 << 20);
    const int LongestTitle = 100;

    /// <summary>In the order in which they are tried; text is what nothing else is.</summary>
    static readonly (string Type, string Ending)[] Kinds = [("application/pdf", ".pdf"), ("image/png", ".png"), ("image/jpeg", ".jpg"), ("text/plain", ".txt")];

    /// <summary>For the field of a form.</summary>
    public static string Accept => string.Join(',', Kinds.Select(kind => kind.Type));

    /// <summary>Lets a form be as long as its files may be, for who is signed in. What it holds stays in memory: nothing of a record is written to a folder of the machine.</summary>
    public static async Task Admit(HttpContext request, Identification identification, CancellationToken stop)
    {
        if (!request.Request.HasFormContentType || (await identification.Of(request, stop)).Kind == PrincipalKind.Nobody) return;
        if (request.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = LargestForm;
        request.Features.Set<IFormFeature>(new FormFeature(request.Request, new() { MemoryBufferThreshold = (int)LargestForm, BufferBodyLengthLimit = LargestForm, MultipartBodyLengthLimit = LargestForm, ValueCountLimit = 100, MultipartBoundaryLengthLimit = 128 }));
    }

    /// <summary>The files of a form; what is wrong with them is noted in it.</summary>
    public static async Task<IReadOnlyList<MessageFile>> Read(HttpContext request, Form form, CancellationToken stop)
    {
        var posted = await request.Request.ReadFormAsync(stop);
        var sent = posted.Files.Where(file => file.Name == Field && file.Length > 0).ToList();
        if (sent.Count > MostFiles) form.Fail(Field, Words.Of("too many files", MostFiles));
        var files = new List<MessageFile>();
        foreach (var file in sent.Take(MostFiles))
        {
            var title = Title(file.FileName);
            if (file.Length > LargestFile)
            {
                form.Fail(Field, Words.Of("file too large", title, LargestFile / 1_000_000));
                continue;
            }
            using var bytes = new MemoryStream((int)file.Length);
            await file.CopyToAsync(bytes, stop);
            if (KindOf(bytes.ToArray()) is { } kind) files.Add(new(kind, title, bytes.ToArray()));
            else form.Fail(Field, Words.Of("file of no kind", title));
        }
        return files;
    }

    /// <summary>What a file is by its bytes; null when it is nothing that is taken.</summary>
    public static string? KindOf(byte[] bytes)
    {
        foreach (var (type, _) in Kinds)
            if (type == "text/plain" ? IsText(bytes) : FileSignatures.Fits(type, bytes)) return type;
        return null;
    }

    // What begins with a tag may be read as a page somewhere.
    static bool IsText(byte[] bytes) => bytes.Length > 0 && System.Text.Unicode.Utf8.IsValid(bytes) && !bytes.AsSpan().Contains((byte)0) && !bytes.AsSpan().TrimStart("\uFEFF \t\r\n"u8).StartsWith("<"u8) && !bytes.AsSpan().StartsWith("{\\rtf"u8);

    static string Title(string name)
    {
        var title = new string([.. Path.GetFileName(name.Replace('\\', '/')).Where(letter => !char.IsControl(letter) && !char.IsSurrogate(letter) && letter is not ('\uFFFE' or '\uFFFF'))]).Trim();
        return title.Length == 0 ? "file" : title.Length > LongestTitle ? title[^LongestTitle..] : title;
    }
}
