using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tervik.Trust.Snooping;

/// <summary>Judges the log while the node runs.</summary>
sealed partial class SnoopingService(SnoopingReview review, ILogger<SnoopingService> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            try
            {
                while (await review.Step(stoppingToken)) { }
                while (await review.FollowUp(stoppingToken)) { }
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // It holds no one up: the next turn begins where the last whole step ended.
                NotReviewed(logger, fault.Message);
            }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The log of accesses was not reviewed: {Reason}")]
    static partial void NotReviewed(ILogger logger, string reason);
}
