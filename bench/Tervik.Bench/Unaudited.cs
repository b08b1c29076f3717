using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Storage;

namespace Tervik.Bench;

/// <summary>The record without Trust: everybody may do everything and nothing is logged. What the audit costs is the difference; the product has no such switch.</summary>
static class Unaudited
{
    public static async Task<int> Serve(string address, string connection)
    {
        await using var database = await Database.Open(new(connection), RecordStore.RecordMigrations, CancellationToken.None);
        await using var store = await RecordStore.Open(database, CancellationToken.None);
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        builder.Services.AddSingleton<IAccessControl, Everybody>();
        builder.Services.AddRecords(store, new());
        await using var app = builder.Build();
        app.MapFhir();
        await app.RunAsync();
        return 0;
    }

    sealed class Everybody : IAccessControl
    {
        public ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop) => new(new Permission("client/bench", AccessFilter.Everything, null));
        public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments) => null;
        public ValueTask Log(AccessEvent access, CancellationToken stop) => default;
    }
}
