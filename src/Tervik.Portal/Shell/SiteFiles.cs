using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tervik.Portal.Shell;

/// <summary>Style sheet and scripts, embedded in the program. An address holds the hash of what it serves, so browsers keep it for good.</summary>
static class SiteFiles
{
    static readonly FrozenDictionary<string, SiteFile> ByName = FrozenDictionary.ToFrozenDictionary(
    [
        // Designsystemet's theme and components, then ours.
        new SiteFile("tervik", "css", Join(name => name.StartsWith("styles.", StringComparison.Ordinal))),
        .. Resources(name => name.StartsWith("script.", StringComparison.Ordinal)).Select(name => name["script.".Length..^".js".Length])
            // The libraries of an island come before it.
            .Select(script => new SiteFile(script, "js", Join(one => one == $"script.{script}.js" || one.StartsWith($"library.{script}.", StringComparison.Ordinal)))),
    ], asset => asset.Name);

    /// <summary>Address of the style sheet.</summary>
    public static string StyleSheet => ByName["tervik"].Path;

    /// <summary>Address of a script: the name of its file without <c>.js</c>.</summary>
    public static string Script(string name) => ByName[name].Path;

    public static void MapSiteFiles(this IEndpointRouteBuilder routes)
    {
        foreach (var asset in ByName.Values) routes.MapGet(asset.Path, asset.Send);
    }

    static IEnumerable<string> Resources(Func<string, bool> which) => typeof(SiteFiles).Assembly.GetManifestResourceNames().Where(which).Order(StringComparer.Ordinal);

    static byte[] Join(Func<string, bool> which)
    {
        using var joined = new MemoryStream();
        foreach (var name in Resources(which))
        {
            using var part = typeof(SiteFiles).Assembly.GetManifestResourceStream(name)!;
            part.CopyTo(joined);
            joined.WriteByte((byte)'\n');
        }
        return joined.ToArray();
    }

    sealed class SiteFile(string name, string kind, byte[] plain)
    {
        readonly Lazy<byte[]> brotli = new(() => Compress(plain, stream => new BrotliStream(stream, CompressionLevel.Optimal)));
        readonly Lazy<byte[]> gzip = new(() => Compress(plain, stream => new GZipStream(stream, CompressionLevel.Optimal)));

        public string Name => name;
        public string Path { get; } = $"/assets/{name}.{Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, 8))}.{kind}";

        public async Task Send(HttpContext request)
        {
            var accepted = request.Request.Headers.AcceptEncoding.ToString();
            var (encoding, bytes) = accepted.Contains("br", StringComparison.Ordinal) ? ("br", brotli.Value)
                : accepted.Contains("gzip", StringComparison.Ordinal) ? ("gzip", gzip.Value) : (null, plain);
            var response = request.Response;
            response.ContentType = kind == "css" ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
            response.ContentLength = bytes.Length;
            response.Headers.ContentEncoding = encoding;
            response.Headers.Vary = "Accept-Encoding";
            response.Headers.CacheControl = "public, max-age=31536000, immutable";
            response.Headers.XContentTypeOptions = "nosniff";
            await response.Body.WriteAsync(bytes, request.RequestAborted);
        }

        static byte[] Compress(byte[] plain, Func<Stream, Stream> compressor)
        {
            using var compressed = new MemoryStream();
            using (var stream = compressor(compressed)) stream.Write(plain);
            return compressed.ToArray();
        }
    }
}
