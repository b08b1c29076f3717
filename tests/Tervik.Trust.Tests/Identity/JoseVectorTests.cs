using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Tervik.Tests;
using Tervik.Trust.Identity.OAuth;

namespace Tervik.Trust.Tests.Identity;

/// <summary>The JOSE vectors of Wycheproof against what stands behind client assertions: the keys that the register takes, the algorithms that are allowed, and the signature code of the library that OpenIddict uses.</summary>
public sealed class JoseVectorTests
{
    static readonly string[] Asymmetric = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

    /// <summary>Where the library alone answers otherwise, and why that opens nothing here.</summary>
    static readonly Dictionary<string, string> Known = new()
    {
        ["json_web_signature_test.json 346"] = "valid; the key says another algorithm than the header, which we refuse",
        ["json_web_signature_test.json 347"] = "valid; the key names an algorithm that does not exist (ES521), which we refuse",
        ["json_web_signature_test.json 350"] = "as 346",
        ["json_web_signature_test.json 351"] = "as 347",
        ["json_web_key_test.json 7"] = "invalid; an RSA key with weak primes: its RS256 is not allowed, and whoever registers keys makes them",
        ["json_web_key_test.json 8"] = "invalid; an RSA key of 1024 bits: the register takes none below 2048",
    };

    sealed record Vector(string Name, JsonWebKeySet Keys, string Text, bool IsValid);

    static List<Vector> Vectors(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(SharedData.Path("jose", "wycheproof", file)));
        var vectors = new List<Vector>();
        foreach (var group in json.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var keys = group.TryGetProperty("public", out var open) ? open : group.GetProperty("private");
            var set = new JsonWebKeySet(keys.TryGetProperty("keys", out _) ? keys.GetRawText() : $$"""{"keys":[{{keys.GetRawText()}}]}""");
            foreach (var test in group.GetProperty("tests").EnumerateArray())
                vectors.Add(new($"{file} {test.GetProperty("tcId")} {test.GetProperty("comment").GetString()}", set, test.GetProperty("jws").GetString()!, test.GetProperty("result").GetString() == "valid"));
        }
        return vectors;
    }

    /// <summary>Verifies a compact JWS by the same calls as JsonWebTokenHandler, whose own door takes claims in JSON only, and these vectors sign "foo".</summary>
    static bool Verifies(Vector vector, Func<JsonWebKey, string, bool> isAllowed)
    {
        if (vector.Text.Split('.') is not [var head, var body, var signature]) return false;
        try
        {
            using var header = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(head));
            if (header.RootElement.TryGetProperty("crit", out _) || !header.RootElement.TryGetProperty("alg", out var named) || named.GetString() is not { } algorithm) return false;
            var kid = header.RootElement.TryGetProperty("kid", out var id) ? id.GetString() : null;
            foreach (var key in vector.Keys.Keys)
            {
                if (kid is not null && key.Kid is not null && kid != key.Kid || !isAllowed(key, algorithm) || !CryptoProviderFactory.Default.IsSupportedAlgorithm(algorithm, key)) continue;
                if (CryptoProviderFactory.Default.CreateForVerifying(key, algorithm).Verify(Encoding.ASCII.GetBytes($"{head}.{body}"), Base64UrlEncoder.DecodeBytes(signature))) return true;
            }
            return false;
        }
        catch (Exception fault) when (fault is FormatException or JsonException or ArgumentException or InvalidOperationException or NotSupportedException or System.Security.Cryptography.CryptographicException or SecurityTokenException)
        {
            return false;
        }
    }

    [Theory, InlineData("json_web_signature_test.json"), InlineData("json_web_key_test.json")]
    public void Of_the_vectors_none_that_is_invalid_is_taken_and_those_for_our_keys_are(string file)
    {
        var vectors = Vectors(file);
        Assert.NotEmpty(vectors);
        // As clients are let in: only keys that can be registered, only the algorithms of SMART.
        Assert.Empty(vectors.Where(vector => !vector.IsValid && Verifies(vector, (key, algorithm) => AppRegister.IsOfClient(key) && Assertions.Algorithms.Contains(algorithm))).Select(vector => vector.Name));
        var taken = vectors.Where(vector => vector.IsValid && vector.Keys.Keys.All(key => AppRegister.IsOfClient(key))).ToList();
        Assert.Empty(taken.Where(vector => !Verifies(vector, (key, algorithm) => Assertions.Algorithms.Contains(algorithm))).Select(vector => vector.Name));
    }

    [Theory, InlineData("json_web_signature_test.json"), InlineData("json_web_key_test.json")]
    public void The_signature_code_beneath_answers_as_the_vectors_say_for_every_public_key(string file)
    {
        bool IsAllowed(JsonWebKey key, string algorithm) => Asymmetric.Contains(algorithm) && key.Kty is "EC" or "RSA" && (key.Alg is null || key.Alg == algorithm) && (key.Use is null or "sig") && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify"));
        var wrong = Vectors(file).Where(vector => vector.Keys.Keys.All(key => key.Kty is "EC" or "RSA")).Where(vector => Verifies(vector, IsAllowed) != vector.IsValid && !Known.ContainsKey(string.Join(' ', vector.Name.Split(' ').Take(2))))
            .Select(vector => $"{vector.Name}: {(vector.IsValid ? "valid" : "invalid")}").ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }
}
