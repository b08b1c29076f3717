using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.EndToEnd.House;

/// <summary>A node whose data is encrypted at rest: what is on disk, what survives, what is gone for good.</summary>
public sealed class KeysTests : IAsyncLifetime
{
    const string Canary = "Kanaarilind";
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    readonly string keys = Directory.CreateTempSubdirectory("tervik-keys-").FullName;
    Node node = null!;

    string[] Settings => ["demo=false", $"keys=file:{keys}/institution.key", $"dataKeys={keys}/keys.db"];

    public ValueTask InitializeAsync()
    {
        node = new() { Others = Settings };
        return node.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        Directory.Delete(keys, recursive: true);
    }

    static async Task Put(HttpClient http, string name)
    {
        Assert.True((await http.PutAsJsonAsync($"Patient/{name}", new { resourceType = "Patient", id = name, name = new[] { new { family = Canary + name } } }, Stop)).IsSuccessStatusCode);
        Assert.True((await http.PutAsJsonAsync($"Observation/{name}", new { resourceType = "Observation", id = name, status = "final", code = new { text = Canary }, subject = new { reference = $"Patient/{name}" }, valueString = Canary }, Stop)).IsSuccessStatusCode);
    }

    static async Task<string[]> Found(HttpClient http, string query)
    {
        using var bundle = JsonDocument.Parse(await http.GetStringAsync(query, Stop));
        return bundle.RootElement.TryGetProperty("entry", out var entries) ? [.. entries.EnumerateArray().Select(entry => entry.GetProperty("resource").GetProperty("id").GetString()!)] : [];
    }

    static List<string> FilesWith(string folder, string text)
    {
        var found = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            if (bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0 || bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text.ToLowerInvariant())) >= 0) found.Add(Path.GetFileName(file));
        }
        return found;
    }

    static async Task Sound(Node node)
    {
        var (code, output) = await node.Run("verify");
        Assert.True(code == 0, output);
    }

    static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    [Fact]
    public async Task No_file_tells_anything_and_a_killed_node_has_lost_nothing()
    {
        using var http = await node.Client("client/test");
        for (var i = 0; i < 20; i++) await Put(http, $"p{i}");
        await Put(http, "p3");
        Assert.Equal(["p7"], await Found(http, $"Patient?name={Canary}p7"));
        Assert.Contains(Directory.EnumerateFiles(node.Folder), file => file.EndsWith("-wal", StringComparison.Ordinal) && new FileInfo(file).Length > 0);
        Assert.Empty(FilesWith(node.Folder, Canary).Concat(FilesWith(keys, Canary)));
        await node.Kill();
        Assert.Empty(FilesWith(node.Folder, Canary));
        await node.InitializeAsync();
        Assert.Empty(FilesWith(node.Folder, Canary));
        Assert.Equal(20, (await Found(http, "Observation?_count=100")).Length);
        Assert.Contains(Canary, await http.GetStringAsync("Patient/p3/_history/1", Stop), StringComparison.Ordinal);
        await Sound(node);
    }

    [Fact]
    public async Task What_is_written_while_the_institution_key_is_rotated_can_be_read_afterwards()
    {
        using var http = await node.Client("client/test");
        var written = new List<string>();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 150; i++)
            {
                await Put(http, $"p{i}");
                written.Add($"p{i}");
            }
        }, Stop);
        for (var i = 0; i < 3; i++)
        {
            var (code, output) = await node.Run("keys", "rotate");
            Assert.True(code == 0, output);
        }
        await writing;
        Assert.Contains("generation 4", (await node.Run("keys", "status")).Output, StringComparison.Ordinal);
        await node.Kill();
        await node.InitializeAsync();
        foreach (var name in written) Assert.Contains(Canary + name, await http.GetStringAsync($"Patient/{name}", Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_keys_are_made_anew_and_what_was_there_can_be_read_and_checked_as_before()
    {
        using var http = await node.Client("client/test");
        for (var i = 0; i < 20; i++) await Put(http, $"p{i}");
        await Put(http, "p3");
        var (code, output) = await node.Run("keys", "renew");
        Assert.True(code == 1 && output.Contains("in use by another program", StringComparison.Ordinal), output);
        var before = await Public();
        await node.Kill();
        var (backup, files) = (keys + "-backup", Directory.CreateTempSubdirectory("tervik-before-").FullName);
        Copy(keys, backup);
        Copy(node.Folder, files);
        try
        {
            (code, output) = await node.Run("keys", "renew");
            Assert.True(code == 0, output);
            Assert.Contains("42 versions", output, StringComparison.Ordinal);
            await node.InitializeAsync();
            Assert.Contains(Canary, await http.GetStringAsync("Patient/p3/_history/1", Stop), StringComparison.Ordinal);
            Assert.Equal(20, (await Found(http, "Observation?_count=100")).Length);
            await Put(http, "p21");
            await Sound(node);
            (code, output) = await node.Run("audit", "verify");
            Assert.True(code == 0, output);
            var after = await Public();
            Assert.NotEqual(before.Log, after.Log);
            Assert.Equal(before.Log.Split('+')[0], after.Log.Split('+')[0]);
            // The older key that signs for applications is published beside the new one.
            Assert.Equal((1, 2), (before.Applications.Count, after.Applications.Count));
            Assert.Subset(after.Applications.ToHashSet(), before.Applications.ToHashSet());

            // The data keys of before open nothing of today, whatever institution key comes with them.
            await node.Kill();
            await using var thief = new Node { Folder = node.Folder, Others = ["demo=false", $"keys=file:{backup}/institution.key", $"dataKeys={backup}/keys.db"] };
            (code, output) = await thief.Run("verify");
            Assert.True(code == 1 && output.Contains("cannot be decrypted", StringComparison.Ordinal), output);
            // And the data of before is opened by nothing of today.
            await using var older = new Node { Folder = files, Others = Settings };
            (code, output) = await older.Run("verify");
            Assert.True(code == 1 && output.Contains("cannot be decrypted", StringComparison.Ordinal), output);
        }
        finally
        {
            Directory.Delete(backup, recursive: true);
            if (Directory.Exists(files)) Directory.Delete(files, recursive: true);
        }

        async Task<(string Log, IReadOnlyList<string> Applications)> Public()
        {
            using var set = JsonDocument.Parse(await http.GetStringAsync($"{node.Address}/oauth/jwks", Stop));
            return (await http.GetStringAsync($"{node.Address}/access-log/key", Stop), [.. set.RootElement.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)]);
        }
    }

    [Fact]
    public async Task The_keys_of_applications_and_of_the_log_are_encrypted_in_their_files_and_refused_without_the_data_keys()
    {
        using (var client = await node.Client("client/test")) await client.GetStringAsync("Patient?_count=1", Stop);
        for (var wait = 0; !File.Exists($"{node.Folder}/access-log.key") && wait < 300; wait++) await Task.Delay(100, Stop);
        await node.Kill();
        foreach (var file in (string[])["oauth.keys", "access-log.key"])
        {
            var bytes = await File.ReadAllBytesAsync($"{node.Folder}/{file}", Stop);
            foreach (var word in (string[])["PRIVATE", "Signing", "Encryption"]) Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) < 0, $"{file} holds {word}");
        }
        var was = await File.ReadAllBytesAsync($"{node.Folder}/access-log.key", Stop);
        was[^20] ^= 1;
        await File.WriteAllBytesAsync($"{node.Folder}/access-log.key", was, Stop);
        var (code, output) = await node.Run("audit", "verify");
        Assert.True(code == 1 && output.Contains("access-log.key cannot be decrypted", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task A_shredded_patient_is_gone_also_from_backups_and_everybody_else_is_not()
    {
        using var http = await node.Client("client/test");
        await Put(http, "gone");
        await Put(http, "stays");
        await node.Kill();
        var (backup, oldKeys) = (keys + "-backup", keys + "-old");
        Copy(node.Folder, backup);
        Copy(keys, oldKeys);
        try
        {
            await node.InitializeAsync();
            await Put(http, "gone"); // its keys are in the memory of the serving node
            var (code, output) = await node.Run("keys", "shred", "Patient/gone");
            Assert.True(code == 0, output);
            Assert.Contains("4 versions", output, StringComparison.Ordinal);
            await Gone();
            Assert.Contains(Canary, await http.GetStringAsync("Patient/stays", Stop), StringComparison.Ordinal);
            await Sound(node);
            Assert.Equal(["shred"], (await Events("Patient/gone")).Where(action => action == "shred"));
            using (var patient = await node.Client("Patient/gone", "read"))
                Assert.Contains("client/operator", await patient.GetStringAsync("AuditEvent?patient=Patient/gone&_count=100", Stop), StringComparison.Ordinal);

            // An older backup of the data under the keys of today.
            await node.Kill();
            Copy(backup, node.Folder);
            foreach (var log in Directory.EnumerateFiles(node.Folder, "*-*").Where(file => !File.Exists(Path.Combine(backup, Path.GetFileName(file))))) File.Delete(log);
            await node.InitializeAsync();
            await Gone();
            Assert.Contains(Canary, await http.GetStringAsync("Patient/stays", Stop), StringComparison.Ordinal);
            await Sound(node);

            // Whoever has an older copy of the data keys too cannot open them with the institution key of today.
            await node.Kill();
            foreach (var file in Directory.EnumerateFiles(keys, "keys.db*")) File.Delete(file);
            foreach (var file in Directory.EnumerateFiles(oldKeys, "keys.db*")) File.Copy(file, Path.Combine(keys, Path.GetFileName(file)));
            (code, output) = await node.Run("keys", "status");
            Assert.Equal(1, code);
            Assert.Contains("older than the key", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(backup, recursive: true);
            Directory.Delete(oldKeys, recursive: true);
        }

        async Task Gone()
        {
            foreach (var address in new[] { "Patient/gone", "Patient/gone/_history/1", "Observation/gone" })
                Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(address, Stop)).StatusCode);
            Assert.Equal(["stays"], await Found(http, $"Patient?name={Canary}"));
            Assert.Equal(["stays"], await Found(http, "Observation?_count=10"));
            Assert.DoesNotContain("gone", await http.GetStringAsync("_history?_count=100", Stop), StringComparison.Ordinal);
        }

        async Task<List<string>> Events(string patient)
        {
            using var auditor = await node.Client(patient, "read");
            using var bundle = JsonDocument.Parse(await auditor.GetStringAsync($"AuditEvent?patient={patient}&_count=100", Stop));
            return [.. bundle.RootElement.GetProperty("entry").EnumerateArray().SelectMany(entry => entry.GetProperty("resource").GetProperty("subtype").EnumerateArray()).Select(code => code.GetProperty("code").GetString()!)];
        }
    }

    [Fact]
    public async Task A_node_that_was_plain_can_be_encrypted()
    {
        await using var plain = new Node { Others = ["demo=false"] };
        await plain.InitializeAsync();
        using (var http = await plain.Client("client/test"))
        {
            for (var i = 0; i < 30; i++) await Put(http, $"p{i}");
            await Put(http, "p3");
        }
        Assert.NotEmpty(FilesWith(plain.Folder, Canary)); // or the search in the other tests would find nothing anywhere
        await plain.Kill();
        await using var later = new Node { Folder = plain.Folder, Others = Settings };
        Assert.Contains("decrypted", (await later.Run("verify")).Output, StringComparison.Ordinal);
        var (code, output) = await later.Run("keys", "seal");
        Assert.True(code == 0, output);
        Assert.Contains("62 versions encrypted", output, StringComparison.Ordinal);
        Assert.Contains(" 0 versions encrypted", "\n " + (await later.Run("keys", "seal")).Output, StringComparison.Ordinal);
        Assert.Empty(FilesWith(plain.Folder, Canary));
        await later.InitializeAsync();
        using var again = await later.Client("client/test");
        Assert.Equal(30, (await Found(again, "Observation?_count=100")).Length);
        Assert.Equal(["p7"], await Found(again, $"Patient?name={Canary}p7"));
        Assert.Contains(Canary, await again.GetStringAsync("Patient/p3/_history/1", Stop), StringComparison.Ordinal);
        await Sound(later);
        Assert.Equal(0, (await later.Run("audit", "verify")).Code);
    }

    [Fact]
    public async Task Keys_and_the_folder_of_the_databases_are_their_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files have no such mode here.");
        if (OperatingSystem.IsWindows()) return; // said to the compiler
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // The log's key is made when something is sealed for the first time, a moment after it.
        using (var client = await node.Client("client/test")) await client.GetStringAsync("Patient?_count=1", Stop);
        for (var wait = 0; !File.Exists($"{node.Folder}/access-log.key") && wait < 300; wait++) await Task.Delay(100, Stop);
        foreach (var file in (string[])[$"{keys}/institution.key", $"{node.Folder}/oauth.keys", $"{node.Folder}/access-log.key"]) Assert.Equal((file, Owner), (file, File.GetUnixFileMode(file)));
        await using (await Database.Open(new(Path.Combine(keys, "made", "record.db")), RecordStore.RecordMigrations, Stop)) { }
        await using var other = new Node { Others = ["demo=false", $"keys=file:{keys}/other/institution.key", $"dataKeys={keys}/wrapped/keys.db"] };
        var (code, output) = await other.Run("verify");
        Assert.True(code == 0, output);
        foreach (var folder in (string[])[$"{keys}/made", $"{keys}/other", $"{keys}/wrapped"]) Assert.Equal((folder, Owner | UnixFileMode.UserExecute), (folder, File.GetUnixFileMode(folder)));
    }

    [Fact]
    public async Task Without_its_keys_a_node_says_what_is_missing()
    {
        await node.Kill();
        await using var without = new Node { Folder = node.Folder, Others = ["demo=false"] };
        var (code, output) = await without.Run("verify");
        Assert.Equal(1, code);
        Assert.Contains("setting keys", output, StringComparison.Ordinal);
        Assert.Contains("was expected", (await new Node { Folder = node.Folder, Others = ["keys=secret"] }.Run("verify")).Output, StringComparison.Ordinal);
    }
}
