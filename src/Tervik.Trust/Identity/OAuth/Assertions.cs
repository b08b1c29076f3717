using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Tervik.Storage;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>Client assertions (private_key_jwt) live five minutes at most and are good once.</summary>
/// <remarks>Source: SMART App Launch 2.2, Client authentication: asymmetric; RFC 7523, section 3, item 7.</remarks>
sealed class Assertions(Database database, TimeProvider clock)
{
    /// <summary>An assertion may say that it ends so long from now, with what clocks differ.</summary>
    static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(6);

    /// <summary>Algorithms of clients; keys that are registered fit one of them.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["ES384", "RS384"];

    /// <summary>Why one that comes again is not taken.</summary>
    public const string Used = "The client assertion was used before.";

    /// <summary>What clocks differ.</summary>
    static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    /// <summary>Why an assertion whose signature is right is not taken; null when it is, and from then on it is used.</summary>
    /// <param name="text">The assertion, a JWT.</param>
    /// <param name="stop">Stops waiting.</param>
    public async ValueTask<string?> WhyNot(string text, CancellationToken stop)
    {
        var assertion = new JsonWebToken(text);
        var now = clock.GetUtcNow();
        // An extension that we do not understand must be understood: the assertion is refused (RFC 7515, section 4.1.11).
        if (assertion.TryGetHeaderValue<object>("crit", out _)) return "A client assertion with critical headers is not understood.";
        if (!Algorithms.Contains(assertion.Alg)) return $"A client assertion is signed with {string.Join(" or ", Algorithms)}.";
        if (assertion.Id is not { Length: > 0 and <= 1000 } jti) return "A client assertion needs a jti.";
        if (assertion.ValidTo == DateTime.MinValue) return "A client assertion needs an exp.";
        var ends = new DateTimeOffset(assertion.ValidTo, TimeSpan.Zero);
        if (ends > now + LongestLife) return "A client assertion ends within five minutes.";
        if (assertion.ValidFrom != DateTime.MinValue && new DateTimeOffset(assertion.ValidFrom, TimeSpan.Zero) > now + Skew) return "The client assertion is not valid yet.";
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{assertion.Subject}\n{jti}")));
        var isNew = await database.Write(async session =>
        {
            await session.Execute("DELETE FROM oauth_assertion WHERE ends_us < $1", (now - LongestLife).Us());
            return await session.Execute("INSERT INTO oauth_assertion (name, ends_us) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, ends.Us());
        }, stop) == 1;
        return isNew ? null : Used;
    }
}
