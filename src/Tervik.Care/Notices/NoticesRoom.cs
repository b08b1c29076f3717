using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Tervik.Care.Notices;

/// <summary>Registers notices, their channels, and calendar feeds.</summary>
static class NoticesRoom
{
    /// <summary>With the <see cref="NoticeSettings"/> that are registered; without any, in the portal alone.</summary>
    public static IServiceCollection AddNotices(this IServiceCollection services)
    {
        services.TryAddSingleton(new NoticeSettings());
        services.AddSingleton<CalendarFeeds>().AddSingleton<NoticePreferences>().AddSingleton<NoticeOutbox>().AddSingleton<NoticeReaders>().AddSingleton<SmtpMail>().AddSingleton<NoticeWebhook>();
        services.AddHostedService<NoticeFollower>();
        services.AddHostedService<NoticeSender>();
        return services;
    }
}
