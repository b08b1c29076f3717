using System.CommandLine;
using System.Globalization;

namespace Tervik.Serving;

/// <summary><c>tervik serve</c>, which <c>./tervik up</c> runs.</summary>
static partial class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Serves the portal and the FHIR API; loads the demo nation into an empty demonstration node first.");
        command.SetAction((parsed, stop) => Cli.Run(parsed, settings => Run(settings, stop)));
        return command;
    }

    static async Task<int> Run(Settings settings, CancellationToken stop)
    {
        if (settings.WhyNotServed is { } why) throw new SettingsException(why);
        await using var installation = await Installation.Open(settings, stop);
        if (settings.Demo && (await installation.Store.Page(long.MinValue, 1, stop)).Count == 0) await (DemoParts.Built?.Load(settings, installation, stop) ?? Task.CompletedTask);
        await using var app = Server.Build(settings, installation);
        await app.StartAsync(stop);
        if (settings.Notice is { } notice) LogNotice(app.Logger, notice);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Tervik is at {settings.Listen}/ (FHIR at {settings.Listen}/fhir)"));
        if (settings.AtRest is { } said) Console.WriteLine($"  {said}");
        if (settings.Demo) DemoParts.Built?.Greet();
        await app.WaitForShutdownAsync(stop);
        return 0;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Notice}")]
    static partial void LogNotice(ILogger logger, string notice);
}
