using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tervik.Storage;

namespace Tervik.Trust.SealedLog;

/// <summary>Seals what was logged, every second in which something was, and shows the head to the witnesses.</summary>
sealed partial class SealService(AccessSeal seal, Witnesses witnesses, ILogger<SealService> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        try
        {
            do await Seal(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The program ends: what came last is sealed below.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Seal(CancellationToken.None);
    }

    async Task Seal(CancellationToken stop)
    {
        try
        {
            if (await seal.Seal(stop) is { } checkpoint) await witnesses.Show(checkpoint, stop);
        }
        catch (Exception fault) when (fault is StorageException or IOException or UnauthorizedAccessException or FormatException)
        {
            // The log itself goes on: the page shows how far it is sealed, and the next second tries again.
            NotSealed(logger, fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The log of accesses was not sealed: {Reason}")]
    static partial void NotSealed(ILogger logger, string reason);
}
