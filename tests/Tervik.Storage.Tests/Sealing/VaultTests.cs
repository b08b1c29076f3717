using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using Tervik.Storage.Sealing;

namespace Tervik.Storage.Tests.Sealing;

/// <summary>Data keys, with the institution key in a file and in a security module.</summary>
public sealed partial class VaultTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tervik-vault-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string DataKeys => Path.Combine(folder, "keys.db");
    static ReadOnlySpan<byte> Place => "Patient/1/_history/1"u8;

    /// <summary>Where the institution key lies.</summary>
    string Setting(string kind) => kind == "file" ? "file:" + Path.Combine(folder, "institution.key") : SecurityModule.Token(folder);

    Vault Open(string kind) => Vault.Open(Setting(kind), DataKeys);

    [Theory, InlineData("file"), InlineData("pkcs11")]
    public void What_was_sealed_is_opened_again_also_after_a_restart(string kind)
    {
        var setting = Setting(kind);
        var secrets = new List<(long, string, byte[], byte[])>();
        using (var vault = Vault.Open(setting, DataKeys))
            Gen.Select(Gen.Long[1, 5], Gen.Bool.Select(contact => contact ? "contact" : "clinical"), Gen.Byte.Array[0, 3000]).Sample((owner, name, plain) =>
            {
                var secret = vault.Seal(owner, name, plain, Place);
                Assert.Equal(plain, vault.Open(owner, name, secret, Place));
                secrets.Add((owner, name, plain, secret));
            }, iter: 50, threads: 1);
        using var again = Vault.Open(setting, DataKeys);
        foreach (var (owner, name, plain, secret) in secrets) Assert.Equal(plain, again.Open(owner, name, secret, Place));
    }

    [Fact]
    public void What_was_changed_or_stands_elsewhere_is_refused()
    {
        using var vault = Open("file");
        vault.Prepare([(1, "clinical"), (2, "clinical"), (1, "contact")]);
        var secret = vault.Seal(1, "clinical", "sisu"u8, Place);
        Assert.Throws<StorageException>(() => vault.Open(2, "clinical", secret, Place));
        Assert.Throws<StorageException>(() => vault.Open(1, "contact", secret, Place));
        Assert.Throws<StorageException>(() => vault.Open(1, "clinical", secret, "Patient/1/_history/2"u8));
        Assert.Throws<StorageException>(() => vault.Open(1, "clinical", "{\"resourceType\":\"Patient\"}"u8, Place));
        for (var i = 0; i < secret.Length; i++)
        {
            byte[] changed = [.. secret];
            changed[i] ^= 1;
            Assert.Throws<StorageException>(() => vault.Open(1, "clinical", changed, Place));
            Assert.Throws<StorageException>(() => vault.Open(1, "clinical", secret.AsSpan(0, i), Place));
        }
        Assert.Equal("sisu"u8, vault.Open(1, "clinical", secret, Place));
    }

    [Theory, InlineData("file"), InlineData("pkcs11")]
    public void After_a_rotation_all_opens_with_the_new_key_and_an_older_copy_of_the_data_keys_with_none(string kind)
    {
        var setting = Setting(kind);
        using (var vault = Vault.Open(setting, DataKeys)) vault.Prepare([.. Enumerable.Range(1, 300).Select(i => ((long)i, "clinical"))]);
        File.Copy(DataKeys, DataKeys + ".old");
        byte[] secret;
        using (var vault = Vault.Open(setting, DataKeys))
        {
            secret = vault.Seal(7, "clinical", "sisu"u8, Place);
            Assert.Equal(301, vault.Rotate()); // and the one that the vault is checked with
            Assert.Equal((301, 2), vault.Status());
            Assert.Equal("sisu"u8, vault.Open(7, "clinical", secret, Place));
        }
        using (var again = Vault.Open(setting, DataKeys)) Assert.Equal("sisu"u8, again.Open(7, "clinical", secret, Place));
        Assert.Contains("older than the key", Assert.Throws<StorageException>(() => Vault.Open(setting, DataKeys + ".old")).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("file"), InlineData("pkcs11")]
    public void During_a_renewal_old_and_new_are_opened_also_after_an_interruption_and_afterwards_the_new_alone(string kind)
    {
        var setting = Setting(kind);
        byte[] old, fresh;
        using (var vault = Vault.Open(setting, DataKeys))
        {
            old = vault.Seal(7, "clinical", "vana"u8, Place);
            vault.BeginRenewal();
            fresh = vault.Seal(7, "clinical", "uus"u8, Place);
        }
        using (var again = Vault.Open(setting, DataKeys))
        {
            Assert.True(again.IsRenewing);
            again.BeginRenewal(); // goes on: what was sealed since is not left behind
            Assert.Equal("vana"u8, again.Open(7, "clinical", old, Place));
            Assert.Equal("uus"u8, again.Open(7, "clinical", fresh, Place));
            Assert.Throws<StorageException>(() => again.Open(8, "clinical", old, Place));
            again.EndRenewal();
            Assert.False(again.IsRenewing);
            Assert.Throws<StorageException>(() => again.Open(7, "clinical", old, Place));
            Assert.Equal("uus"u8, again.Open(7, "clinical", fresh, Place));
        }
        using var last = Vault.Open(setting, DataKeys);
        Assert.Equal((2, 2), last.Status());
        Assert.Equal("uus"u8, last.Open(7, "clinical", fresh, Place));
    }

    [Fact]
    public void A_file_of_keys_is_encrypted_at_its_first_reading_and_stays_what_it_was()
    {
        using var vault = Open("file");
        var path = Path.Combine(folder, "some.key");
        new KeyFile(path, null).Write("saladus"u8);
        Assert.Equal("saladus"u8, Assert.IsType<byte[]>(new KeyFile(path, vault).Read()));
        Assert.True(File.ReadAllBytes(path).AsSpan().IndexOf("saladus"u8) < 0);
        Assert.Equal("saladus"u8, Assert.IsType<byte[]>(new KeyFile(path, vault).Read()));
        Assert.Contains("setting keys", Assert.Throws<StorageException>(() => new KeyFile(path, null).Read()).Message, StringComparison.Ordinal);
        File.Move(path, Path.Combine(folder, "other.key"));
        Assert.Throws<StorageException>(() => new KeyFile(Path.Combine(folder, "other.key"), vault).Read());
        Assert.Null(new KeyFile(path, vault).Read());
    }

    [Fact]
    public void An_interrupted_rotation_is_finished_at_the_next_start()
    {
        byte[] secret;
        using (var vault = Open("file")) secret = vault.Seal(7, "clinical", "sisu"u8, Place);
        using (var institution = InstitutionKey.Open(Setting("file"))) institution.Next();
        using (var vault = Open("file"))
        {
            Assert.Equal(2, vault.Status().Generation);
            Assert.Equal("sisu"u8, vault.Open(7, "clinical", secret, Place));
        }
        Assert.Single(File.ReadAllLines(Path.Combine(folder, "institution.key")));
    }

    [Fact]
    public async Task Keys_made_by_one_process_while_another_rotates_are_kept()
    {
        using var one = Open("file");
        using var other = Open("file");
        var secrets = new List<(long Owner, byte[] Secret)>();
        var rotating = Task.Run(() => { for (var i = 0; i < 10; i++) other.Rotate(); }, TestContext.Current.CancellationToken);
        for (var owner = 1; owner <= 300; owner++)
        {
            one.Prepare([(owner, "clinical")]);
            secrets.Add((owner, one.Seal(owner, "clinical", "sisu"u8, Place)));
        }
        await rotating;
        using var later = Open("file");
        foreach (var (owner, secret) in secrets) Assert.Equal("sisu"u8, later.Open(owner, "clinical", secret, Place));
    }

    [Theory, InlineData("file"), InlineData("pkcs11")]
    public void What_was_shredded_nobody_opens_again_not_with_older_copies_either(string kind)
    {
        var setting = Setting(kind);
        using var vault = Vault.Open(setting, DataKeys);
        var (gone, stays) = (vault.Seal(1, "clinical", "gone"u8, Place), vault.Seal(2, "clinical", "stays"u8, Place));
        var copy = Directory.CreateDirectory(Path.Combine(folder, "copy")).FullName;
        foreach (var file in Directory.EnumerateFiles(folder, "keys.db*")) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        var shredded = vault.Shred(1);
        Assert.Contains("destroyed", Assert.Throws<StorageException>(() => vault.Open(1, "clinical", gone, Place)).Message, StringComparison.Ordinal);
        Assert.Equal("stays"u8, vault.Open(2, "clinical", stays, Place));
        Assert.Equal([shredded], vault.AllShredded());
        Assert.Throws<StorageException>(() => Vault.Open(setting, Path.Combine(copy, "keys.db")));
        // The same person may come back: with another key.
        vault.Prepare([(1, "clinical")]);
        Assert.Equal("new"u8, vault.Open(1, "clinical", vault.Seal(1, "clinical", "new"u8, Place), Place));
        Assert.Throws<StorageException>(() => vault.Open(1, "clinical", gone, Place));
        Assert.Throws<ArgumentOutOfRangeException>(() => vault.Shred(0));
    }

    [Fact]
    public void A_process_that_has_a_key_in_memory_does_not_use_it_after_another_has_shredded_it()
    {
        using var serving = Open("file");
        var secret = serving.Seal(1, "clinical", "gone"u8, Place);
        using (var command = Open("file")) command.Shred(1);
        serving.Prepare([]);
        Assert.Throws<StorageException>(() => serving.Open(1, "clinical", secret, Place));
    }

    [Fact]
    public void Neither_a_key_nor_a_wrong_setting_is_taken_for_another()
    {
        using (Open("file")) { }
        File.Delete(Path.Combine(folder, "institution.key"));
        Assert.Throws<StorageException>(() => Open("file")); // a new institution key does not open the old data keys
        File.WriteAllText(Path.Combine(folder, "institution.key"), "1 abc\n");
        Assert.Contains("is no institution key", Assert.Throws<StorageException>(() => Open("file")).Message, StringComparison.Ordinal);
        Assert.Contains("was expected", Assert.Throws<StorageException>(() => Vault.Open("vault:x", DataKeys)).Message, StringComparison.Ordinal);
        Assert.Contains("module-path", Assert.Throws<StorageException>(() => Vault.Open("pkcs11:token=a", DataKeys)).Message, StringComparison.Ordinal);
    }

    /// <summary>SoftHSM 2 with a token in a folder.</summary>
    static partial class SecurityModule
    {
        const string Library = "/usr/lib/softhsm/libsofthsm2.so";
        static readonly Lock Turn = new();
        const int MostTokens = 4;
        static int tokens;

        public static string Token(string folder)
        {
            if (!File.Exists(Library)) Assert.Skip("SoftHSM 2 is not installed (Debian: softhsm2).");
            lock (Turn)
            {
                // The library reads its configuration and its tokens once a process.
                var home = Path.Combine(Path.GetTempPath(), $"tervik-softhsm-{Environment.ProcessId}");
                var configuration = Path.Combine(home, "softhsm2.conf");
                var pin = Path.Combine(folder, "pin");
                File.WriteAllText(pin, "1234\n");
                if (tokens++ == 0)
                {
                    Directory.CreateDirectory(Path.Combine(home, "tokens"));
                    AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(home, recursive: true);
                    File.WriteAllText(configuration, $"directories.tokendir = {home}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
                    Assert.Equal(0, SetVariable("SOFTHSM2_CONF", configuration, 1));
                    for (var i = 1; i <= MostTokens; i++) Make($"tervik{i}", configuration);
                }
                Assert.InRange(tokens, 1, MostTokens);
                return $"pkcs11:token=tervik{tokens}?module-path={Library}&pin-source=file:{pin}";
            }
        }

        static void Make(string label, string configuration)
        {
            var start = new ProcessStartInfo("softhsm2-util", ["--init-token", "--free", "--label", label, "--so-pin", "1234", "--pin", "1234"]) { RedirectStandardOutput = true };
            start.Environment["SOFTHSM2_CONF"] = configuration;
            using var process = Process.Start(start)!;
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        // Environment.SetEnvironmentVariable does not reach native libraries.
        [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
        private static partial int SetVariable(string name, string value, int overwrite);
    }
}
