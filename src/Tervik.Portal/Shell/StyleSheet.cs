using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tervik.Portal.Shell;

/// <summary>The one style sheet: Designsystemet's theme and components, then ours. Its address holds its hash, so browsers keep it for good.</summary>
static class StyleSheet
{
    static readonly byte[] Plain = Join();
    static readonly Lazy<byte[]> Brotli = new(() => Compress(stream => new BrotliStream(stream, CompressionLevel.Optimal)));
    static readonly Lazy<byte[]> Gzip = new(() => Compress(stream => new GZipStream(stream, CompressionLevel.Optimal)));

    /// <summary>Where it is served.</summary>
    public static string Path { get; } = $"/assets/tervik.{Convert.ToHexStringLower(SHA256.HashData(Plain).AsSpan(0, 8))}.css";

    public static void MapStyleSheet(this IEndpointRouteBuilder routes) => routes.MapGet(Path, async (HttpContext request, CancellationToken stop) =>
    {
        var accepted = request.Request.Headers.AcceptEncoding.ToString();
        var (encoding, bytes) = accepted.Contains("br", StringComparison.Ordinal) ? ("br", Brotli.Value)
            : accepted.Contains("gzip", StringComparison.Ordinal) ? ("gzip", Gzip.Value) : (null, Plain);
        var response = request.Response;
        response.ContentType = "text/css; charset=utf-8";
        response.ContentLength = bytes.Length;
        response.Headers.ContentEncoding = encoding;
        response.Headers.Vary = "Accept-Encoding";
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.Body.WriteAsync(bytes, stop);
    });

    static byte[] Join()
    {
        var assembly = typeof(StyleSheet).Assembly;
        using var joined = new MemoryStream();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("styles.", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var part = assembly.GetManifestResourceStream(name)!;
            part.CopyTo(joined);
            joined.WriteByte((byte)'\n');
        }
        return joined.ToArray();
    }

    static byte[] Compress(Func<Stream, Stream> compressor)
    {
        using var compressed = new MemoryStream();
        using (var stream = compressor(compressed)) stream.Write(Plain);
        return compressed.ToArray();
    }
}
