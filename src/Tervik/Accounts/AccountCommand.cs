using System.CommandLine;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;

namespace Tervik.Accounts;

/// <summary><c>tervik account</c>: what operators do about the accounts of people and programs.</summary>
static class AccountCommand
{
    /// <summary>Who it was, in the log of accesses.</summary>
    const string Operator = "client/operator";

    public static Command Create() => new("account", "The accounts of people and programs.") { End() };

    static Command End()
    {
        var who = new Argument<string?>("reference") { Description = "Patient/id, Practitioner/id or client/name.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Of everybody." };
        var command = new Command("end", "Ends the sessions, personal tokens and applications' accesses of an account. Nodes that are serving refuse them within a second. The account itself stays: who may sign in may do so again.") { who, all };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            var account = parsed.GetValue(who);
            if (account is null != parsed.GetValue(all)) throw new SettingsException("Either an account or --all was expected.");
            if (account is not null && Principal.KindOf(account) is null) throw new SettingsException($"{account} is no account; Patient/id, Practitioner/id or client/name was expected.");
            await using var installation = await Installation.Open(settings, stop);
            var ended = await new Credentials(installation.Trust, TimeProvider.System).End(account, stop);
            await using var log = new AccessLog(installation.Trust, installation.Store.Keys, TimeProvider.System);
            IReadOnlyList<long> patients = account is not null && account.StartsWith("Patient/", StringComparison.Ordinal) ? [installation.Store.Keys.Reference(account)] : [];
            await log.Append(new(Operator, new("end-account", null), $"{account ?? "all accounts"}: {ended}", [], 200) { Patients = patients }, AccessOrigin.Unknown, stop);
            Console.WriteLine($"Ended: {ended}");
            return 0;
        }));
        return command;
    }
}
