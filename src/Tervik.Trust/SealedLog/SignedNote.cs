using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;
using Tervik.Storage.Sealing;

namespace Tervik.Trust.SealedLog;

/// <summary>Who verifies: a name and an Ed25519 key, written as <c>name+hash+key</c> (C2SP signed-note).</summary>
/// <param name="Name">No blanks and no plus.</param>
/// <param name="Kind">1: a log's signature; 4: a witness's cosignature with a time.</param>
/// <param name="Public">32 bytes.</param>
public sealed record NoteVerifier(string Name, byte Kind, byte[] Public)
{
    /// <summary>A log signs its head.</summary>
    public const byte Signature = 1;
    /// <summary>A witness signs what it has seen, with a time (C2SP tlog-cosignature).</summary>
    public const byte Cosignature = 4;

    /// <summary>The first four bytes of SHA-256 over name, line end, kind and key.</summary>
    public uint Hash { get; } = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(Name), (byte)'\n', Kind, .. Public]));

    /// <summary><c>name+hash+key</c>.</summary>
    public override string ToString() => $"{Name}+{Hash:x8}+{Convert.ToBase64String([Kind, .. Public])}";

    /// <exception cref="FormatException">It is no such text.</exception>
    public static NoteVerifier Parse(string text)
    {
        if (text.Trim().Split('+', 3) is [{ Length: > 0 } name, var hash, var key] && Base64(key) is [(Signature or Cosignature) and var kind, .. var bytes] && bytes.Length == Ed25519.PublicKeySize)
            if (new NoteVerifier(name, kind, bytes) is var verifier && hash == verifier.Hash.ToString("x8", CultureInfo.InvariantCulture)) return verifier;
        throw new FormatException($"'{text}' is no verifier key; name+hash+key was expected, as C2SP signed-note defines it, with an Ed25519 key.");
    }

    /// <summary>Whether a line of signature is of this key and valid for the text.</summary>
    public bool Verifies(string text, NoteSignature line)
    {
        if (line.Name != Name || line.Hash != Hash) return false;
        var (message, signature) = (Encoding.UTF8.GetBytes(text), line.Bytes);
        if (Kind == Cosignature)
        {
            if (signature.Length != 8 + Ed25519.SignatureSize) return false;
            var seconds = BinaryPrimitives.ReadInt64BigEndian(signature);
            if (seconds is < 0 or > 253_402_300_799) return false;
            (message, signature) = (NoteSigner.WithTime(text, seconds), signature[8..]);
        }
        return signature.Length == Ed25519.SignatureSize && Ed25519.Verify(signature, 0, Public, 0, message, 0, message.Length);
    }

    internal static byte[]? Base64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>Who signs: a private key, written as <c>PRIVATE+KEY+name+hash+key</c>.</summary>
/// <param name="Verifier">Its public side.</param>
/// <param name="Seed">32 bytes, secret.</param>
public sealed record NoteSigner(NoteVerifier Verifier, byte[] Seed)
{
    const string Prefix = "PRIVATE+KEY+";

    /// <summary>A new key.</summary>
    public static NoteSigner New(string name, byte kind) => Of(name, kind, RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize));

    /// <summary>Reads what <see cref="Secret"/> wrote; null when it is something else.</summary>
    internal static NoteSigner? Parse(string text, byte kind) =>
        text.StartsWith(Prefix, StringComparison.Ordinal) && text[Prefix.Length..].Split('+', 3) is [{ Length: > 0 } name, _, var key] && NoteVerifier.Base64(key) is [var its, .. var seed] && its == kind && seed.Length == Ed25519.SecretKeySize
        && Of(name, kind, seed) is var signer && signer.Secret == text ? signer : null;

    /// <summary>To be kept in a file.</summary>
    internal string Secret => $"{Prefix}{Verifier.Name}+{Verifier.Hash:x8}+{Convert.ToBase64String([Verifier.Kind, .. Seed])}";

    /// <summary>Never the secret.</summary>
    public override string ToString() => Verifier.ToString();

    static NoteSigner Of(string name, byte kind, byte[] seed)
    {
        var key = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        return new(new(name, kind, key), seed);
    }

    /// <summary>A line of signature over a note's text.</summary>
    /// <param name="text">Ends with a line end.</param>
    /// <param name="now">When, for a cosignature.</param>
    public string Sign(string text, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        var message = Verifier.Kind == NoteVerifier.Cosignature ? WithTime(text, seconds) : Encoding.UTF8.GetBytes(text);
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(Seed, 0, message, 0, message.Length, signature, 0);
        var prefix = new byte[Verifier.Kind == NoteVerifier.Cosignature ? 12 : 4];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, Verifier.Hash);
        if (prefix.Length == 12) BinaryPrimitives.WriteInt64BigEndian(prefix.AsSpan(4), seconds);
        return $"— {Verifier.Name} {Convert.ToBase64String([.. prefix, .. signature])}\n";
    }

    internal static byte[] WithTime(string text, long seconds) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {seconds}\n{text}"));
}

/// <summary>The keys of a log or a witness as its file holds them: a line of the secret key that signs, and lines of the public ones before it.</summary>
/// <param name="Signer">Signs.</param>
/// <param name="Before">What they signed still counts; the newest first.</param>
public sealed record NoteKeys(NoteSigner Signer, IReadOnlyList<NoteVerifier> Before)
{
    /// <summary>The keys in a file; one is made when there is none.</summary>
    /// <exception cref="FormatException">The file holds something else.</exception>
    public static NoteKeys Load(KeyFile file, Func<string> newName, byte kind)
    {
        if (file.Read() is not { } bytes)
        {
            var made = new NoteKeys(NoteSigner.New(newName(), kind), []);
            made.Save(file);
            return made;
        }
        var lines = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length > 0 && NoteSigner.Parse(lines[0], kind) is { } signer ? new(signer, [.. lines[1..].Select(NoteVerifier.Parse)])
            : throw new FormatException($"{file.Path} holds no key of a log; PRIVATE+KEY+name+hash+key was expected. Restore it from a backup: without it nothing sealed can be continued.");
    }

    /// <summary>The same with a new key that signs; the one until now is kept as a public one only.</summary>
    public NoteKeys Renewed() => new(NoteSigner.New(Signer.Verifier.Name, Signer.Verifier.Kind), [Signer.Verifier, .. Before]);

    /// <summary>Writes them, durable.</summary>
    public void Save(KeyFile file) => file.Write(Encoding.UTF8.GetBytes(string.Concat([Signer.Secret, "\n", .. Before.Select(key => $"{key}\n")])));
}

/// <summary>One line of signature.</summary>
/// <param name="Name">Of the key.</param>
/// <param name="Hash">Of the key.</param>
/// <param name="Bytes">What follows the hash.</param>
public sealed record NoteSignature(string Name, uint Hash, byte[] Bytes);

/// <summary>A signed head of the log (C2SP tlog-checkpoint).</summary>
/// <param name="Origin">Names the log.</param>
/// <param name="Size">Leaves in the tree.</param>
/// <param name="Root">32 bytes.</param>
/// <param name="Text">What is signed: all before the signatures, with the line end.</param>
/// <param name="Signatures">At least one.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root, string Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <summary>A longer note is refused.</summary>
    public const int LongestNote = 64 * 1024;
    const int MostSignatures = 100;

    /// <summary>The text to sign.</summary>
    public static string TextOf(string origin, long size, byte[] root) => string.Create(CultureInfo.InvariantCulture, $"{origin}\n{size}\n{Convert.ToBase64String(root)}\n");

    /// <exception cref="FormatException">It is no checkpoint; the message tells where.</exception>
    public static Checkpoint Parse(string note)
    {
        if (note.Length > LongestNote) throw new FormatException($"A checkpoint of more than {LongestNote} characters is not read.");
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || end + 2 == note.Length || !note.EndsWith('\n')) throw new FormatException("A checkpoint ends with an empty line and lines of signature, the last with a line end.");
        var text = note[..(end + 1)];
        if (text.Split('\n') is not [{ Length: > 0 } origin, var size, var root, ..]) throw new FormatException("A checkpoint begins with the lines origin, size and root.");
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var leaves) || size != leaves.ToString(CultureInfo.InvariantCulture)) throw new FormatException($"Line 2 of a checkpoint is its size; it is '{size}'.");
        if (NoteVerifier.Base64(root) is not { Length: MerkleTree.HashBytes } hash) throw new FormatException("Line 3 of a checkpoint is its root, 32 bytes in base64.");
        var signatures = new List<NoteSignature>();
        foreach (var line in note[(end + 2)..^1].Split('\n'))
        {
            if (line.Split(' ') is not ["—", { Length: > 0 } name, var value] || NoteVerifier.Base64(value) is not { Length: > 4 } bytes) throw new FormatException($"'{line}' is no line of signature.");
            signatures.Add(new(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..]));
            if (signatures.Count > MostSignatures) throw new FormatException($"A checkpoint with more than {MostSignatures} signatures is not read.");
        }
        return new(origin, leaves, hash, text, signatures);
    }

    /// <summary>Whether this key signed it.</summary>
    public bool IsSignedBy(NoteVerifier key) => Signatures.Any(signature => key.Verifies(Text, signature));
}
