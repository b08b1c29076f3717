using System.CommandLine;
using System.Text;
using Tervik.Storage.Sealing;
using Tervik.Trust.SealedLog;

namespace Tervik.Audit;

/// <summary><c>tervik witness</c>: signs the heads of other nodes' logs, as long as each begins with the one before.</summary>
static class WitnessCommand
{
    const int LongestRequest = 96 * 1024;

    public static Command Create()
    {
        var logs = new Option<string[]>("--log") { Description = "Key of a log (name+hash+key), as its node gives it at /access-log/key. May be repeated.", Required = true, AllowMultipleArgumentsPerToken = true };
        var name = new Option<string>("--name") { Description = "Name of the witness, when its key is made.", DefaultValueFactory = _ => "witness" };
        var command = new Command("witness", "Signs the heads of other nodes' logs of accesses (C2SP tlog-witness); its key and what it has seen lie in --data.") { logs, name };
        command.SetAction((parsed, stop) => Cli.Run(parsed, async settings =>
        {
            using var vault = settings.OpenVault();
            using var witness = Open(settings.Data, parsed.GetValue(name)!, parsed.GetValue(logs)!, vault);
            var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
            builder.WebHost.UseUrls(settings.Listen).ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = LongestRequest);
            builder.Logging.ClearProviders().AddJsonConsole().SetMinimumLevel(LogLevel.Warning);
            await using var app = builder.Build();
            app.MapPost("/add-checkpoint", async (HttpContext request) =>
            {
                using var reader = new StreamReader(request.Request.Body, Encoding.UTF8);
                var (status, text) = await witness.Add(await reader.ReadToEndAsync(request.RequestAborted), request.RequestAborted);
                return Results.Text(text, status == StatusCodes.Status409Conflict ? "text/x.tlog.size" : "text/plain; charset=utf-8", statusCode: status);
            });
            app.MapGet("/key", () => Results.Text($"{witness.Verifier}\n", "text/plain; charset=utf-8"));
            app.MapGet("/health/ready", () => Results.Text("ready"));
            await app.StartAsync(stop);
            Console.WriteLine($"Witness {witness.Verifier} at {settings.Listen}/");
            await app.WaitForShutdownAsync(stop);
            return 0;
        }));
        return command;
    }

    static Witness Open(string folder, string name, string[] logs, Vault? vault)
    {
        try
        {
            return new(folder, name, [.. logs.Select(NoteVerifier.Parse)], TimeProvider.System, vault);
        }
        catch (FormatException fault)
        {
            throw new SettingsException(fault.Message);
        }
    }
}
