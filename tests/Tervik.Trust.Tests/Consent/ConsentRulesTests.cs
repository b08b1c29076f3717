using CsCheck;
using Tervik.Trust.Consent;

namespace Tervik.Trust.Tests.Consent;

public sealed class ConsentRulesTests
{
    static readonly ProfessionalIdentity Doctor = new("Practitioner/x", new HashSet<string> { "Organization/ward", "Organization/hospital" }, new HashSet<string> { "urn:r|doctor" });

    static Gen<T> AnyOf<T>(params T[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    static SharingChoice Choice(SharingKind kind, string actor, string what = "", long madeUs = 1, long endsUs = 0, long endedUs = 0) => new($"{madeUs}", kind, "Patient/a", actor, madeUs, endsUs, endedUs, what);

    static string Effect(params SharingChoice[] choices) => ConsentRules.For(choices, Doctor, nowUs: 100) is var effect
        ? $"{(effect.IsClosed ? "closed" : "open")} [{string.Join(' ', effect.Hidden)}] [{string.Join(' ', effect.Absolute)}]" : "";

    [Theory]
    [InlineData("*"), InlineData("Practitioner/x"), InlineData("Organization/ward"), InlineData("Organization/hospital"), InlineData("role urn:r|doctor")]
    public void A_choice_concerns_whom_it_names(string actor)
    {
        Assert.Equal("closed [] []", Effect(Choice(SharingKind.KeepOut, actor)));
        Assert.Equal("open [MH] []", Effect(Choice(SharingKind.KeepOut, actor, "MH")));
    }

    [Theory]
    [InlineData("Practitioner/y"), InlineData("Organization/other"), InlineData("role urn:r|nurse"), InlineData("Patient/x"), InlineData("")]
    public void And_nobody_else(string actor) => Assert.Equal("open [] []", Effect(Choice(SharingKind.KeepOut, actor), Choice(SharingKind.OptOut, actor, "GDIS")));

    [Fact]
    public void An_exception_that_names_more_closely_or_later_wins()
    {
        Assert.Equal("open [] []", Effect(Choice(SharingKind.KeepOut, "*", "MH", 5), Choice(SharingKind.Allow, "Practitioner/x", "MH", 1)));
        Assert.Equal("open [] []", Effect(Choice(SharingKind.KeepOut, "*", "MH", 5), Choice(SharingKind.Allow, "Organization/ward", "", 1)));
        Assert.Equal("open [MH] []", Effect(Choice(SharingKind.KeepOut, "Practitioner/x", "MH", 1), Choice(SharingKind.Allow, "Organization/ward", "MH", 5)));
        Assert.Equal("open [] []", Effect(Choice(SharingKind.KeepOut, "*", "MH", 1), Choice(SharingKind.Allow, "*", "MH", 5)));
        Assert.Equal("open [MH] []", Effect(Choice(SharingKind.KeepOut, "*", "MH", 5), Choice(SharingKind.Allow, "*", "MH", 1)));
        // An exception for a part does not open what is closed whole.
        Assert.Equal("closed [] []", Effect(Choice(SharingKind.KeepOut, "*", "", 1), Choice(SharingKind.Allow, "Practitioner/x", "MH", 5)));
    }

    [Fact]
    public void What_has_ended_does_nothing()
    {
        Assert.Equal("open [] []", Effect(Choice(SharingKind.KeepOut, "*", endsUs: 100)));
        Assert.Equal("closed [] []", Effect(Choice(SharingKind.KeepOut, "*", endsUs: 101)));
        Assert.Equal("open [] []", Effect(Choice(SharingKind.KeepOut, "*", endedUs: 50)));
        Assert.Equal("closed [] []", Effect(Choice(SharingKind.KeepOut, "*"), Choice(SharingKind.Allow, "Practitioner/x", endsUs: 100)));
    }

    [Fact]
    public void An_opt_out_is_absolute_and_no_exception_lifts_it() =>
        Assert.Equal("open [GDIS] [GDIS]", Effect(Choice(SharingKind.OptOut, "*", "GDIS"), Choice(SharingKind.Allow, "Practitioner/x", "GDIS", 9), Choice(SharingKind.Allow, "Practitioner/x", "", 9)));

    /// <summary>Whatever else was chosen: one more keep-out never shows more, one more exception never hides more.</summary>
    [Fact]
    public void Choices_are_monotonic()
    {
        var actors = AnyOf("*", "Practitioner/x", "Organization/ward", "role urn:r|doctor", "Practitioner/y");
        var choice = Gen.Select(AnyOf(SharingKind.KeepOut, SharingKind.Allow, SharingKind.OptOut), actors, AnyOf("", "MH", "SUD"), Gen.Long[1, 20]).Where(one => one.Item1 != SharingKind.OptOut || one.Item3.Length > 0)
            .Select((kind, actor, what, madeUs) => Choice(kind, actor, what, madeUs));
        Gen.Select(choice.List[0, 6], choice).Sample((choices, more) =>
        {
            var (before, after) = (ConsentRules.For(choices, Doctor, 100), ConsentRules.For([.. choices, more], Doctor, 100));
            bool Hides(ConsentEffect effect, string what) => effect.IsClosed || effect.Hidden.Contains(what);
            foreach (var what in (string[])["MH", "SUD", "SEX"])
            {
                if (more.Kind == SharingKind.Allow) Assert.True(!Hides(after, what) || Hides(before, what));
                else Assert.True(!Hides(before, what) || Hides(after, what));
            }
        });
    }

    [Theory]
    [InlineData("", true), InlineData("MH", true), InlineData("XX", false), InlineData("item Observation/1", true), InlineData("item Observation", false), InlineData("item /", false),
     InlineData("period 2024-01-01 2024-02-01", true), InlineData("period 2024-02-01 2024-01-01", false), InlineData("period 2024-1-1 2024-02-01", false), InlineData("all", false)]
    public void A_part_is_named_by_a_known_form(string what, bool isPart) => Assert.Equal(isPart, ConsentRules.IsPart(what));
}
