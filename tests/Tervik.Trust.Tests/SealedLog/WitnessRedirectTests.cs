using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.Tests.SealedLog;

public sealed class WitnessRedirectTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, InlineData("https://witness.example", true), InlineData("http://127.0.0.1:9", true), InlineData("http://witness.example", false), InlineData("http://10.0.0.7", false), InlineData("ftp://127.0.0.1", false)]
    public void A_witness_elsewhere_is_asked_over_https_only(string address, bool isTaken)
    {
        var text = $"{address} {NoteSigner.New("w", NoteVerifier.Cosignature).Verifier}";
        if (isTaken) Assert.Single(WitnessPlace.Parse(text));
        else Assert.Throws<FormatException>(() => WitnessPlace.Parse(text));
    }

    [Fact]
    public async Task A_witness_that_sends_us_elsewhere_is_not_followed()
    {
        using var place = TestDatabase.Create(Engine.Sqlite);
        await using var database = await place.Open(TrustRoom.Migrations);
        var folder = Directory.CreateTempSubdirectory("tervik-redirect-").FullName;
        var log = new AccessLog(database, new Keys(42), TimeProvider.System);
        var seal = new AccessSeal(database, folder, TimeProvider.System);
        var (asked, followed) = (0, 0);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapPost("/w/add-checkpoint", () => { asked++; return Results.Redirect("/inside", permanent: false, preserveMethod: true); });
        app.MapFallback("/inside", () => { followed++; return Results.Ok(); });
        await app.StartAsync(Stop);
        await log.Append(new("Practitioner/1", new("read", "Observation", "1"), null, [], 200), AccessOrigin.Unknown, Stop);
        using var witnesses = new Witnesses(seal, WitnessPlace.Parse($"{app.Urls.First()}/w {NoteSigner.New("w", NoteVerifier.Cosignature).Verifier}"), NullLogger<Witnesses>.Instance);
        await witnesses.Show((await seal.Seal(Stop))!, Stop);
        Assert.Equal((1, 0), (asked, followed));
        Directory.Delete(folder, recursive: true);
    }
}
