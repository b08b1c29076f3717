using System.CommandLine;
using System.Globalization;
using Tervik.Care.Notices;
using Tervik.Records.Access;
using Tervik.Storage;
using Tervik.Storage.Sealing;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.OAuth;
using Tervik.Trust.SealedLog;

namespace Tervik.Keys;

/// <summary><c>tervik keys</c>: encryption at rest (docs/keys.md).</summary>
static class KeysCommand
{
    /// <summary>Who is named in the log: whoever may run commands on the machine.</summary>
    const string Operator = "client/operator";
    /// <summary>What the keys before signed and encrypted for applications stays valid until the next renewal.</summary>
    const int KeptOAuthKeys = 1;

    public static Command Create() => new("keys", "Encryption at rest: the institution key and the data keys (settings keys and dataKeys).") { Status(), Rotate(), Renew(), Shred(), Seal() };

    static Command Status()
    {
        var command = new Command("status", "Opens the data keys with the institution key and counts them.");
        command.SetAction((parsed, _) => Cli.Run(parsed, settings =>
        {
            using var vault = OpenVault(settings);
            var (dataKeys, generation) = vault.Status();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{dataKeys} data keys, institution key of generation {generation}, {vault.AllShredded().Count} patients shredded"));
            return Task.FromResult(0);
        }));
        return command;
    }

    static Command Rotate()
    {
        var command = new Command("rotate", "Makes a new institution key, wraps all data keys with it and destroys the one before. The node may be serving. Older copies of the data keys are worthless afterwards: copy them now.");
        command.SetAction((parsed, _) => Cli.Run(parsed, settings =>
        {
            using var vault = OpenVault(settings);
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var wrapped = vault.Rotate();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{wrapped} data keys wrapped anew in {watch.Elapsed.TotalSeconds:0.00} s; the institution key is of generation {vault.Status().Generation}"));
            return Task.FromResult(0);
        }));
        return command;
    }

    static Command Renew()
    {
        var command = new Command("renew", "Makes all keys anew (databases, data keys, cursors, OAuth, log of accesses), and encrypts everything with the new ones. The node must be stopped; when it is interrupted, run it again. Needs room for a second copy of the largest database.");
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            if (settings.Keys is not null)
                using (var vault = OpenVault(settings))
                {
                    var files = new[] { ("record", settings.Record), ("trust", settings.Trust) }.Where(one => one.Item2.Engine == Engine.Sqlite).ToList();
                    if (!vault.IsRenewing)
                        foreach (var (name, options) in files) Database.DemandAlone(options.Connection, vault.KeyOf(name));
                    vault.BeginRenewal();
                    foreach (var (name, options) in files)
                        if (vault.KeyBefore(name) is { } before && Database.Reseal(options.Connection, before, vault.KeyOf(name))) Console.WriteLine($"{options.Connection} has a new key");
                }
            await using var installation = await Installation.Open(settings, stop, isRenewal: true);
            if (installation.Vault is not null)
            {
                var versions = await installation.Store.SealBodies(isRenewal: true, stop);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{versions} versions have the new keys of their patients"));
            }
            await installation.Store.ForgetCursorKey(stop);
            OAuthKeys.Renew(OAuthKeys.FileIn(settings.Data, installation.Vault), KeptOAuthKeys);
            using var seal = new AccessSeal(installation.Trust, settings.Data, TimeProvider.System, installation.Vault);
            await seal.RenewKey(stop);
            if (installation.Vault is { IsRenewing: true } renewing) renewing.EndRenewal();
            Console.WriteLine($"The log of accesses is signed by {seal.Verifier} from now on: give this to its witnesses and to whoever checks it.");
            return 0;
        }));
        return command;
    }

    static Command Shred()
    {
        var patient = new Argument<string>("patient") { Description = "Patient/id" };
        var command = new Command("shred", "Destroys the data keys of a patient and removes the record. It cannot be undone, and holds for every backup. What several patients share, and the log of accesses, stay.") { patient };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            if (parsed.GetValue(patient) is not { } name || !name.StartsWith("Patient/", StringComparison.Ordinal)) throw new SettingsException($"{parsed.GetValue(patient)} is no patient; Patient/id was expected.");
            await using var installation = await Installation.Open(settings, stop);
            var vault = installation.Vault ?? throw NoKeys();
            var owner = installation.Store.Keys.Reference(name);
            await using var log = new AccessLog(installation.Trust, installation.Store.Keys, TimeProvider.System);
            await log.Append(new(Operator, new("shred", "Patient", name["Patient/".Length..]), null, [], 200) { Patients = [owner] }, AccessOrigin.Unknown, stop);
            await new Credentials(installation.Trust, TimeProvider.System).End(name, stop);
            var shredded = vault.Shred(owner);
            var versions = await installation.Store.Erase([shredded], stop);
            // A serving node may still have written with the old key for a moment; that belongs to what is gone.
            await Task.Delay(TimeSpan.FromSeconds(1.5), stop);
            versions += await installation.Store.Erase([shredded], stop);
            await NoticeOutbox.Forget(installation.Store.Database, name["Patient/".Length..], stop);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} is shredded: {versions} versions removed"));
            return 0;
        }));
        return command;
    }

    static Command Seal()
    {
        var command = new Command("seal", "Encrypts the data of a node that was not encrypted before. The node must be stopped. Blocks of the disk that held the old files are not overwritten: use a new disk, or wipe it.");
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            using (var vault = OpenVault(settings))
                foreach (var (name, options) in new[] { ("record", settings.Record), ("trust", settings.Trust) })
                    if (options.Engine == Engine.Sqlite && Database.Seal(options.Connection, vault.KeyOf(name))) Console.WriteLine($"{options.Connection} is encrypted");
            await using var installation = await Installation.Open(settings, stop);
            var versions = await installation.Store.SealBodies(isRenewal: false, stop);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{versions} versions encrypted with the keys of their patients"));
            return 0;
        }));
        return command;
    }

    static Vault OpenVault(Settings settings) => settings.OpenVault() ?? throw NoKeys();

    static SettingsException NoKeys() => new("Nothing is encrypted here: the setting keys is missing (file:/path/of/institution.key, or a PKCS#11 URI).");
}
