using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Tervik.Storage.Sqlite;

namespace Tervik.Storage.Sealing;

/// <summary>Somebody whose data keys were destroyed.</summary>
/// <param name="Owner">Key of the patient.</param>
/// <param name="AtUs">What was written until then, microseconds since 1970-01-01 UTC, is gone.</param>
public readonly record struct Shredded(long Owner, long AtUs);

/// <summary>The data keys of a node: one for each patient and class of data, wrapped by the <see cref="InstitutionKey"/>, in a small database of their own. What a destroyed key protected is gone, wherever it lies:
/// so this database is copied by itself, and only its newest copy is ever restored.</summary>
public sealed class Vault : IDisposable
{
    const byte Format = 1;
    const int KeyBytes = 32;
    const int NonceBytes = 12;
    const int TagBytes = 16;
    const int Overhead = 1 + NonceBytes + TagBytes;
    /// <summary>Behind the class of a data key that was replaced and may still be needed.</summary>
    const string Before = " before";
    /// <summary>Of the key that each vault has.</summary>
    const string Check = "check";
    /// <summary>More unwrapped keys are not kept in memory.</summary>
    const int MostKept = 100_000;
    static readonly long KeptFor = (long)TimeSpan.FromMinutes(5).TotalMilliseconds;

    readonly InstitutionKey institution;
    readonly SqliteConnection connection;
    readonly Lock turn = new();
    readonly Dictionary<(long Owner, string Class), byte[]> kept = [];
    long keptSince = Environment.TickCount64, seenVersion;

    Vault(InstitutionKey institution, SqliteConnection connection) => (this.institution, this.connection) = (institution, connection);

    /// <summary>Opens the data keys, made when there are none, and finishes a rotation that was interrupted.</summary>
    /// <param name="setting">As <see cref="InstitutionKey.Open"/> takes it.</param>
    /// <param name="file">Where the wrapped keys lie.</param>
    /// <exception cref="StorageException">They cannot be opened with this institution key.</exception>
    public static Vault Open(string setting, string file)
    {
        var institution = InstitutionKey.Open(setting);
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Folders.Make(folder);
            var connection = new SqliteConnection(new(file), cacheMb: 1, writes: true);
            connection.Run("PRAGMA secure_delete = ON");
            connection.Run("CREATE TABLE IF NOT EXISTS data_key (owner INTEGER NOT NULL, class TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (owner, class)) WITHOUT ROWID");
            connection.Run("CREATE TABLE IF NOT EXISTS shredded (owner INTEGER PRIMARY KEY, at_us INTEGER NOT NULL)");
            var vault = new Vault(institution, connection);
            if (institution.Generations().Count > 1) vault.Rewrap();
            vault.Key(0, Check);
            return vault;
        }
        catch
        {
            institution.Dispose();
            throw;
        }
    }

    /// <summary>The file system of SQLite in which a database is encrypted, for <see cref="DatabaseOptions.FileSystem"/>.</summary>
    /// <param name="name">Which database: each has a key of its own.</param>
    public string FileSystemOf(string name) => SealedFiles.Register(KeyOf(name));

    /// <summary>The key of a database, 32 bytes.</summary>
    public byte[] KeyOf(string name) => Key(0, "database " + name);

    /// <summary>Makes the keys that are missing, durable, in one step: what is sealed afterwards can be opened after a crash.</summary>
    public void Prepare(IEnumerable<(long Owner, string Class)> keys)
    {
        lock (turn)
        {
            Refresh();
            var missing = keys.Distinct().Where(key => Find(key) is null).ToList();
            if (missing.Count > 0) Make(missing);
        }
    }

    /// <summary>Encrypts with the key of this owner and class.</summary>
    /// <param name="owner">Key of the patient; 0 for what is nobody's, -1 for what is several people's.</param>
    /// <param name="class">Class of data.</param>
    /// <param name="plain">Bytes.</param>
    /// <param name="about">What it is; needed to open it, so that one cannot stand in the place of another.</param>
    /// <returns>Format (1 byte, 0x01), nonce (12), ciphertext, tag (16).</returns>
    public byte[] Seal(long owner, string @class, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> about)
    {
        var secret = new byte[plain.Length + Overhead];
        secret[0] = Format;
        var nonce = secret.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var gcm = new AesGcm(Key(owner, @class), TagBytes);
        gcm.Encrypt(nonce, plain, secret.AsSpan(1 + NonceBytes, plain.Length), secret.AsSpan(^TagBytes..), about);
        return secret;
    }

    /// <summary>The reverse of <see cref="Seal"/>.</summary>
    /// <exception cref="StorageException">The key was destroyed, or the bytes are not what was sealed there.</exception>
    public byte[] Open(long owner, string @class, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> about)
    {
        if (secret.Length < Overhead || secret[0] != Format) throw new StorageException($"{Encoding.UTF8.GetString(about)} is not encrypted as it should be: the row was changed.");
        byte[]? key, before;
        lock (turn) key = Find((owner, @class));
        if (key is not null && TryOpen(key, secret, about) is { } plain) return plain;
        // Another process may be renewing the keys.
        lock (turn)
        {
            Refresh();
            (key, before) = (Find((owner, @class)), Find((owner, @class + Before)));
        }
        if (key is null) throw new StorageException($"The key of {Encoding.UTF8.GetString(about)} was destroyed: it cannot be read any more.");
        return TryOpen(key, secret, about) ?? (before is null ? null : TryOpen(before, secret, about))
            ?? throw new StorageException($"{Encoding.UTF8.GetString(about)} cannot be decrypted: it was changed, or stands in the place of another.");
    }

    static byte[]? TryOpen(byte[] key, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> about)
    {
        var plain = new byte[secret.Length - Overhead];
        using var gcm = new AesGcm(key, TagBytes);
        try
        {
            gcm.Decrypt(secret.Slice(1, NonceBytes), secret[(1 + NonceBytes)..^TagBytes], secret[^TagBytes..], plain, about);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Whether a renewal of the data keys was begun and not ended.</summary>
    public bool IsRenewing
    {
        get
        {
            lock (turn) return Find((0, Check + Before)) is not null;
        }
    }

    /// <summary>Makes new data keys in the place of all. What the ones before sealed can be opened until <see cref="EndRenewal"/>, and is to be sealed anew until then. Goes on with one that was interrupted.</summary>
    public void BeginRenewal()
    {
        lock (turn)
        {
            if (IsRenewing) return;
            InTransaction(() =>
            {
                institution.Generations();
                foreach (var (owner, name, wrapped) in All())
                {
                    Run("INSERT INTO data_key (owner, class, wrapped) VALUES ($1, $2, $3)", owner, name + Before, institution.Wrap(institution.Unwrap(wrapped, About(owner, name)), About(owner, name + Before)));
                    Run("UPDATE data_key SET wrapped = $3 WHERE owner = $1 AND class = $2", owner, name, institution.Wrap(RandomNumberGenerator.GetBytes(KeyBytes), About(owner, name)));
                }
            });
            Forget();
        }
    }

    /// <summary>The key a database had before the renewal; null when it had none.</summary>
    public byte[]? KeyBefore(string name)
    {
        lock (turn) return Find((0, "database " + name + Before));
    }

    /// <summary>Destroys the data keys before and, by a rotation, what could open a copy of them.</summary>
    public void EndRenewal()
    {
        lock (turn)
        {
            Run("DELETE FROM data_key WHERE class LIKE '%' || $1", Before);
            Forget();
        }
        Rotate();
    }

    /// <summary>Destroys all data keys of an owner and, by a rotation, what could open a copy of them. What was written until <see cref="Shredded.AtUs"/> is to be removed from the tables.</summary>
    public Shredded Shred(long owner)
    {
        if (owner is 0 or -1) throw new ArgumentOutOfRangeException(nameof(owner), owner, "Only what belongs to one patient can be shredded.");
        // A writer in another process that has just looked at the keys may still commit with the old one: that is within the next second.
        var shredded = new Shredded(owner, (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond + 1_000_000);
        lock (turn)
        {
            InTransaction(() =>
            {
                Run("INSERT INTO shredded (owner, at_us) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET at_us = excluded.at_us", owner, shredded.AtUs);
                Run("DELETE FROM data_key WHERE owner = $1", owner);
            });
            Forget();
        }
        Rotate();
        return shredded;
    }

    /// <summary>All that were shredded; what a restored copy of the tables still has of them is to be removed again.</summary>
    public IReadOnlyList<Shredded> AllShredded()
    {
        lock (turn)
        {
            var all = new List<Shredded>();
            var rows = connection.Prepare("SELECT owner, at_us FROM shredded ORDER BY owner").Start([]);
            while (rows.Step()) all.Add(new(rows.Int64(0), rows.Int64(1)));
            rows.Reset();
            return all;
        }
    }

    /// <summary>Makes a new institution key, wraps all data keys with it, and destroys the one before. The node may be running.</summary>
    /// <returns>Data keys that were wrapped anew.</returns>
    public int Rotate()
    {
        institution.Next();
        return Rewrap();
    }

    /// <summary>Data keys there are, and the generation of the institution key.</summary>
    public (long DataKeys, int Generation) Status()
    {
        lock (turn)
        {
            var rows = connection.Prepare("SELECT count(*) FROM data_key").Start([]);
            rows.Step();
            var count = rows.Int64(0);
            rows.Reset();
            return (count, institution.Generations()[^1]);
        }
    }

    int Rewrap()
    {
        var wrapped = 0;
        lock (turn)
        {
            InTransaction(() =>
            {
                institution.Generations();
                foreach (var (owner, name, key) in All())
                {
                    Run("UPDATE data_key SET wrapped = $3 WHERE owner = $1 AND class = $2", owner, name, institution.Wrap(institution.Unwrap(key, About(owner, name)), About(owner, name)));
                    wrapped++;
                }
            });
            // Nothing of the keys before stays in the log.
            connection.Run("PRAGMA wal_checkpoint(TRUNCATE)");
            institution.DestroyOlder();
        }
        return wrapped;
    }

    List<(long Owner, string Class, byte[] Wrapped)> All()
    {
        var all = new List<(long, string, byte[])>();
        var rows = connection.Prepare("SELECT owner, class, wrapped FROM data_key").Start([]);
        while (rows.Step()) all.Add((rows.Int64(0), rows.Text(1)!, rows.Bytes(2).ToArray()));
        rows.Reset();
        return all;
    }

    byte[] Key(long owner, string @class)
    {
        lock (turn)
        {
            if (Find((owner, @class)) is { } known) return known;
            Make([(owner, @class)]);
            return Find((owner, @class))!;
        }
    }

    /// <summary>Forgets the kept keys after their time, and when another process changed something.</summary>
    void Refresh()
    {
        var rows = connection.Prepare("PRAGMA data_version").Start([]);
        rows.Step();
        var version = rows.Int64(0);
        rows.Reset();
        if (version != seenVersion || Environment.TickCount64 - keptSince > KeptFor) Forget();
        seenVersion = version;
    }

    void Forget()
    {
        kept.Clear();
        keptSince = Environment.TickCount64;
    }

    byte[]? Find((long Owner, string Class) key)
    {
        if (Environment.TickCount64 - keptSince > KeptFor) Forget();
        if (kept.TryGetValue(key, out var known)) return known;
        var rows = connection.Prepare("SELECT wrapped FROM data_key WHERE owner = $1 AND class = $2").Start([key.Owner, key.Class]);
        var wrapped = rows.Step() ? rows.Bytes(0).ToArray() : null;
        rows.Reset();
        if (wrapped is null) return null;
        if (kept.Count >= MostKept) Forget();
        return kept[key] = institution.Unwrap(wrapped, About(key.Owner, key.Class));
    }

    void Make(List<(long Owner, string Class)> keys) => InTransaction(() =>
    {
        // Inside the transaction, so that a rotation comes wholly before or wholly after.
        institution.Generations();
        foreach (var (owner, name) in keys)
            Run("INSERT INTO data_key (owner, class, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", owner, name, institution.Wrap(RandomNumberGenerator.GetBytes(KeyBytes), About(owner, name)));
    });

    static byte[] About(long owner, string @class)
    {
        var about = new byte[sizeof(long) + Encoding.UTF8.GetByteCount(@class)];
        BinaryPrimitives.WriteInt64BigEndian(about, owner);
        Encoding.UTF8.GetBytes(@class, about.AsSpan(sizeof(long)));
        return about;
    }

    void InTransaction(Action work)
    {
        connection.Run("BEGIN IMMEDIATE");
        try
        {
            work();
            connection.Run("COMMIT");
        }
        catch
        {
            connection.Run("ROLLBACK");
            throw;
        }
    }

    void Run(string sql, params ReadOnlySpan<SqlValue> values)
    {
        var statement = connection.Prepare(sql).Start(values);
        while (statement.Step()) { }
        statement.Reset();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        connection.Dispose();
        institution.Dispose();
        foreach (var key in kept.Values) CryptographicOperations.ZeroMemory(key);
    }
}
