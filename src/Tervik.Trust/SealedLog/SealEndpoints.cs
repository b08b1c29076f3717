using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Records.Access;

namespace Tervik.Trust.SealedLog;

/// <summary>The sealed log as any monitor of such logs reads it (C2SP tlog-tiles): <c>/access-log/checkpoint</c>, <c>/access-log/tile/…</c>. Hashes with salts: nobody learns from them who looked at what.</summary>
static class SealEndpoints
{
    const string Tiles = "application/octet-stream";

    public static void MapSeal(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/access-log/checkpoint", async (HttpContext request, IAccessControl access, AccessSeal seal, CancellationToken stop) =>
            await Refused(request, access, stop) is { } refusal ? refusal
            : await seal.Newest(stop) is { } newest ? Results.Text(newest.Note, "text/plain; charset=utf-8") : Problem("Nothing was sealed yet."));
        routes.MapGet("/access-log/key", async (HttpContext request, IAccessControl access, AccessSeal seal, CancellationToken stop) =>
            await Refused(request, access, stop) is { } refusal ? refusal : Results.Text($"{seal.Verifier}\n", "text/plain; charset=utf-8"));
        routes.MapGet("/access-log/tile/{level}/{**path}", async (string level, string path, HttpContext request, IAccessControl access, AccessSeal seal, CancellationToken stop) =>
        {
            if (await Refused(request, access, stop) is { } refusal) return refusal;
            if (Number(path) is not var (number, width)) return Problem($"'{path}' names no tile; such as 005, x001/234 or x001/234.p/17 was expected.");
            if (level == "entries")
                return await seal.Entries(number, stop) is { } entries && entries.Count >= width ? Results.Bytes([.. entries.Take(width).SelectMany(entry => (byte[])[0, (byte)entry.Length, .. entry])], Tiles) : Problem("There is no such tile.");
            return int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out var height) && height < 8 && await seal.HashesOf(height, number, stop) is { } hashes && hashes.Length >= width * MerkleTree.HashBytes
                ? Results.Bytes(hashes[..(width * MerkleTree.HashBytes)], Tiles) : Problem("There is no such tile.");
        });
    }

    static async ValueTask<IResult?> Refused(HttpContext request, IAccessControl access, CancellationToken stop) =>
        (await access.Decide(request, new("sealed-log", null), stop)).Refusal is { } refusal ? Results.Problem(refusal.What, statusCode: StatusCodes.Status403Forbidden) : null;

    static IResult Problem(string what) => Results.Problem(what, statusCode: StatusCodes.Status404NotFound);

    /// <summary>The number and width that a path of a tile gives: <c>x001/x234/067</c> is 1234067, <c>.p/17</c> after it a tile of 17 hashes.</summary>
    internal static (long Number, int Width)? Number(string path)
    {
        var width = MerkleTree.TileWidth;
        if (path.IndexOf(".p/", StringComparison.Ordinal) is > 0 and var partial)
        {
            if (!int.TryParse(path[(partial + 3)..], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= MerkleTree.TileWidth) return null;
            path = path[..partial];
        }
        var (number, parts) = (0L, path.Split('/'));
        if (parts.Length > 6) return null;
        for (var i = 0; i < parts.Length; i++)
        {
            var digits = i < parts.Length - 1 && parts[i].StartsWith('x') ? parts[i][1..] : parts[i];
            if (digits.Length != 3 || i < parts.Length - 1 != parts[i].StartsWith('x') || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var thousand)) return null;
            number = number * 1000 + thousand;
        }
        return (number, width);
    }
}
