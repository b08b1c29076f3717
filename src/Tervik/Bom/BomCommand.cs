using System.CommandLine;
using System.Text.Json;

namespace Tervik.Bom;

/// <summary><c>tervik bom</c>: the bill of materials of this very program.</summary>
static class BomCommand
{
    static readonly JsonWriterOptions Indented = new() { Indented = true };

    public static Command Create()
    {
        var command = new Command("bom", "Writes the bill of materials of the program (CycloneDX 1.6, JSON): every library with its version and hash, and what was taken from npm.");
        var ages = new Option<string?>("--ages") { Description = "Holds the components against the times of docs/security/updates.md instead: ./tervik bom --ages asks the package sources first. Exit code 1 when one is over its time, 2 when that is not known." };
        command.Add(ages);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(ages) is { } facts)
            {
                using var found = JsonDocument.Parse(File.ReadAllBytes(facts));
                using var held = new StreamReader(typeof(BomCommand).Assembly.GetManifestResourceStream("held-back.tsv") ?? throw new InvalidOperationException("The program was built without its held-back.tsv."));
                return Ages.Report(found.RootElement, HeldBack.Read(held), DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime), Console.Out);
            }
            using var dependencies = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "tervik.deps.json")));
            using var file = typeof(BomCommand).Assembly.GetManifestResourceStream("package-lock.json") ?? throw new InvalidOperationException("The program was built without its package-lock.json.");
            using var packageLock = JsonDocument.Parse(file);
            using var output = Console.OpenStandardOutput();
            using var json = new Utf8JsonWriter(output, Indented);
            BillOfMaterials.Write(json, dependencies.RootElement, packageLock.RootElement, Environment.Version);
            return 0;
        });
        return command;
    }
}
