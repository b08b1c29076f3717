namespace Tervik.Trust.Identity.Eid;

/// <summary>Which national eID is trusted to say who somebody is: any provider of OpenID Connect with levels of assurance (TARA, MitID through a broker, an eIDAS node).</summary>
public sealed record EidSettings
{
    /// <summary>The provider; its metadata is at <c>/.well-known/openid-configuration</c> below it. https, or http on loopback.</summary>
    public required Uri Issuer { get; init; }
    /// <summary>Our id there.</summary>
    public required string ClientId { get; init; }
    /// <summary>Our secret there.</summary>
    public required string ClientSecret { get; init; }
    /// <summary>As people call it.</summary>
    public string Name { get; init; } = "eID";
    /// <summary>Scopes that are asked for besides openid.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];
    /// <summary>The claim that holds the national identifier.</summary>
    public string Claim { get; init; } = "sub";
    /// <summary>How a value of the claim becomes an identifier of the record: what it begins with (a country, such as EE), and the system of what follows. The longest that fits counts.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Systems { get; init; }
    /// <summary>Less is not let in.</summary>
    public Assurance Least { get; init; } = Assurance.Substantial;

    /// <summary>Values of <c>acr</c> by the level they mean: the words of eIDAS (TARA and others), its addresses (Implementing Regulation 2015/1502), and those of the Danish NSIS.</summary>
    static readonly Dictionary<string, Assurance> Levels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["low"] = Assurance.Low, ["substantial"] = Assurance.Substantial, ["high"] = Assurance.High,
        ["http://eidas.europa.eu/LoA/low"] = Assurance.Low, ["http://eidas.europa.eu/LoA/substantial"] = Assurance.Substantial, ["http://eidas.europa.eu/LoA/high"] = Assurance.High,
        ["https://data.gov.dk/concept/core/nsis/Low"] = Assurance.Low, ["https://data.gov.dk/concept/core/nsis/Substantial"] = Assurance.Substantial, ["https://data.gov.dk/concept/core/nsis/High"] = Assurance.High,
    };

    /// <summary>The level a provider's <c>acr</c> says; <see cref="Assurance.None"/> for one we do not know.</summary>
    public static Assurance LevelOf(string? acr) => acr is not null && Levels.TryGetValue(acr, out var level) ? level : Assurance.None;

    /// <summary>What to send as <c>acr_values</c> for a level.</summary>
    public static string AcrOf(Assurance level) => level switch { Assurance.High => "high", Assurance.Substantial => "substantial", _ => "low" };

    /// <summary>The identifier of the record that a value of the claim stands for.</summary>
    /// <returns>System and value; null when no prefix fits.</returns>
    public (string System, string Value)? IdentifierOf(string claim)
    {
        foreach (var (prefix, system) in Systems.OrderByDescending(one => one.Key.Length))
            if (claim.Length > prefix.Length && claim.StartsWith(prefix, StringComparison.Ordinal)) return (system, claim[prefix.Length..]);
        return null;
    }
}
