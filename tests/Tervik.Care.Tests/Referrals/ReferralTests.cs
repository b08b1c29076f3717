using System.Globalization;
using CsCheck;
using Tervik.Care.Messages;
using Tervik.Care.Referrals;

namespace Tervik.Care.Tests.Referrals;

/// <summary>The rules of a referral: who has it, by when, and what may be done.</summary>
public sealed class ReferralTests
{
    static readonly DateTimeOffset Sent = new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);
    static readonly DateOnly Today = new(2026, 11, 5);
    static readonly Correspondent Patient = new("Patient/1", "Ada"), Doctor = new("Practitioner/gp", "Dr. Gp"), Unit = new("Organization/heart", "Heart"), Other = new("Organization/lungs", "Lungs"), Specialist = new("Practitioner/heart", "Dr. Heart");
    static readonly Party Gp = new(Doctor, [Doctor.Reference]), Receiver = new(Specialist, [Specialist.Reference, Unit.Reference]), Stranger = new(new("Practitioner/x", "X"), ["Practitioner/x", Other.Reference]);

    static Referral New(string priority = "routine") => Referral.Send("r1", new(Patient, Doctor, new("HealthcareService/heart-visit", "Heart visit"), Unit, priority, "Pain", null, "Is it the heart?", [], "Referral: Heart visit"), Sent);
    static ReferralWay Way(Referral referral, Outcomes? outcomes = null, DateOnly? today = null) => ReferralWay.Of(referral, outcomes ?? new(), today ?? Today);
    static DateTimeOffset After(int days) => Sent.AddDays(days);

    [Fact]
    public void A_sent_referral_is_the_units_and_has_its_promised_times()
    {
        var referral = New("urgent");
        var way = Way(referral);
        Assert.Equal((Stage.Sent, Unit, new DateOnly(2026, 11, 4), true), (way.Stage, way.Holder, way.Due, way.IsLate));
        Assert.Equal(new DateOnly(2026, 11, 16), referral.VisitBy);
        Assert.False(Way(New()).IsLate);
        Assert.Equal(["send"], referral.Events.Select(one => one.Act));
    }

    /// <summary>A unit may promise more than everybody does, and not less; what is urgent has its own times.</summary>
    [Theory, InlineData("routine", 30, "2026-11-12", "2026-12-02"), InlineData("routine", 5, "2026-11-07", "2026-11-07"), InlineData("routine", 90, "2026-11-12", "2027-01-01"), InlineData("urgent", 5, "2026-11-04", "2026-11-16")]
    public void The_waiting_time_target_of_a_service_is_promised_where_it_is_shorter(string priority, int target, string decided, string visited)
    {
        var letter = new ReferralLetter(Patient, Doctor, new("HealthcareService/heart-visit", "Heart visit"), Unit, priority, "Pain", null, "Is it the heart?", [], "Referral: Heart visit") { TargetDays = target };
        var referral = Referral.Send("r1", letter, Sent);
        Assert.Equal((DateOnly.Parse(decided, CultureInfo.InvariantCulture), DateOnly.Parse(visited, CultureInfo.InvariantCulture)), (referral.DecideBy, referral.VisitBy));
        referral.Accept("f1", Specialist, priority == "routine" ? "urgent" : "routine", "", After(1), target);
        Assert.Equal(DateOnly.FromDateTime(Sent.UtcDateTime).AddDays(priority == "routine" ? 14 : 5), referral.VisitBy);
    }

    [Fact]
    public void The_way_goes_on_by_what_is_done_and_always_has_an_owner()
    {
        var referral = New();
        referral.Take("f1", Specialist, After(1));
        Assert.Equal((Stage.Seen, Specialist), (Way(referral).Stage, Way(referral).Holder));
        referral.Ask("f2", Specialist, "Which pills?", After(2));
        Assert.Equal((Stage.Asked, Doctor), (Way(referral).Stage, Way(referral).Holder));
        referral.Answer("f3", Doctor, "None", After(2));
        Assert.Equal((Stage.Seen, Specialist), (Way(referral).Stage, Way(referral).Holder));
        referral.Accept("f4", Specialist, "asap", "", After(3));
        Assert.Equal((Stage.Accepted, new DateOnly(2026, 11, 5)), (Way(referral).Stage, Way(referral).Due));
        Assert.Equal("asap", referral.Priority);
        var booked = Way(referral, new(After(20), After(4)));
        Assert.Equal((Stage.Booked, true), (booked.Stage, booked.IsLate)); // later than was promised
        Assert.Equal(Stage.Visited, Way(referral, new(After(20), After(4), After(20))).Stage);
        referral.Close("f5", Specialist, "All is well", After(21));
        var over = Way(referral, new(After(20), After(4), After(20)));
        Assert.Equal((Stage.Answered, null, false, false), (over.Stage, over.Holder, over.IsOpen, over.IsLate));
        Assert.All(over.Steps, step => Assert.True(step.IsDone, step.Name));
        Assert.True(referral.Knows("f3") && !referral.Knows("f9"));
    }

    [Fact]
    public void Advice_ends_it_without_a_visit()
    {
        var referral = New();
        referral.Return("f1", Specialist, "Repeat the ECG", "Take the test again", After(1));
        var way = Way(referral);
        Assert.Equal((Stage.Advised, "Repeat the ECG", "Take the test again", "completed"), (way.Stage, referral.Advice, referral.PlainAdvice, referral.Status));
        Assert.Equal(["sent", "seen", "decided", "answer"], way.Steps.Select(step => step.Name));
    }

    [Fact]
    public void Redirecting_changes_who_may_open_the_record_and_keeps_what_was_promised_and_done()
    {
        var referral = New();
        var promised = referral.VisitBy;
        referral.Redirect("f1", Specialist, new("HealthcareService/lungs-visit", "Lungs visit"), Other, "Referral: Lungs visit", "It is the lungs", After(5));
        Assert.Equal([Other.Reference, "HealthcareService/lungs-visit"], referral.Performers.Select(one => one.Reference));
        Assert.Equal((Stage.Sent, Other, promised), (Way(referral).Stage, Way(referral).Holder, referral.VisitBy));
        Assert.Equal(["send", "redirect"], referral.Events.Select(one => one.Act));
        Assert.Empty(referral.ActsOf(Stage.Sent, Receiver));
        Assert.Contains("accept", referral.ActsOf(Stage.Sent, Stranger));
    }

    [Fact]
    public void Only_who_receives_decides_and_only_who_sent_answers_and_calls_off()
    {
        foreach (var stage in Enum.GetValues<Stage>())
        {
            var (receiver, gp) = (New().ActsOf(stage, Receiver), New().ActsOf(stage, Gp));
            Assert.Empty(New().ActsOf(stage, Stranger));
            Assert.DoesNotContain(receiver, act => act is "answer" or "withdraw");
            Assert.All(gp, act => Assert.True(act is "answer" or "withdraw", act));
            Assert.Equal(stage == Stage.Asked, gp.Contains("answer"));
            if (stage is Stage.Answered or Stage.Advised or Stage.Withdrawn or Stage.Draft) Assert.Empty(receiver.Concat(gp));
            else Assert.NotEmpty(receiver);
        }
    }

    [Fact]
    public void One_that_another_system_wrote_without_a_task_has_an_owner_and_a_clock()
    {
        var referral = Referral.Of("r2", """{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},"authoredOn":"2026-10-01","performer":[{"reference":"Practitioner/heart"},{"reference":"Organization/heart"}]}"""u8.ToArray(), null);
        var way = Way(referral);
        Assert.Equal((Stage.Sent, "Organization/heart", new DateOnly(2026, 10, 11), true), (way.Stage, way.Holder?.Reference, way.Due, way.IsLate));
        // Nobody is named and nothing is dated: no fault, and nothing that is not known is said.
        var bare = Way(Referral.Of("r3", """{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"}}"""u8.ToArray(), null));
        Assert.Equal((Stage.Sent, null, null, false), (bare.Stage, bare.Holder, bare.Due, bare.IsLate));
    }

    [Fact]
    public void Waiting_times_hide_what_concerns_fewer_than_five_people_and_round_the_number_down()
    {
        static IEnumerable<(string, string, int)> Waits(string service, params int[] days) => days.Select((day, person) => ($"HealthcareService/{service}", $"Patient/{person}", day));
        var table = WaitingTimes.Of([.. Waits("many", 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110), .. Waits("few", 1, 2, 3, 4), .. Waits("same", 5, 6, 7, 8), .. Waits("same", 9, 9, 9, 9)]);
        Assert.Equal([new WaitingTime("HealthcareService/many", 10, 60, 100)], table);
        Gen.Int[0, 500].Array[5, 60].Sample(days =>
        {
            var one = Assert.Single(WaitingTimes.Of(Waits("any", days)));
            Assert.True(days.Count(day => day <= one.Half) * 2 >= days.Length && days.Count(day => day <= one.Nine) * 10 >= days.Length * 9 && one.People <= days.Length && one.People % WaitingTimes.Fewest == 0);
        });
    }
}
