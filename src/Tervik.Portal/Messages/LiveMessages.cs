using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Tervik.Care.Messages;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Messages;

/// <summary>Tells an open page that there is something new: server-sent events (HTML, section 9.2) that hold a number and nothing of a message. The page then asks for itself again, by the same way as without a script.</summary>
/// <remarks>Whether the session is open and the thread still to be seen is asked before each event and every <see cref="Beat"/>: when not, the stream says so and ends. It is no use of the session and does not keep it.</remarks>
static class LiveMessages
{
    /// <summary>A closed record or a sign-out elsewhere ends a stream within this time.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);
    /// <summary>After this the browser asks anew, and is identified anew.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    /// <summary>Of one person at once: as many tabs as anyone reads in. Further ones are told to do without.</summary>
    const int MostOfAPerson = 10;

    static readonly ConcurrentDictionary<string, int> Running = new(StringComparer.Ordinal);

    public static async Task<IResult> Send(string? thread, HttpContext request, Entrance entrance, IAccessControl control, Sessions sessions, MessagesQuery messages, RecordStore store, MessageFeed feed, IHostApplicationLifetime lifetime, TimeProvider clock, CancellationToken stop)
    {
        var interaction = thread is null ? new Interaction("search-type", "Communication") : new Interaction("read", "Communication", thread);
        var visit = await entrance.Enter(request, interaction, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var party = await messages.PartyOf(visit.Person, stop);
        if (await State(thread, party, visit.Filter, messages, store, stop) is not { } first) return await visit.NotFound(stop);
        await visit.Log("live-messages", [], [], stop);
        if (Running.AddOrUpdate(visit.Person.Reference, 1, (_, open) => open + 1) > MostOfAPerson)
        {
            Leave(visit.Person.Reference);
            return TypedResults.NoContent(); // EventSource does not come back after it.
        }
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, lifetime.ApplicationStopping);
            ending.CancelAfter(Longest);
            await Stream(first, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The browser left, the node stops, or it is time to ask anew.
        }
        catch (IOException)
        {
            // The browser is gone.
        }
        finally
        {
            Leave(visit.Person.Reference);
        }
        return TypedResults.Empty;

        async Task Stream(string state, CancellationToken ended)
        {
            var news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
            using var listening = feed.Listen(one =>
            {
                if (thread is null ? one.Concerned.Any(party.Is) : one.Thread == thread || one.Id == thread) news.Writer.TryWrite(true);
            });
            request.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            (request.Response.ContentType, request.Response.Headers["X-Accel-Buffering"]) = ("text/event-stream; charset=utf-8", "no");
            await Write("retry: 3000\n", "state", state, ended);
            while (true)
            {
                using (var beat = CancellationTokenSource.CreateLinkedTokenSource(ended))
                {
                    beat.CancelAfter(Beat);
                    try
                    {
                        await news.Reader.ReadAsync(beat.Token);
                    }
                    catch (OperationCanceledException) when (!ended.IsCancellationRequested)
                    {
                        // Nothing new; whether it may go on is asked all the same.
                    }
                }
                if (!await sessions.IsOpen(request, ended))
                {
                    await Write("", "over", "session", ended);
                    return;
                }
                var permission = await control.Decide(request, interaction, ended);
                if (permission.Refusal is not null || await State(thread, party = await messages.PartyOf(visit.Person, ended), permission.Filter, messages, store, ended) is not { } now)
                {
                    await Write("", "over", "gone", ended);
                    return;
                }
                if (now == state) await Write(":\n", null, null, ended); // A line that keeps proxies from closing it, and finds out whether the browser is there.
                else await Write("", "news", state = now, ended);
            }
        }

        async Task Write(string before, string? name, string? data, CancellationToken ended)
        {
            await request.Response.WriteAsync(name is null ? $"{before}\n" : $"{before}event: {name}\ndata: {data}\n\n", ended);
            await request.Response.Body.FlushAsync(ended);
        }
    }

    /// <summary>What changes when there is something new: the version of the thread; of an inbox how much is unread, and the newest. Null when the reader may not see the thread.</summary>
    static async Task<string?> State(string? thread, Party party, AccessFilter filter, MessagesQuery messages, RecordStore store, CancellationToken stop)
    {
        if (thread is not null) return await store.Read("Communication", thread, filter, stop) is { IsDeleted: false } stored ? stored.Version.ToString(CultureInfo.InvariantCulture) : null;
        var newest = await messages.Newest(party, filter, stop);
        return $"{newest?.AtUs ?? 0}";
    }

    static void Leave(string person)
    {
        if (Running.AddOrUpdate(person, 0, (_, open) => open - 1) <= 0) Running.TryRemove(new(person, 0));
    }
}
