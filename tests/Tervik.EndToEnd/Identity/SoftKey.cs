using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Tervik.EndToEnd.Identity;

/// <summary>A security key in software (WebAuthn level 3), each part of whose answers can be wrong.</summary>
public sealed class SoftKey(string origin) : IDisposable
{
    public const byte Present = 0x01, Verified = 0x04, Eligible = 0x08, BackedUp = 0x10, Attested = 0x40;

    readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly ECDsa stolen = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] Id { get; set; } = RandomNumberGenerator.GetBytes(32);
    public string Handle { get; set; } = "";
    public uint Count { get; set; }

    public string Origin { get; set; } = origin;
    public string RelyingParty { get; set; } = "localhost";
    public byte Flags { get; set; } = Present | Verified;
    public string? Challenge { get; set; }
    public string? Type { get; set; }
    public bool CrossOrigin { get; set; }
    public string? TopOrigin { get; set; }
    public int Algorithm { get; set; } = -7;
    public bool SignsWithAnother { get; set; }
    public bool DropsHandle { get; set; }
    public Func<JsonObject, string>? Mangle { get; set; }

    /// <summary>Answers the options for making a passkey.</summary>
    public string Make(JsonNode options)
    {
        Handle = options["user"]!["id"]!.GetValue<string>();
        var point = key.ExportParameters(false).Q;
        byte[] cose = [0xa5, 0x01, 0x02, 0x03, .. Algorithm == -7 ? new byte[] { 0x26 } : [0x39, (byte)((-1 - Algorithm) >> 8), (byte)((-1 - Algorithm) & 0xff)], 0x20, 0x01, 0x21, 0x58, 0x20, .. point.X!, 0x22, 0x58, 0x20, .. point.Y!];
        byte[] length = [(byte)(Id.Length >> 8), (byte)Id.Length];
        byte[] data = [.. AuthenticatorData((byte)(Flags | Attested)), .. new byte[16], .. length, .. Id, .. cose];
        byte[] size = [0x59, (byte)(data.Length >> 8), (byte)data.Length];
        byte[] attestation = [0xa3, 0x63, .. "fmt"u8, 0x64, .. "none"u8, 0x67, .. "attStmt"u8, 0xa0, 0x68, .. "authData"u8, .. size, .. data];
        return Written(new() { ["clientDataJSON"] = ClientData(options, Type ?? "webauthn.create"), ["attestationObject"] = WebEncoders.Base64UrlEncode(attestation), ["transports"] = new JsonArray("usb") });
    }

    /// <summary>Answers the options for using it.</summary>
    public string Use(JsonNode options)
    {
        Count++;
        var client = ClientData(options, Type ?? "webauthn.get");
        var data = AuthenticatorData(Flags);
        byte[] signed = [.. data, .. SHA256.HashData(WebEncoders.Base64UrlDecode(client))];
        var response = new JsonObject
        {
            ["clientDataJSON"] = client, ["authenticatorData"] = WebEncoders.Base64UrlEncode(data),
            ["signature"] = WebEncoders.Base64UrlEncode((SignsWithAnother ? stolen : key).SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
        };
        if (!DropsHandle) response["userHandle"] = Handle;
        return Written(response);
    }

    byte[] AuthenticatorData(byte flags)
    {
        var count = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, Count);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(RelyingParty)), flags, .. count];
    }

    string ClientData(JsonNode options, string type)
    {
        var client = new JsonObject { ["type"] = type, ["challenge"] = Challenge ?? options["challenge"]!.GetValue<string>(), ["origin"] = Origin, ["crossOrigin"] = CrossOrigin };
        if (TopOrigin is not null) client["topOrigin"] = TopOrigin;
        return WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(client.ToJsonString()));
    }

    string Written(JsonObject response)
    {
        var id = WebEncoders.Base64UrlEncode(Id);
        var credential = new JsonObject { ["id"] = id, ["rawId"] = id, ["type"] = "public-key", ["authenticatorAttachment"] = "cross-platform", ["clientExtensionResults"] = new JsonObject(), ["response"] = response };
        return Mangle is { } mangle ? mangle(credential) : credential.ToJsonString();
    }

    public void Dispose()
    {
        key.Dispose();
        stolen.Dispose();
    }
}
