using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tervik.EndToEnd.Identity;

/// <summary>A node with applications: a public one, one with a secret, a service with keys.</summary>
public sealed class OAuthNode : IAsyncLifetime
{
    public const string Secret = "a-secret-of-more-than-32-characters-for-tests", Confidential = "test-confidential", Service = "test-service", Other = "other-app";

    public Node Node { get; } = new();
    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    public RSA Rsa { get; } = RSA.Create(3072);

    public async ValueTask InitializeAsync()
    {
        await Node.InitializeAsync();
        var (ec, rsa) = (Ec.ExportParameters(false), Rsa.ExportParameters(false));
        var file = Path.Combine(Directory.CreateTempSubdirectory("tervik-keys-").FullName, "keys.json");
        static string Text(byte[] bytes) => OAuthClient.Base64Url(bytes);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = "EC", crv = "P-384", kid = "ec", use = "sig", alg = "ES384", x = Text(ec.Q.X!), y = Text(ec.Q.Y!) },
                new { kty = "RSA", kid = "rsa", use = "sig", alg = "RS384", n = Text(rsa.Modulus!), e = Text(rsa.Exponent!) },
            },
        }));
        await Run("app", "add", OAuthClient.App, "--name", "Test app", "--redirect", OAuthClient.Redirect, "--launch", "https://app.example/launch", "--home", "https://app.example/");
        await Run("app", "add", Other, "--name", "Other app", "--redirect", "https://other.example/callback");
        await Run("app", "add", Confidential, "--redirect", "https://confidential.example/callback", "--secret", Secret);
        await Run("app", "add", Service, "--keys", file, "--backend", "--exchange", "--scopes", "system/Patient.rs system/Observation.rs?category=laboratory patient/*.rs user/*.rs openid fhirUser launch/patient offline_access");
    }

    async Task Run(params string[] arguments)
    {
        var (code, output) = await Node.Run(arguments);
        Assert.True(code == 0, output);
    }

    /// <summary>A good assertion of the service.</summary>
    public string Assertion(string algorithm) => new Assertion(this) { Algorithm = algorithm }.ToString();

    public async ValueTask DisposeAsync()
    {
        Ec.Dispose();
        Rsa.Dispose();
        await Node.DisposeAsync();
    }
}

/// <summary>A client assertion (RFC 7523), each part of which can be wrong.</summary>
public sealed record Assertion(OAuthNode Node)
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    public string Algorithm { get; init; } = "ES384";
    public string? KeyId { get; init; }
    public object? Issuer { get; init; } = OAuthNode.Service;
    public object? Subject { get; init; } = OAuthNode.Service;
    public object? Audience { get; init; }
    public object? Expires { get; init; } = DateTimeOffset.UtcNow.AddMinutes(2).ToUnixTimeSeconds();
    public object? NotBefore { get; init; }
    public string? Jti { get; init; } = Guid.NewGuid().ToString();
    public Dictionary<string, object> Header { get; init; } = [];
    /// <summary>Signs instead of the keys of the service.</summary>
    public Func<byte[], byte[]>? Sign { get; init; }

    public override string ToString()
    {
        var header = new Dictionary<string, object> { ["alg"] = Algorithm, ["typ"] = "client-authentication+jwt", ["kid"] = KeyId ?? (Algorithm.StartsWith('R') || Algorithm.StartsWith('P') ? "rsa" : "ec") };
        foreach (var (name, value) in Header) header[name] = value;
        var payload = new Dictionary<string, object?> { ["iss"] = Issuer, ["sub"] = Subject, ["aud"] = Audience ?? $"{Node.Node.Address}/oauth/token", ["exp"] = Expires, ["nbf"] = NotBefore, ["jti"] = Jti, ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() }.Where(pair => pair.Value is not null).ToDictionary();
        var signed = $"{OAuthClient.Base64Url(JsonSerializer.SerializeToUtf8Bytes(header))}.{OAuthClient.Base64Url(JsonSerializer.SerializeToUtf8Bytes(payload))}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = Sign is not null ? Sign(bytes) : Algorithm switch
        {
            "ES384" => Node.Ec.SignData(bytes, HashAlgorithmName.SHA384),
            "ES256" => Node.Ec.SignData(bytes, HashAlgorithmName.SHA256),
            "RS384" => Node.Rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            "RS256" => Node.Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => [],
        };
        return $"{signed}.{OAuthClient.Base64Url(signature)}";
    }
}
