using System.Threading.Channels;

namespace Tervik.Storage;

/// <summary>Collects what concurrent callers submit and applies whatever waits at once, such as in one write transaction: one durable commit for all of them.</summary>
/// <remarks>The next group gathers while the present one is being committed, so a group is as large as the load makes it and a lone caller waits for nobody.</remarks>
public sealed class GroupCommit<TItem, TResult> : IAsyncDisposable
{
    /// <summary>So many items may wait; further callers wait for a place (back-pressure).</summary>
    const int LongestQueue = 4096;

    readonly Func<IReadOnlyList<TItem>, Task<TResult[]>> apply;
    readonly int largestGroup;
    readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    readonly Task writing;

    sealed class Waiting(TItem item) : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TItem Item => item;
    }

    /// <param name="database">Where to write.</param>
    /// <param name="apply">Applies a group in a write transaction, in order, and returns one result per item. When it throws, the group is rolled back and its items are applied one by one, so that only the guilty one fails.</param>
    /// <param name="largestGroup">At most this many items in a group.</param>
    public GroupCommit(Database database, Func<Session, IReadOnlyList<TItem>, ValueTask<TResult[]>> apply, int largestGroup) : this(items => database.Write(session => apply(session, items), CancellationToken.None), largestGroup) { }

    /// <param name="apply">Applies a group, in order, and returns one result per item once it is durable. When it throws, it has changed nothing; the items are applied one by one then.</param>
    /// <param name="largestGroup">At most this many items in a group.</param>
    public GroupCommit(Func<IReadOnlyList<TItem>, Task<TResult[]>> apply, int largestGroup)
    {
        (this.apply, this.largestGroup) = (apply, largestGroup);
        writing = Task.Run(Write);
    }

    /// <summary>Waits until <paramref name="item"/> is durable.</summary>
    /// <param name="item">What to write.</param>
    /// <param name="stop">Ends the wait for a place in the queue; an item that has its place is written in any case.</param>
    /// <exception cref="StorageException">The program is ending.</exception>
    public async Task<TResult> Submit(TItem item, CancellationToken stop)
    {
        var waiting = new Waiting(item);
        if (!queue.Writer.TryWrite(waiting))
        {
            try
            {
                await queue.Writer.WriteAsync(waiting, stop);
            }
            catch (ChannelClosedException closed)
            {
                throw new StorageException("Writing has ended: the program is stopping.", closed);
            }
        }
        return await waiting.Task;
    }

    /// <summary>Applies what waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writing;
    }

    async Task Write()
    {
        var group = new List<Waiting>();
        while (await queue.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < largestGroup && queue.Reader.TryRead(out var waiting)) group.Add(waiting);
            if (!await TryApply(group) && group.Count > 1)
                foreach (var waiting in group) await TryApply([waiting]);
        }
    }

    async Task<bool> TryApply(List<Waiting> group)
    {
        try
        {
            var results = await apply(group.ConvertAll(waiting => waiting.Item));
            for (var i = 0; i < group.Count; i++) group[i].SetResult(results[i]);
            return true;
        }
        catch (Exception fault)
        {
            if (group.Count == 1) group[0].SetException(fault);
            return false;
        }
    }
}
