using System.CommandLine;
using System.Globalization;
using Tervik.Accounts;
using Tervik.Apps;
using Tervik.Audit;
using Tervik.Bom;
using Tervik.Care.Booking;
using Tervik.Export;
using Tervik.Import;
using Tervik.Keys;
using Tervik.Records.Resources;
using Tervik.Serving;
using Tervik.Storage;
using Tervik.Trust.Identity;

namespace Tervik;

/// <summary>The commands.</summary>
static class Cli
{
    static readonly Option<string?> SettingsFile = new("--settings") { Description = "Settings file; default tervik.json in this folder.", Recursive = true };
    static readonly Option<string?> Data = new("--data") { Description = "Folder of the embedded database; default ./data.", Recursive = true };
    static readonly Option<string?> DatabaseOption = new("--database") { Description = "PostgreSQL connection string (Host=…) instead of the embedded database.", Recursive = true };
    static readonly Option<string?> Listen = new("--listen") { Description = "Address to serve at; default http://127.0.0.1:8080.", Recursive = true };
    static readonly Option<string?> Demo = new("--demo") { Description = "true or false: demo nation and demonstration sign-in; default true on loopback only.", Recursive = true };
    static readonly Option<string[]> Others = new("--set") { Description = "Any other setting: --set deepestChain=3. May be repeated.", Recursive = true };

    public static RootCommand Create()
    {
        var root = new RootCommand("Tervik, a national health cloud.") { SettingsFile, Data, DatabaseOption, Listen, Demo, Others };
        root.Add(ServeCommand.Create());
        root.Add(ImportCommand.Create());
        root.Add(ExportCommand.Create());
        if (DemoParts.Built is { } demonstration) root.Add(demonstration.Command());
        root.Add(Verify());
        root.Add(Token());
        root.Add(AppCommand.Create());
        root.Add(AccountCommand.Create());
        root.Add(AuditCommand.Create());
        root.Add(WitnessCommand.Create());
        root.Add(KeysCommand.Create());
        root.Add(BomCommand.Create());
        return root;
    }

    /// <summary>Runs a command with the settings of its flags; what an operator can mend is one line on the error output and exit code 1.</summary>
    public static async Task<int> Run(ParseResult parsed, Func<Settings, Task<int>> command)
    {
        try
        {
            var flags = new Dictionary<string, string?>
            {
                ["data"] = parsed.GetValue(Data),
                ["database"] = parsed.GetValue(DatabaseOption),
                ["listen"] = parsed.GetValue(Listen),
                ["demo"] = parsed.GetValue(Demo),
            };
            foreach (var other in parsed.GetValue(Others) ?? [])
                flags[other.Split('=')[0]] = other.Contains('=', StringComparison.Ordinal) ? other[(other.IndexOf('=', StringComparison.Ordinal) + 1)..] : "";
            return await command(Settings.Load(parsed.GetValue(SettingsFile), flags));
        }
        catch (Exception fault) when (fault is SettingsException or StorageException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return 130;
        }
    }

    static Command Verify()
    {
        var command = new Command("verify", "Checks the whole store: hashes, history without gaps, every index row against a new extraction, and who has which time of a calendar against the appointments.");
        command.SetAction((parsed, stop) => Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            var result = await new Verification(installation.Store).Run(null, stop);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Resources} resources, {result.Versions} versions, {result.IndexRows} index rows, {result.Findings.Count} findings"));
            foreach (var finding in result.Findings) Console.WriteLine($"  {finding}");
            var booked = await new BookingVerification(installation.Store, TimeProvider.System).Run(stop);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{booked.Claims} claims on calendars, {booked.Appointments} appointments to come that take some{(booked.NotFollowed > 0 ? $", {booked.NotFollowed} not yet gone through" : "")}, {booked.Findings.Count} findings"));
            foreach (var finding in booked.Findings) Console.WriteLine($"  {finding}");
            return result.Findings.Count + booked.Findings.Count == 0 ? 0 : 3;
        }));
        return command;
    }

    static Command Token()
    {
        var agent = new Argument<string>("agent") { Description = "For whom: Patient/id, Practitioner/id, or the name of a system client." };
        var scope = new Option<string>("--scope") { Description = "read, write, or readwrite.", DefaultValueFactory = _ => "readwrite" };
        var days = new Option<int>("--days") { Description = "Valid for so many days.", DefaultValueFactory = _ => 30 };
        var command = new Command("token", "Issues a bearer token for an API client. It is shown once.") { agent, scope, days };
        command.SetAction((parsed, stop) => Run(parsed, async settings =>
        {
            var wanted = parsed.GetValue(scope) switch { "read" => Scope.Read, "write" => Scope.Write, "readwrite" => Scope.Read | Scope.Write, var other => throw new SettingsException($"The scope is {other}; read, write or readwrite was expected.") };
            await using var installation = await Installation.Open(settings, stop);
            var (_, secret) = await new AccessTokens(installation.Trust, TimeProvider.System).Issue(parsed.GetValue(agent)!, wanted, "command line", TimeSpan.FromDays(parsed.GetValue(days)), stop);
            Console.WriteLine(secret);
            return 0;
        }));
        return command;
    }
}
