using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Search;
using Tervik.Trust;
using Tervik.Trust.AuditLog;
using Tervik.Trust.SealedLog;
using Tervik.Trust.Snooping;

namespace Tervik.Audit;

/// <summary><c>tervik audit</c>: is the log of accesses whole, and whom does an account's misuse concern.</summary>
static class AuditCommand
{
    public static Command Create() => new("audit", "The log of accesses.") { Verify(), Scope(), Alerts(), Export() };

    static Command Verify()
    {
        var checkpoints = new Option<string[]>("--checkpoint") { Description = "A head of the log that was kept elsewhere (a file of a witness, a download). May be repeated.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("verify", "Checks every event, tile and signed head. What was changed, left out, moved or cut off is named; then the exit code is 3.") { checkpoints };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            using var seal = new AccessSeal(installation.Trust, settings.Data, TimeProvider.System, installation.Vault);
            if (!File.Exists(seal.KeyFile)) throw new SettingsException($"There is no key of the log at {seal.KeyFile}: this node never served, or --data is another folder.");
            var heads = new List<SealVerification.Witnessed>();
            foreach (var file in parsed.GetValue(checkpoints) ?? []) heads.Add(new(file, await File.ReadAllTextAsync(file, stop)));
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var report = await new SealVerification(installation.Trust, installation.Store.Keys).Run(seal, heads, stop);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Events} events in the tree, {report.Unsealed} not sealed yet, {report.Checkpoints} signed heads, {report.Findings.Count} findings, {watch.Elapsed.TotalSeconds:0.0} s"));
            foreach (var finding in report.Findings) Console.WriteLine($"  {finding}");
            return report.Findings.Count == 0 ? 0 : 3;
        }));
        return command;
    }

    static Command Scope()
    {
        var account = new Option<string>("--account") { Description = "Practitioner/id, Patient/id or client/name.", Required = true };
        var from = new Option<DateTimeOffset>("--from") { Description = "First moment, such as 2026-11-01 or 2026-11-01T08:00+02:00.", Required = true };
        var to = new Option<DateTimeOffset>("--to") { Description = "The moment it ends, not part of it.", Required = true };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Command("scope", "Lists each patient whose data an account was given in a time, with the entries: whom to tell after a misuse.") { account, from, to, json };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            await using var log = new AccessLog(installation.Trust, installation.Store.Keys, TimeProvider.System);
            var scope = await AccessScope.Of(log, parsed.GetValue(account)!, parsed.GetValue(from).Us(), parsed.GetValue(to).Us(), stop);
            var names = await installation.Store.References(scope.Patients.Keys, stop);
            foreach (var (patient, seen) in scope.Patients.OrderBy(one => one.Value.First))
            {
                // Where the record is gone, the key still tells people apart.
                var name = names.GetValueOrDefault(patient) ?? string.Create(CultureInfo.InvariantCulture, $"key {patient}");
                if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(new { patient = name, accesses = seen.Accesses, first = Time(seen.First), last = Time(seen.Last), entries = seen.Entries.Order() }));
                else Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24} {seen.Accesses,6} accesses, {Time(seen.First)} to {Time(seen.Last)}: {string.Join(", ", seen.Entries.GroupBy(entry => entry.Split('/')[0]).OrderBy(type => type.Key).Select(type => $"{type.Count()} {type.Key}"))}"));
            }
            if (!parsed.GetValue(json)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scope.Patients.Count} patients, {scope.Accesses} accesses"));
            return 0;
        }));
        return command;
    }

    static Command Alerts()
    {
        const int Most = 100_000;
        var state = new Option<AlertState?>("--state") { Description = "Only those that are open, explained or confirmed." };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Command("alerts", "Lists what looks like curiosity in the log, newest first.") { state, json };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            var alerts = new Alerts(installation.Trust, new(installation.Store, TimeProvider.System), TimeProvider.System);
            var found = await alerts.All(parsed.GetValue(state), Most, stop);
            foreach (var alert in found)
                if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(new { id = alert.Id, rule = alert.Rule.ToString(), agent = alert.Agent, patient = alert.Patient, patients = alert.Patients, at = Time(alert.AtUs), raised = Time(alert.RaisedUs), reasons = alert.Reasons.ToString(), state = alert.State.ToString() }));
                else Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Time(alert.AtUs)}  {alert.State,-9}  {alert.Rule,-10}  {alert.Agent}, {alert.Patient ?? $"{alert.Patients} patients"}: {alert.Reasons}"));
            if (!parsed.GetValue(json)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{found.Count} alerts"));
            return 0;
        }));
        return command;
    }

    static Command Export()
    {
        const int Page = 1000;
        var after = new Option<long?>("--after") { Description = "Number of the last event that was taken; default from the beginning." };
        var follow = new Option<bool>("--follow") { Description = "Goes on with what is logged from now on, within a second, until it is stopped." };
        var command = new Command("export", "Writes the events, oldest first, one JSON object a line: for a system that keeps logs elsewhere. They hold who looked at whom: the other system must guard them likewise.") { after, follow };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            await using var log = new AccessLog(installation.Trust, installation.Store.Keys, TimeProvider.System);
            for (var last = parsed.GetValue(after) ?? long.MinValue; ;)
            {
                var events = await log.After(last, Page, stop);
                var patients = await installation.Store.References(events.SelectMany(one => one.Compartments).Distinct(), stop);
                foreach (var one in events)
                    Console.WriteLine(JsonSerializer.Serialize(new
                    {
                        @event = last = one.Event, at = one.At, agent = one.Agent, client = one.Client, purpose = one.Purpose, address = one.Address, interaction = one.Interaction.Name, type = one.Interaction.Type, id = one.Interaction.Id, query = one.Query,
                        patients = one.Compartments.Select(key => patients.GetValueOrDefault(key) ?? string.Create(CultureInfo.InvariantCulture, $"key {key}")), concerned = one.Concerned, resources = one.Resources, status = one.Status, request = one.Request,
                    }));
                if (events.Count == Page) continue;
                if (!parsed.GetValue(follow)) return 0;
                await Task.Delay(TimeSpan.FromSeconds(0.5), stop);
            }
        }));
        return command;
    }

    static string Time(long us) => Clock.Time(us).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
