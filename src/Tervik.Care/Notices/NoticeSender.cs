using Microsoft.Extensions.Logging;
using NodaTime;
using Tervik.Trust;

namespace Tervik.Care.Notices;

/// <summary>Sends what waits in the outbox, when it may be sent and is still of use.</summary>
public sealed partial class NoticeSender(NoticeOutbox outbox, NoticePreferences preferences, NoticeReaders readers, NoticeSettings settings, SmtpMail mail, NoticeWebhook webhook, TimeProvider clock, ILogger<NoticeSender> logger) : Follower(logger)
{
    const int AtOnce = 20, Abreast = 4;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => settings.Channels.Count == 0 ? Task.CompletedTask : base.ExecuteAsync(stoppingToken);

    /// <inheritdoc/>
    protected override async Task<bool> Step(CancellationToken stop) => await Send(stop) == AtOnce;

    /// <summary>Sends what is due.</summary>
    /// <returns>How many were looked at.</returns>
    public async Task<int> Send(CancellationToken stop)
    {
        var claimed = await outbox.Claim(AtOnce, stop);
        await Parallel.ForEachAsync(claimed, new ParallelOptions { MaxDegreeOfParallelism = Abreast, CancellationToken = stop }, async (delivery, cancel) => await Send(delivery, cancel));
        return claimed.Count;
    }

    async Task Send(Delivery delivery, CancellationToken stop)
    {
        var preference = await preferences.Of(delivery.Person, stop);
        if (!settings.Channels.Contains(delivery.Channel) || !preference.Wants(delivery.Channel, delivery.Notice.Kind) || !await IsOfUse(delivery, stop))
        {
            await outbox.Withdraw(delivery, stop);
            return;
        }
        // Quiet hours are of people; programs have none. A reminder that would come too late by them is not held.
        if (delivery is { Channel: NoticeOutbox.Mail, IsUrgent: false } && preference.QuietUntil(Instant.FromDateTimeOffset(clock.GetUtcNow())) is { } until && until.ToUnixTimeTicks() / 10 is var untilUs && (delivery.UntilUs == 0 || untilUs < delivery.UntilUs))
        {
            await outbox.PutOff(delivery, untilUs, stop);
            return;
        }
        try
        {
            if (delivery.Channel == NoticeOutbox.Mail) await mail.Tell(delivery.Notice.Id, preference.Mail!, preference.Language, stop);
            else await webhook.Tell(delivery.Notice, stop);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !stop.IsCancellationRequested)
        {
            var (what, isFinal) = delivery.Channel == NoticeOutbox.Mail ? SmtpMail.Why(fault) : (NoticeWebhook.Why(fault), false);
            if (await outbox.MarkFailed(delivery, what, isFinal, stop)) LogGivenUp(Logger, delivery.Notice.Id, delivery.Channel, what, delivery.Attempts);
            return;
        }
        // It is out: what stops us now must not make it go out again.
        await outbox.MarkSent(delivery, CancellationToken.None);
    }

    /// <summary>Not what was read, is over, was called off, or may no longer be seen.</summary>
    async Task<bool> IsOfUse(Delivery delivery, CancellationToken stop)
    {
        var (notice, person) = (delivery.Notice, delivery.Person);
        if (notice.ReadUs > 0 || delivery.UntilUs > 0 && clock.NowUs() >= delivery.UntilUs) return false;
        // That an appointment is off is told, although a deleted one cannot be seen.
        if (await readers.Seen(person, notice.About, stop) is not { } seen) return notice.Kind == NoticeKind.Cancelled;
        return notice.Kind switch
        {
            NoticeKind.Reminder => AppointmentState.Of(seen) is ("booked", var startUs, _, _) && startUs == delivery.UntilUs,
            NoticeKind.Message => !NoticeReaders.IsRead(seen, person, notice.Patient),
            _ => true,
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Notice {Notice} was given up by {Channel} after {Attempts} attempts: {Why}.")]
    static partial void LogGivenUp(ILogger logger, string notice, string channel, string why, int attempts);
}
