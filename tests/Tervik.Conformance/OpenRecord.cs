using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Rest;

namespace Tervik.Conformance;

/// <summary>The record behind HTTP without Trust: everybody may do everything and nothing is logged. For suites about the record, and to measure what the audit costs; the product has no such switch.</summary>
static class OpenRecord
{
    public static WebApplication Build(RecordStore store, string address)
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        builder.Services.AddSingleton<IAccessControl, Everybody>();
        builder.Services.AddRecords(store, new() { Files = new() { AcceptsUnfit = true } }); // official examples hold placeholders for files
        return builder.Build().MapFhir();
    }

    sealed class Everybody : IAccessControl
    {
        public ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop) => new(new Permission("client/everybody", AccessFilter.Everything, null));
        public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments) => null;
        public ValueTask Log(AccessEvent access, CancellationToken stop) => default;
    }
}
