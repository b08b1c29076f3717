using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Trust.Identity.OAuth;

namespace Tervik.Apps;

/// <summary><c>tervik app</c>: the applications of others that people and institutions may use here.</summary>
static class AppCommand
{
    public static Command Create()
    {
        var command = new Command("app", "Registers, lists and removes applications (SMART App Launch, backend services).");
        command.Add(Add());
        command.Add(List());
        command.Add(Remove());
        return command;
    }

    static Command Add()
    {
        var id = new Argument<string>("id") { Description = "Its client id." };
        var name = new Option<string?>("--name") { Description = "As people read it; default the id." };
        var redirect = new Option<string[]>("--redirect") { Description = "Where codes go, compared exactly. May be repeated." };
        var launch = new Option<string?>("--launch") { Description = "Where it is launched from the portal." };
        var home = new Option<string?>("--home") { Description = "Where one begins to use it." };
        var secret = new Option<string?>("--secret") { Description = "Its secret, at least 32 characters." };
        var keys = new Option<string?>("--keys") { Description = "File with its public keys, a JSON Web Key Set (private_key_jwt)." };
        var backend = new Option<bool>("--backend") { Description = "It asks for itself, with system/ scopes." };
        var exchange = new Option<bool>("--exchange") { Description = "It may exchange tokens of people for its own (RFC 8693)." };
        var scopes = new Option<string?>("--scopes") { Description = $"What it may ask for, separated by spaces, such as \"patient/*.rs launch/patient\". Default {string.Join(' ', App.UsualScopes)}; with --backend they must be named." };
        var command = new Command("add", "Registers an application, or changes the one of this id.") { id, name, redirect, launch, home, secret, keys, backend, exchange, scopes };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            await using var services = Services(installation);
            IReadOnlyList<string> wanted = parsed.GetValue(scopes)?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [.. App.UsualScopes];
            var (understood, fault) = SmartScopes.Read(wanted, installation.Store.Indexer.Parameters);
            if (understood is null) throw new SettingsException(fault!);
            try
            {
                await services.GetRequiredService<AppRegister>().Register(new(parsed.GetValue(id)!, parsed.GetValue(name) ?? parsed.GetValue(id)!, parsed.GetValue(redirect) ?? [], parsed.GetValue(launch), parsed.GetValue(home)) { Scopes = wanted },
                    understood, parsed.GetValue(secret), parsed.GetValue(keys) is { } file ? await File.ReadAllTextAsync(file, stop) : null, parsed.GetValue(backend), parsed.GetValue(exchange), stop);
            }
            catch (ArgumentException wrong)
            {
                throw new SettingsException(wrong.Message);
            }
            Console.WriteLine($"{parsed.GetValue(id)} is registered.");
            return 0;
        }));
        return command;
    }

    static Command List()
    {
        var command = new Command("list", "Lists the applications that people can use.");
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            await using var services = Services(installation);
            foreach (var app in await services.GetRequiredService<AppRegister>().All(stop)) Console.WriteLine($"{app.ClientId}\t{app.Name}\t{string.Join(' ', app.RedirectUris)}\t{string.Join(' ', app.Scopes)}");
            return 0;
        }));
        return command;
    }

    static Command Remove()
    {
        var id = new Argument<string>("id") { Description = "Its client id." };
        var command = new Command("remove", "Removes an application; what was allowed to it ends.") { id };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            await using var installation = await Installation.Open(settings, stop);
            await using var services = Services(installation);
            if (!await services.GetRequiredService<AppRegister>().Remove(parsed.GetValue(id)!, stop)) throw new SettingsException($"There is no application {parsed.GetValue(id)}.");
            return 0;
        }));
        return command;
    }

    static ServiceProvider Services(Installation installation) => new ServiceCollection().AddLogging().AddApps(installation.Trust).BuildServiceProvider();
}
