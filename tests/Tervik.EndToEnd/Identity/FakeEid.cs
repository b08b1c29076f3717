using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Tervik.EndToEnd.Identity;

/// <summary>A provider of OpenID Connect each part of whose answers can be wrong: what it would answer next is set by the test.</summary>
public sealed class FakeEid : IAsyncLifetime
{
    public const string ClientId = "tervik", ClientSecret = "a-secret-of-the-portal-at-the-pretended-eid";

    readonly RSA rsa = RSA.Create(3072), other = RSA.Create(3072);
    WebApplication? app;

    /// <summary>Its issuer.</summary>
    public string Address { get; } = $"http://127.0.0.1:{FreePort()}";

    /// <summary>Makes the answer of the token endpoint from the nonce of the request; null for an error.</summary>
    public Func<string, JsonObject?> Answer { get; set; } = _ => null;

    /// <summary>What the token endpoint was asked, the last time.</summary>
    public Dictionary<string, string> Asked { get; private set; } = [];

    /// <summary>The issuer that the metadata name, when it is another.</summary>
    public string? MetadataIssuer { get; init; }

    /// <summary>The nonce of the attempt that runs.</summary>
    public string Nonce { get; set; } = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--environment=Production"]);
        builder.WebHost.UseUrls(Address);
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        app = builder.Build();
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = MetadataIssuer ?? Address + "/", ["authorization_endpoint"] = $"{Address}/authorize", ["token_endpoint"] = $"{Address}/token", ["jwks_uri"] = $"{Address}/jwks", ["response_types_supported"] = new[] { "code" },
            ["grant_types_supported"] = new[] { "authorization_code" }, ["code_challenge_methods_supported"] = new[] { "S256" }, ["token_endpoint_auth_methods_supported"] = new[] { "client_secret_basic" },
            ["subject_types_supported"] = new[] { "public" }, ["id_token_signing_alg_values_supported"] = new[] { "RS256" }, ["authorization_response_iss_parameter_supported"] = true,
        }));
        app.MapGet("/jwks", () =>
        {
            var key = rsa.ExportParameters(false);
            return Results.Json(new { keys = new[] { new { kty = "RSA", kid = "eid", use = "sig", alg = "RS256", n = WebEncoders.Base64UrlEncode(key.Modulus!), e = WebEncoders.Base64UrlEncode(key.Exponent!) } } });
        });
        app.MapPost("/token", async (HttpRequest request) =>
        {
            Asked = (await request.ReadFormAsync()).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
            Asked["authorization"] = request.Headers.Authorization.ToString();
            return Answer(Nonce) is { } answer ? Results.Content(answer.ToJsonString(), "application/json") : Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        });
        await app.StartAsync();
    }

    static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The claims of a good ID token.</summary>
    public JsonObject Claims(string subject, string nonce, string acr = "high") => new()
    {
        ["iss"] = Address + "/", ["sub"] = subject, ["aud"] = ClientId, ["exp"] = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds(), ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["auth_time"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), ["nonce"] = nonce, ["acr"] = acr,
    };

    /// <summary>A token answer around an ID token.</summary>
    public static JsonObject Tokens(string? idToken) => idToken is null ? new() { ["access_token"] = "x", ["token_type"] = "Bearer" } : new() { ["access_token"] = "x", ["token_type"] = "Bearer", ["id_token"] = idToken };

    /// <summary>Signs claims, well or not.</summary>
    /// <param name="claims">The claims.</param>
    /// <param name="how"><c>good</c>, <c>other-key</c>, <c>none</c>, <c>secret</c> (HS256 with the client's secret), <c>public</c> (HS256 with the public key), <c>changed</c>, <c>unknown-kid</c>, <c>jwk-inside</c>.</param>
    public string Sign(JsonObject claims, string how = "good")
    {
        var header = new JsonObject { ["alg"] = how switch { "none" => "none", "secret" or "public" => "HS256", _ => "RS256" }, ["typ"] = "JWT", ["kid"] = how == "unknown-kid" ? "nobody" : "eid" };
        if (how == "jwk-inside")
        {
            var key = other.ExportParameters(false);
            header["jwk"] = new JsonObject { ["kty"] = "RSA", ["n"] = WebEncoders.Base64UrlEncode(key.Modulus!), ["e"] = WebEncoders.Base64UrlEncode(key.Exponent!) };
        }
        var text = $"{WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        var bytes = Encoding.ASCII.GetBytes(text);
        var signature = how switch
        {
            "none" => [],
            "secret" => HMACSHA256.HashData(Encoding.UTF8.GetBytes(ClientSecret), bytes),
            "public" => HMACSHA256.HashData(rsa.ExportSubjectPublicKeyInfo(), bytes),
            "other-key" or "jwk-inside" or "unknown-kid" => other.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        if (how == "changed") text = $"{text.Split('.')[0]}.{WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(claims.ToJsonString().Replace("\"acr\"", "\"acr \"", StringComparison.Ordinal)))}";
        return $"{text}.{WebEncoders.Base64UrlEncode(signature)}";
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        rsa.Dispose();
        other.Dispose();
    }
}

/// <summary>A node that trusts the pretended eID, without the demonstration's sign-in.</summary>
public sealed class EidNode : IAsyncLifetime
{
    public FakeEid Eid { get; } = new();
    public Node Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Eid.InitializeAsync();
        var folder = Directory.CreateTempSubdirectory("tervik-eid-").FullName;
        var secret = Path.Combine(folder, "eid.secret");
        await File.WriteAllTextAsync(secret, FakeEid.ClientSecret);
        Node = new() { Folder = folder, Others = ["demo=false", $"eidIssuer={Eid.Address}/", $"eidClientId={FakeEid.ClientId}", $"eidSecret=file:{secret}", "eidSystems=EE=urn:test:ee;DK=urn:test:dk"] };
        await Node.InitializeAsync();
        foreach (var (type, id, system, value, more) in new[]
        {
            ("Patient", "mari", "urn:test:ee", "49001010001", ""), ("Patient", "dead", "urn:test:ee", "39001010002", ",\"deceasedBoolean\":true"), ("Patient", "merged", "urn:test:ee", "39001010003", ",\"active\":false"),
            ("Patient", "twin1", "urn:test:ee", "39001010004", ""), ("Patient", "twin2", "urn:test:ee", "39001010004", ""), ("Patient", "doctor-as-patient", "urn:test:dk", "0101801234", ""),
            ("Practitioner", "doctor", "urn:test:dk", "0101801234", ""), ("Practitioner", "nurse", "urn:test:dk", "0202801234", ""), ("Practitioner", "left", "urn:test:dk", "0303801234", ""), ("Practitioner", "roleless", "urn:test:dk", "0404801234", ""),
        })
            await TestPatient.Put(Node, $"{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}","identifier":[{"system":"{{system}}","value":"{{value}}"}],"name":[{"family":"Eid-{{id}}","given":["X"]}]{{more}}}""");
        await TestPatient.Put(Node, "Organization/ward", """{"resourceType":"Organization","id":"ward","name":"Ward"}""");
        foreach (var (id, end) in new[] { ("doctor", ""), ("nurse", ""), ("left", ",\"period\":{\"end\":\"2020-01-01\"}") })
            await TestPatient.Put(Node, $"PractitionerRole/{id}", $$"""{"resourceType":"PractitionerRole","id":"{{id}}","active":true,"practitioner":{"reference":"Practitioner/{{id}}"},"organization":{"reference":"Organization/ward"}{{end}}}""");
    }

    public async ValueTask DisposeAsync()
    {
        if (Node is not null) await Node.DisposeAsync();
        await Eid.DisposeAsync();
    }
}
