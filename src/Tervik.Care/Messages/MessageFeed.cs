using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Care.Messages;

/// <summary>That something happened to a message or thread. It says nothing of what it says, and decides nothing: who shows anything of it asks Trust first.</summary>
/// <param name="Id">Id of the Communication.</param>
/// <param name="Thread">Id of its thread; its own where it is none's part.</param>
/// <param name="Patient">About whom, <c>Patient/id</c>, or null.</param>
/// <param name="Concerned">References of all who are addressed by it or have not read it.</param>
/// <param name="IsNew">A message that was just sent; false for what happens to a thread as a whole, such as that it was read.</param>
/// <param name="IsUrgent">It is marked urgent.</param>
/// <param name="AtUs">When it was stored, microseconds since 1970-01-01 UTC: the order of all writes.</param>
public sealed record MessageEvent(string Id, string Thread, string? Patient, IReadOnlyList<string> Concerned, bool IsNew, bool IsUrgent, long AtUs);

/// <summary>Follows the record and tells of new messages, whoever stored them: the portal, an application, another node of the same database.</summary>
/// <remarks>It looks once a second, and at once after <see cref="Wake"/>. It begins with what comes after its start; who must miss nothing keeps the time of the last event and asks <see cref="After"/>.</remarks>
public sealed partial class MessageFeed(RecordStore store, ILogger<MessageFeed> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    const int MostAtOnce = 500;
    static readonly NewestOf NewestMessage = new("Communication");

    readonly ConcurrentDictionary<object, Action<MessageEvent>> listeners = new(ReferenceEqualityComparer.Instance);
    readonly SemaphoreSlim wake = new(0, 1);

    /// <summary>Listens until what is returned is disposed. The listener is called by one thread and must not wait.</summary>
    public IDisposable Listen(Action<MessageEvent> listener)
    {
        var key = new object();
        listeners[key] = listener;
        return new Listening(() => listeners.TryRemove(key, out _));
    }

    /// <summary>Something was just stored.</summary>
    public void Wake()
    {
        try
        {
            if (wake.CurrentCount == 0) wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else woke it.
        }
    }

    /// <summary>The events after a time, oldest first; of a Communication that was changed several times only the last.</summary>
    public async Task<IReadOnlyList<MessageEvent>> After(long atUs, CancellationToken stop) =>
        [.. (await store.Database.ReadOnce(session => store.Changed(session, "Communication", atUs, MostAtOnce), stop)).Select(Read)];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? lastUs = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                lastUs ??= await store.Database.Read(NewestMessage.In, stoppingToken);
                for (var isMore = true; isMore;)
                {
                    var events = await After(lastUs.Value, stoppingToken);
                    foreach (var one in events) Tell(one);
                    if (events.Count > 0) lastUs = events[^1].AtUs;
                    isMore = events.Count == MostAtOnce;
                }
                await wake.WaitAsync(Pause, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException fault)
            {
                LogFault(logger, fault.Message);
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    void Tell(MessageEvent one)
    {
        foreach (var listener in listeners.Values)
            try
            {
                listener(one);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                // One listener's fault is not the others'.
                LogFault(logger, fault.GetType().Name);
            }
    }

    internal static MessageEvent Read(StoredResource stored)
    {
        if (stored.IsDeleted) return new(stored.Id, stored.Id, null, [], IsNew: false, IsUrgent: false, stored.AtUs);
        using var json = JsonDocument.Parse(stored.Body);
        var root = json.RootElement;
        var thread = root.ItemsAt("partOf").Select(one => one.TextAt("reference")).OfType<string>().Where(one => one.StartsWith("Communication/", StringComparison.Ordinal)).Select(one => one["Communication/".Length..]).FirstOrDefault();
        var tags = root.At("meta").ItemsAt("tag").Select(tag => (System: tag.TextAt("system"), Code: tag.TextAt("code"))).ToList();
        var isThread = tags.Exists(tag => tag is (MessageCodes.System, MessageCodes.Thread));
        var concerned = root.ItemsAt("recipient").Select(one => one.TextAt("reference")).Concat(tags.Where(tag => tag.System == MessageCodes.Unread).Select(tag => tag.Code)).OfType<string>().Distinct().ToList();
        return new(stored.Id, thread ?? stored.Id, root.At("subject").TextAt("reference"), concerned, IsNew: !isThread && stored.Version == 1, root.TextAt("priority") is "urgent" or "asap" or "stat", stored.AtUs);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    sealed class Listening(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "New messages are not told of for now: {Reason}")]
    static partial void LogFault(ILogger logger, string reason);
}
