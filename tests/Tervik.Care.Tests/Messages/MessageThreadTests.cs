using System.Text;
using System.Text.Json.Nodes;
using Tervik.Care.Messages;

namespace Tervik.Care.Tests.Messages;

public sealed class MessageThreadTests
{
    static readonly Correspondent Mari = new("Patient/p01", "Mari"), Practice = new("Organization/practice", "Practice"), Holm = new("Practitioner/holm", "Holm"), Lund = new("Practitioner/lund", "Lund");
    static readonly Party AsMari = new(Mari, [Mari.Reference]), AsHolm = new(Holm, [Holm.Reference, "PractitionerRole/holm-role", Practice.Reference]), AsLund = new(Lund, [Lund.Reference, Practice.Reference]);
    static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    static MessageThread Asked(out JsonObject message, params Correspondent[] to)
    {
        var thread = MessageThread.Begin(Mari, Mari, to, "Tablets", about: null);
        message = thread.Say("t", AsMari, "With milk?", [], urgentReason: null, Noon);
        return thread;
    }

    static string[] RecipientsOf(JsonObject message) => [.. message["recipient"]!.AsArray().Select(one => (string)one!["reference"]!)];

    [Fact]
    public void A_new_thread_is_unread_by_whom_it_is_addressed_to_and_nobody_else()
    {
        var thread = Asked(out var message, Practice);
        Assert.Equal([Practice.Reference], thread.UnreadBy);
        Assert.True(thread.IsUnreadBy(AsHolm) && thread.IsUnreadBy(AsLund) && !thread.IsUnreadBy(AsMari));
        Assert.Equal([Practice.Reference], RecipientsOf(message));
        Assert.Equal("Communication/t", (string?)message["partOf"]![0]!["reference"]);
        Assert.Equal(Noon, thread.Sent);
    }

    [Fact]
    public void What_is_stored_is_read_back_as_the_same_thread_and_a_message_of_elsewhere_is_none()
    {
        var thread = Asked(out var message, Holm);
        thread.MarkRead(AsHolm, Noon, Noon.AddMinutes(1));
        var again = MessageThread.Of(Encoding.UTF8.GetBytes(thread.Head.ToJsonString()))!;
        Assert.Equal(("Tablets", "Patient/p01", Noon), (again.Topic, again.Patient, again.Sent));
        Assert.Equal(thread.Participants, again.Participants);
        Assert.Equal((Holm, Noon.AddMinutes(1), Noon), (again.Receipts[0].Who, again.Receipts[0].At, again.Receipts[0].Until));
        Assert.Null(MessageThread.Of(Encoding.UTF8.GetBytes(message.ToJsonString())));
        Assert.Null(MessageThread.Of("""{"resourceType":"Communication","meta":{"tag":[{"system":"urn:other","code":"thread"}]}}"""u8.ToArray()));
    }

    [Fact]
    public void A_receipt_says_who_read_a_message_the_first_time_and_none_is_the_writers()
    {
        var thread = Asked(out _, Practice);
        Assert.True(thread.MarkRead(AsHolm, Noon, Noon.AddMinutes(3)));
        Assert.False(thread.MarkRead(AsHolm, Noon, Noon.AddMinutes(9)));
        Assert.False(thread.MarkRead(AsMari, Noon, Noon.AddMinutes(4)));
        thread.Say("t", AsHolm, "Yes.", [], null, Noon.AddMinutes(5));
        thread.MarkRead(AsMari, Noon.AddMinutes(5), Noon.AddMinutes(6));
        var reader = Assert.Single(thread.ReadersOf(Noon, Mari.Reference));
        Assert.Equal((Holm, Noon.AddMinutes(3)), (reader.Who, reader.At));
        Assert.Equal([Practice.Reference], reader.For);
        Assert.Equal([Mari], thread.ReadersOf(Noon.AddMinutes(5), Holm.Reference).Select(one => one.Who));
    }

    [Fact]
    public void Reading_what_was_shown_leaves_unread_what_came_meanwhile()
    {
        var thread = Asked(out _, Holm);
        thread.Say("t", AsMari, "And with tea?", [], null, Noon.AddSeconds(30));
        Assert.True(thread.MarkRead(AsHolm, until: Noon, Noon.AddMinutes(1)));
        Assert.True(thread.IsUnreadBy(AsHolm));
        Assert.Single(thread.ReadersOf(Noon, Mari.Reference));
        Assert.Empty(thread.ReadersOf(Noon.AddSeconds(30), Mari.Reference));
    }

    [Fact]
    public void Once_somebody_has_it_in_hand_later_messages_are_theirs_and_no_longer_the_whole_units()
    {
        var thread = Asked(out _, Practice);
        thread.Take("t", AsHolm, Noon.AddMinutes(1));
        Assert.Equal(Holm, thread.Holder);
        thread.MarkRead(AsMari, Noon.AddMinutes(1), Noon.AddMinutes(2));
        var second = thread.Say("t", AsMari, "Thank you", [], null, Noon.AddMinutes(3));
        Assert.Equal([Holm.Reference], RecipientsOf(second));
        Assert.False(thread.IsUnreadBy(AsLund));
        Assert.True(thread.Has(AsLund)); // it stays in the unit's inbox
    }

    [Fact]
    public void Handing_over_names_the_next_one_to_everybody_and_is_unread_by_them()
    {
        var thread = Asked(out _, Holm);
        var message = thread.HandOver("t", AsHolm, Lund, "Please look at the dose", Noon.AddMinutes(2));
        Assert.Equal((Lund, true), (thread.Holder, thread.IsUnreadBy(new(Lund, [Lund.Reference]))));
        Assert.Equal(["Practitioner/lund", "Patient/p01"], RecipientsOf(message));
        thread.HandOver("t", new(Lund, [Lund.Reference]), Holm, "", Noon.AddMinutes(3));
        Assert.Equal(Holm, thread.Holder);
        Assert.Equal(3, thread.Participants.Count);
    }

    [Fact]
    public void Urgent_ends_with_closing_and_a_message_opens_the_thread_again()
    {
        var thread = MessageThread.Begin(Mari, Holm, [Lund], "Potassium", new("Observation/k", "Potassium"));
        var message = thread.Say("t", AsHolm, "6.9", [], "May stop the heart", Noon);
        Assert.Equal((true, "May stop the heart", "urgent"), (thread.IsUrgent, thread.UrgentReason, (string?)message["priority"]));
        Assert.Contains(MessageCodes.Urgent, thread.Head.ToJsonString(), StringComparison.Ordinal);
        thread.Close("t", new(Lund, [Lund.Reference]), Noon.AddMinutes(5));
        Assert.True(thread.IsClosed && thread.IsUrgent);
        Assert.DoesNotContain("\"code\":\"urgent\"", thread.Head.ToJsonString(), StringComparison.Ordinal);
        thread.Say("t", AsHolm, "Still 6.8", [], null, Noon.AddMinutes(6));
        Assert.False(thread.IsClosed);
        Assert.Contains("\"code\":\"urgent\"", thread.Head.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_of_one_instant_are_told_apart()
    {
        var thread = Asked(out _, Holm);
        var second = thread.Say("t", AsHolm, "Yes", [], null, Noon);
        Assert.Equal("2026-11-27T12:00:00.001Z", (string?)second["sent"]);
    }
}
