using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tervik.Records.Resources;

namespace Tervik.Care.Hl7;

/// <summary>Registers what takes HL7 v2.</summary>
static class Hl7Room
{
    /// <summary>With the <see cref="Hl7Settings"/> that are registered; without any, over HTTP alone.</summary>
    public static IServiceCollection AddHl7(this IServiceCollection services)
    {
        services.TryAddSingleton(new Hl7Settings());
        services.AddSingleton(provider => new Hl7Journal(provider.GetRequiredService<RecordStore>().Database, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Hl7Intake>();
        services.AddHostedService<MllpService>();
        return services;
    }
}
