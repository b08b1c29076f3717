using System.CommandLine;
using System.Globalization;
using Tervik.Records.Resources;

namespace Tervik.Export;

/// <summary><c>tervik export FOLDER</c>: one NDJSON file per type, as in FHIR Bulk Data.</summary>
static class ExportCommand
{
    const int PageSize = 1000;

    public static Command Create()
    {
        var folder = new Argument<string>("folder") { Description = "Where the files go; created when absent." };
        var types = new Option<string[]>("--type") { Description = "Only these resource types." };
        var command = new Command("export", "Writes the current version of every resource as NDJSON, one file per type.") { folder, types };
        command.SetAction((parsed, stop) => Cli.Run(parsed, settings => Run(settings, parsed.GetValue(folder)!, parsed.GetValue(types) ?? [], stop)));
        return command;
    }

    static async Task<int> Run(Settings settings, string folder, string[] types, CancellationToken stop)
    {
        await using var installation = await Installation.Open(settings, stop);
        Directory.CreateDirectory(folder);
        var files = new Dictionary<string, FileStream>(StringComparer.Ordinal);
        var written = 0L;
        try
        {
            for (var after = long.MinValue; ;)
            {
                var page = await installation.Store.Page(after, PageSize, stop);
                if (page.Count == 0) break;
                foreach (var resource in page.Where(resource => !resource.IsDeleted && (types.Length == 0 || types.Contains(resource.Type))))
                {
                    if (!files.TryGetValue(resource.Type, out var file)) files.Add(resource.Type, file = File.Create(Path.Combine(folder, $"{resource.Type}.ndjson")));
                    file.Write(resource.Body);
                    file.WriteByte((byte)'\n');
                    written++;
                }
                after = page[^1].Pk;
            }
        }
        finally
        {
            foreach (var file in files.Values) await file.DisposeAsync();
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{written} resources of {files.Count} types written to {folder}"));
        return 0;
    }
}
