using System.CommandLine;
using System.Globalization;
using Tervik.Import;
using Tervik.Sample;

namespace Tervik.Serving;

/// <summary><c>tervik serve</c>, which <c>./tervik up</c> runs.</summary>
static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Serves the portal and the FHIR API; loads sample data into an empty demonstration node first.");
        command.SetAction((parsed, stop) => Cli.Run(parsed, settings => Run(settings, stop)));
        return command;
    }

    static async Task<int> Run(Settings settings, CancellationToken stop)
    {
        await using var installation = await Installation.Open(settings, stop);
        if (settings.Demo && (await installation.Store.Page(long.MinValue, 1, stop)).Count == 0) await SampleNation.Load(installation, stop);
        await using var app = Server.Build(settings, installation);
        await app.StartAsync(stop);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Tervik is at {settings.Listen}/ (FHIR at {settings.Listen}/fhir)"));
        if (settings.Demo)
        {
            Console.WriteLine($"  Sign in as a patient:      {SampleNation.PatientName}");
            Console.WriteLine($"  Sign in as a professional: {SampleNation.ProfessionalName}");
        }
        await app.WaitForShutdownAsync(stop);
        return 0;
    }
}
