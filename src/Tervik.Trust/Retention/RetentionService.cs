using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tervik.Storage;

namespace Tervik.Trust.Retention;

/// <summary>Removes what has had its time when the node starts, and each day.</summary>
sealed partial class RetentionService(Retention retention, TimeProvider clock, ILogger<RetentionService> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        do
            try
            {
                await retention.Remove(stoppingToken);
            }
            catch (StorageException fault)
            {
                NotRemoved(logger, fault.Message);
            }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What has had its time was not removed: {Reason}")]
    static partial void NotRemoved(ILogger logger, string reason);
}
