using System.Globalization;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Snooping;
using Pattern = Tervik.Trust.Tests.Snooping.GeneratedMonth.Pattern;

namespace Tervik.Trust.Tests.Snooping;

public sealed class SnoopingRulesTests
{
    const long MinuteUs = 60_000_000, HourUs = 60 * MinuteUs, DayUs = 24 * HourUs;

    /// <summary>What was found in a month.</summary>
    /// <param name="Found">Planted cases that an alert names.</param>
    /// <param name="False">Alerts about honest work.</param>
    /// <param name="Listed">Looks without a relation that were listed.</param>
    /// <param name="ListedWork">Of these, records opened in error: no relation, and no ill will.</param>
    sealed record Outcome(Dictionary<Pattern, HashSet<int>> Found, int False, int Accesses, int Listed, int ListedWork, int NoRelation, Dictionary<string, int> FalseBy);

    static Outcome Watch(int seed)
    {
        var month = new GeneratedMonth(seed, accesses: 100_000);
        var watch = new SnoopingWatch(TimeZoneInfo.Utc);
        var (found, sprees, offDuty, patterns) = (new Dictionary<Pattern, HashSet<int>>(), new HashSet<(string, DateOnly)>(), new Dictionary<int, List<long>>(), new HashSet<int>());
        var (falseBy, listed, listedWork, noRelation) = (new Dictionary<string, int>(), 0, 0, 0);
        foreach (var planned in month.Looks)
        {
            Look? look = null;
            foreach (var access in GeneratedMonth.EventsOf(planned)) look ??= watch.Next(access);
            if (look is null) continue;
            var verdict = watch.Judge(look, month.Facts(planned, isLater: false));
            void Alert(string rule)
            {
                if (planned.Pattern == Pattern.Work) falseBy[rule] = falseBy.GetValueOrDefault(rule) + 1;
                else (found.TryGetValue(planned.Pattern, out var cases) ? cases : found[planned.Pattern] = []).Add(planned.Case);
            }
            if (verdict.IsCuriosity) Alert("curiosity");
            // One alert for a spree, and one for a pattern.
            if (verdict.Spree > 0 && sprees.Add((look.Agent, watch.DateOf(look.AtUs)))) Alert("spree");
            if (verdict.IsOffDuty)
            {
                var times = offDuty.TryGetValue(planned.Agent, out var known) ? known : offDuty[planned.Agent] = [];
                times.Add(look.AtUs);
                if (SnoopingRules.IsPattern(times) && patterns.Add(planned.Agent)) Alert("off duty");
            }
            if (planned is { Contact: Contact.None, IsEnteredLate: false }) noRelation++;
            if (verdict.AwaitsRelation && month.Facts(planned, isLater: true).Contact == Contact.None)
            {
                listed++;
                if (planned.Pattern == Pattern.Work) listedWork++;
            }
        }
        return new(found, falseBy.Values.Sum(), month.Accesses, listed, listedWork, noRelation, falseBy);
    }

    /// <summary>The numbers of the rules were set on the seeds 1 to 8; these are others.</summary>
    [Theory, InlineData(20261), InlineData(20262), InlineData(20263)]
    public void Of_a_month_with_planted_cases_most_are_found_and_little_else(int seed)
    {
        var outcome = Watch(seed);
        double Share(params Pattern[] patterns) => patterns.Average(pattern => outcome.Found.GetValueOrDefault(pattern)?.Count ?? 0) / GeneratedMonth.Planted;
        var falsePer100000 = outcome.False * 100_000.0 / outcome.Accesses;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            seed {seed}: {outcome.Accesses} accesses, {8 * GeneratedMonth.Planted} planted cases
            found: {string.Join(", ", Enum.GetValues<Pattern>().Skip(1).Select(pattern => $"{pattern} {Share(pattern):P0}"))}
            false alerts per 100,000: {falsePer100000:0.0} ({string.Join(", ", outcome.FalseBy.Select(one => $"{one.Key} {one.Value}"))})
            without a relation: {outcome.Listed} of {outcome.NoRelation} listed, {outcome.ListedWork} of them opened in error
            """));
        Assert.True(Share(Pattern.Spree, Pattern.SlowSpree) >= 0.9, "sprees");
        Assert.True(Share(Pattern.Prominent, Pattern.SameName, Pattern.SameAddress, Pattern.Colleague) >= 0.6, "single looks");
        Assert.True(Share(Pattern.AfterHours) >= 0.6, "looks after hours");
        Assert.True(falsePer100000 <= 20, "false alerts");
        Assert.Equal(outcome.NoRelation, outcome.Listed);
    }

    static LoggedAccess Access(long atUs, long patient, string agent = "Practitioner/1", int status = 200, int concerned = 1) =>
        new(atUs, agent, new("read", "Patient"), null, ["Patient/1"], [patient], status, null) { Concerned = concerned };

    [Fact]
    public void Only_the_first_access_of_a_professional_to_a_patient_on_a_day_is_a_look()
    {
        var watch = new SnoopingWatch(TimeZoneInfo.Utc);
        Assert.NotNull(watch.Next(Access(0, 1)));
        Assert.Null(watch.Next(Access(HourUs, 1)));
        Assert.NotNull(watch.Next(Access(HourUs + 1, 2)));
        Assert.NotNull(watch.Next(Access(HourUs + 2, 1, "Practitioner/2")));
        Assert.NotNull(watch.Next(Access(DayUs, 1)));
        Assert.Null(watch.Next(Access(DayUs + 1, 3, "Patient/1")));
        Assert.Null(watch.Next(Access(DayUs + 2, 3, "client/laboratory")));
        Assert.Null(watch.Next(Access(DayUs + 3, 3, status: 403)));
        // Somebody seen in a list and then opened is looked at once more.
        Assert.True(watch.Next(Access(DayUs + 4, 4, concerned: 20))!.IsList);
        Assert.False(watch.Next(Access(DayUs + 5, 4))!.IsList);
    }

    [Fact]
    public void A_list_of_former_patients_is_no_spree_and_one_of_strangers_is()
    {
        foreach (var (contact, isSpree) in ((Contact, bool)[])[(Contact.Old, false), (Contact.None, true), (Contact.Current, false)])
        {
            var watch = new SnoopingWatch(TimeZoneInfo.Utc);
            var verdicts = Enumerable.Range(0, 30).Select(number => watch.Judge(watch.Next(Access(number, number, concerned: 30))!, new(contact))).ToList();
            Assert.Equal(isSpree, verdicts.Any(verdict => verdict.Spree > 0));
        }
    }

    [Theory]
    [InlineData(LookReasons.NoContact, false)] // listed when no relation turns up, no curiosity yet
    [InlineData(LookReasons.Prominent | LookReasons.Colleague | LookReasons.SameName | LookReasons.SameAddress, false)] // treated now
    [InlineData(LookReasons.NoContact | LookReasons.SameName, true)]
    [InlineData(LookReasons.OldContact | LookReasons.SameName, false)]
    [InlineData(LookReasons.OldContact | LookReasons.SameName | LookReasons.OffDuty, true)]
    [InlineData(LookReasons.OldContact | LookReasons.Prominent, true)]
    [InlineData(LookReasons.OldContact | LookReasons.SameAddress, true)]
    [InlineData(LookReasons.OldContact | LookReasons.OffDuty, false)]
    public void Curiosity_takes_a_personal_reason_and_no_contact_around_the_day(LookReasons reasons, bool isCuriosity) => Assert.Equal(isCuriosity, SnoopingRules.IsCuriosity(reasons));

    [Fact]
    public void A_contact_is_current_a_month_before_and_after_it()
    {
        (long, long)?[] contacts = [(100 * DayUs, 101 * DayUs), null];
        Assert.Equal((Contact.None, Contact.Old, Contact.Current, Contact.Current, Contact.Old, Contact.Old),
            (SnoopingRules.ContactOf(0, []), SnoopingRules.ContactOf(69 * DayUs, contacts), SnoopingRules.ContactOf(71 * DayUs, contacts), SnoopingRules.ContactOf(130 * DayUs, contacts), SnoopingRules.ContactOf(132 * DayUs, contacts), SnoopingRules.ContactOf(0, [null])));
    }

    [Fact]
    public void Off_duty_is_who_has_hours_elsewhere_in_the_week()
    {
        (long, long)[] bookings = [(9 * HourUs, 10 * HourUs), (33 * HourUs, 40 * HourUs), (57 * HourUs, 60 * HourUs)];
        Assert.False(SnoopingRules.IsOffDuty(20 * HourUs, bookings[..2])); // too few to know the hours
        Assert.Equal((false, false, true, false), (SnoopingRules.IsOffDuty(0, []), SnoopingRules.IsOffDuty(15 * HourUs, bookings), SnoopingRules.IsOffDuty(20 * HourUs, bookings), SnoopingRules.IsOffDuty(28 * HourUs, bookings)));
    }
}
