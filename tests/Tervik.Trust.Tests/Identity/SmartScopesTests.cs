using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Trust.Identity.OAuth;

namespace Tervik.Trust.Tests.Identity;

/// <summary>Which requests for scopes are within others.</summary>
public sealed class SmartScopesTests
{
    static readonly SearchParameterCatalog Parameters = SearchParameterCatalog.Of(Schema.R4, new Keys(1));

    static SmartScopes Scopes(string texts) => SmartScopes.Read(texts.Split(' '), Parameters) is { Scopes: { } scopes } ? scopes : throw new ArgumentException(texts);

    [Theory]
    [InlineData("patient/*.rs", "patient/Observation.rs"), InlineData("patient/*.rs", "patient/*.read"), InlineData("patient/*.read", "patient/Observation.s"), InlineData("patient/Observation.*", "patient/Observation.cruds"), InlineData("patient/Observation.write", "patient/Observation.cud")]
    [InlineData("patient/Observation.r patient/*.s", "patient/Observation.rs"), InlineData("patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory&status=final"), InlineData("patient/Observation.rs?category=laboratory,imaging", "patient/Observation.rs?category=imaging")]
    [InlineData("openid launch/patient", "launch/patient")]
    public void It_is_covered(string registered, string asked) => Assert.Null(Scopes(registered).WhyNotCovered(Scopes(asked)));

    [Theory]
    [InlineData("patient/*.rs", "user/Observation.rs"), InlineData("patient/Observation.rs", "patient/*.rs"), InlineData("patient/Observation.rs", "patient/Condition.rs"), InlineData("patient/Observation.read", "patient/Observation.write"), InlineData("patient/*.rs", "patient/Observation.rds")]
    [InlineData("patient/Observation.rs?category=laboratory", "patient/Observation.rs"), InlineData("patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory,imaging"), InlineData("patient/Observation.rs?category=laboratory", "patient/Observation.rs?status=final")]
    [InlineData("patient/Observation.rs?category=laboratory patient/Observation.c", "patient/Observation.crs"), InlineData("patient/Observation.rs?code=a\\,b", "patient/Observation.rs?code=b")]
    [InlineData("launch/patient", "launch"), InlineData("patient/*.cruds", "offline_access"), InlineData("patient/*.rs", "patient/Observation.rs fhirUser")]
    public void It_is_more(string registered, string asked) => Assert.NotNull(Scopes(registered).WhyNotCovered(Scopes(asked)));
}
