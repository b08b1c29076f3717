using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Eid;

namespace Tervik.Trust.Tests.Identity;

public sealed class StepUpTests
{
    const long NowUs = 1_800_000_000_000_000;

    static Principal Person(Assurance assurance, TimeSpan ago) => Principal.Of("Practitioner/7", Scope.Read) with { Assurance = assurance, AuthenticatedUs = NowUs - (long)ago.TotalMicroseconds };

    public static TheoryData<SensitiveAction> Actions => [.. Enum.GetValues<SensitiveAction>()];

    [Theory, MemberData(nameof(Actions))]
    public void A_fresh_proof_of_the_level_is_enough_and_less_or_older_is_not(SensitiveAction action)
    {
        var (least, within) = StepUp.Of(action);
        foreach (var assurance in Enum.GetValues<Assurance>())
        {
            Assert.Equal(assurance < least, StepUp.IsNeeded(Person(assurance, within), action, NowUs));
            Assert.True(StepUp.IsNeeded(Person(assurance, within + TimeSpan.FromSeconds(1)), action, NowUs));
            Assert.True(StepUp.IsNeeded(Person(assurance, TimeSpan.FromSeconds(-1)), action, NowUs));
        }
        Assert.True(StepUp.IsNeeded(Principal.Nobody, action, NowUs));
    }

    [Fact]
    public void Nothing_sensitive_is_done_with_less_than_two_factors() => Assert.All(Enum.GetValues<SensitiveAction>(), action => Assert.True(StepUp.Of(action).Least >= Assurance.Substantial));

    [Theory, InlineData("EE49001010001", "urn:ee", "49001010001"), InlineData("EEX1", "urn:eex", "1"), InlineData("EE", null, null), InlineData("", null, null), InlineData("LV1", null, null), InlineData("ee1", null, null)]
    public void The_longest_prefix_that_fits_says_which_identifier_it_is(string claim, string? system, string? value)
    {
        var eid = new EidSettings { Issuer = new("https://eid.example/"), ClientId = "x", ClientSecret = "x", Systems = [new("EE", "urn:ee"), new("EEX", "urn:eex")] };
        Assert.Equal(system is null ? null : (system, value!), eid.IdentifierOf(claim));
    }

    [Theory, InlineData("high", Assurance.High), InlineData("http://eidas.europa.eu/LoA/substantial", Assurance.Substantial), InlineData("https://data.gov.dk/concept/core/nsis/Low", Assurance.Low), InlineData("highest", Assurance.None), InlineData("", Assurance.None), InlineData(null, Assurance.None)]
    public void A_level_that_is_not_known_is_none(string? acr, Assurance level) => Assert.Equal(level, EidSettings.LevelOf(acr));
}
