using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Records.Access;

namespace Tervik.Trust.SealedLog;

/// <summary>The sealed log as any monitor of such logs reads it (C2SP tlog-tiles): <c>/access-log/checkpoint</c>, <c>/access-log/tile/…</c>. Hashes with salts: nobody learns from them who looked at what.</summary>
static class SealEndpoints
{
    const string Tiles = "application/octet-stream", Text = "text/plain; charset=utf-8";

    public static void MapSeal(this IEndpointRouteBuilder routes)
    {
        var log = routes.MapGroup("/access-log").AddEndpointFilter(async (call, next) =>
            (await call.HttpContext.RequestServices.GetRequiredService<IAccessControl>().Decide(call.HttpContext, new("sealed-log", null), call.HttpContext.RequestAborted)).Refusal is { } refusal
                ? Results.Problem(refusal.What, statusCode: StatusCodes.Status403Forbidden) : await next(call));
        log.MapGet("/checkpoint", async (AccessSeal seal, CancellationToken stop) => await seal.Newest(stop) is { } newest ? Results.Text(newest.Note, Text) : Problem("Nothing was sealed yet."));
        log.MapGet("/key", (AccessSeal seal) => Results.Text($"{seal.Verifier}\n", Text));
        log.MapGet("/tile/{level}/{**path}", async (string level, string path, AccessSeal seal, CancellationToken stop) =>
        {
            if (Number(path) is not var (number, width)) return Problem($"'{path}' names no tile; such as 005, x001/234 or x001/234.p/17 was expected.");
            if (level == "entries")
                return await seal.Entries(number, stop) is { } entries && entries.Count >= width ? Results.Bytes([.. entries.Take(width).SelectMany(entry => (byte[])[0, (byte)entry.Length, .. entry])], Tiles) : Problem("There is no such tile.");
            return int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out var height) && height < 8 && await seal.HashesOf(height, number, stop) is { } hashes && hashes.Length >= width * MerkleTree.HashBytes
                ? Results.Bytes(hashes[..(width * MerkleTree.HashBytes)], Tiles) : Problem("There is no such tile.");
        });
    }

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
