using Microsoft.Extensions.DependencyInjection;
using Tervik.Records.Files;
using Tervik.Records.Operations;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Records.Rest;

/// <summary>Registers the record and its REST interface.</summary>
public static class RecordsRoom
{
    /// <summary>Needs a registered <see cref="Access.IAccessControl"/>.</summary>
    public static IServiceCollection AddRecords(this IServiceCollection services, RecordStore store, RestSettings settings)
    {
        services.AddSingleton(store);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Search);
        services.AddSingleton<SearchEngine>();
        services.AddSingleton<SummaryDocuments>();
        services.AddSingleton<FileAdmission>();
        services.AddSingleton<Incoming>();
        services.AddSingleton<FhirServer>();
        return services;
    }
}
