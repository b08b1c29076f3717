using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tervik.Storage;

namespace Tervik.Trust.AuditLog;

/// <summary>Counts the sealed log while the node runs.</summary>
sealed partial class CompletenessService(LogCompleteness completeness, ILogger<CompletenessService> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            try
            {
                await completeness.Check(stoppingToken);
            }
            catch (StorageException fault)
            {
                NotCounted(logger, fault.Message);
            }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The log of accesses was not counted: {Reason}")]
    static partial void NotCounted(ILogger logger, string reason);
}
