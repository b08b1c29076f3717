using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Care.Messages;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Messages;

public sealed class MessageFeedTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task Put(RecordStore store, string type, string id, string body)
    {
        using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(body));
        var draft = Draft.Of(json.RootElement, id, store.Indexer);
        Assert.Equal(CommitOutcome.Done, (await store.Commit([new() { Method = "PUT", Type = type, Id = id, Draft = draft }], [], Stop)).Outcome);
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Whoever_stores_a_message_it_is_told_once_and_what_was_there_before_is_not(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        var database = await place.Open(RecordStore.RecordMigrations);
        await using var store = await RecordStore.Open(database, Stop);
        await Put(store, "Communication", "old", """{"resourceType":"Communication","status":"completed"}""");
        using var feed = new MessageFeed(store, NullLogger<MessageFeed>.Instance);
        var told = new ConcurrentQueue<MessageEvent>();
        using (feed.Listen(one => throw new InvalidOperationException("A listener's fault is its own.")))
        using (feed.Listen(told.Enqueue))
        {
            await feed.StartAsync(Stop);
            await Task.Delay(300, Stop);
            await Put(store, "Observation", "o", """{"resourceType":"Observation","status":"final","code":{"text":"x"}}""");
            await Put(store, "Communication", "new", """{"resourceType":"Communication","status":"completed","partOf":[{"reference":"Communication/t"}],"subject":{"reference":"Patient/p1"},"recipient":[{"reference":"Practitioner/holm"}],"priority":"urgent"}""");
            feed.Wake();
            for (var wait = 0; wait < 100 && told.IsEmpty; wait++) await Task.Delay(50, Stop);
            await feed.StopAsync(Stop);
        }
        var one = Assert.Single(told);
        Assert.Equal(("new", "t", "Patient/p1", true, true), (one.Id, one.Thread, one.Patient, one.IsNew, one.IsUrgent));
        Assert.Equal(["Practitioner/holm"], one.Concerned);
        // Who was away asks for what it missed.
        Assert.Equal(["old", "new"], (await feed.After(0, Stop)).Select(missed => missed.Id));
        Assert.Empty(await feed.After(one.AtUs, Stop));
        await database.DisposeAsync();
    }
}
