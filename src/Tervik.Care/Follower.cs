using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tervik.Care;

/// <summary>Work beside the requests, a step after the other: at once while there is more to do, else a second later. A step that fails is told in the log and tried again.</summary>
public abstract partial class Follower(ILogger logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Where it tells what goes wrong.</summary>
    protected ILogger Logger => logger;

    /// <summary>Does what there is to do. What it cannot finish it does the next time.</summary>
    /// <returns>Whether there may be more to do at once.</returns>
    protected abstract Task<bool> Step(CancellationToken stop);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await Step(stoppingToken)) continue;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                LogLater(logger, fault, GetType().Name);
            }
            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{What} could not do its work; it is tried again.")]
    static partial void LogLater(ILogger logger, Exception fault, string what);
}
