using Microsoft.Extensions.DependencyInjection;

namespace Tervik.Care.Notices;

/// <summary>Registers notices and calendar feeds.</summary>
static class NoticesRoom
{
    public static IServiceCollection AddNotices(this IServiceCollection services)
    {
        services.AddSingleton<CalendarFeeds>();
        return services;
    }
}
