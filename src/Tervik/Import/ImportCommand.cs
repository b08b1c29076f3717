using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Tervik.Records.Files;

namespace Tervik.Import;

/// <summary><c>tervik import PATH…</c></summary>
static class ImportCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("path") { Description = "Bundles or resources (.json, .xml, also .gz), NDJSON (.ndjson, also .gz), or folders of them.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("import", "Brings FHIR data into the record. Repeating adds nothing; an import that was cut resumes.") { paths };
        command.SetAction((parsed, stop) => Cli.Run(parsed, settings => Run(settings, parsed.GetValue(paths)!, stop)));
        return command;
    }

    static async Task<int> Run(Settings settings, string[] paths, CancellationToken stop)
    {
        await using var installation = await Installation.Open(settings, stop);
        return Report(await Progress(installation, settings, Importer.Files(paths), "Importing", stop));
    }

    public static async Task<ImportResult> Progress(Installation installation, Settings settings, IReadOnlyList<string> files, string title, CancellationToken stop)
    {
        var importer = new Importer(installation.Store, settings.Rest.Files.Scanner is { } place ? new MalwareScanner(place) : null);
        return await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(async progress =>
        {
            var task = progress.AddTask(title, maxValue: files.Count);
            return await importer.Run(files, _ =>
            {
                task.Increment(1);
                task.Description = string.Create(CultureInfo.InvariantCulture, $"{title} ({importer.Handled} resources)");
            }, stop);
        });
    }

    static int Report(ImportResult result)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Written} written, {result.Unchanged} unchanged, {result.Refused} refused in {result.Time.TotalSeconds:0.0} s ({result.PerSecond:0} resources/s)"));
        if (result.Open > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {result.Open} conditional references found nothing, or several resources, and stay as they are"));
        if (result.Unfit > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  warning: {result.Unfit} files are kept as they came, although their content does not fit their type:"));
        Lines(result.Warnings);
        foreach (var (reason, count) in result.Reasons.OrderByDescending(pair => pair.Value)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {reason}: {count}"));
        Lines(result.Examples);
        return result.Refused == 0 ? 0 : 2;
    }

    static void Lines(IReadOnlyList<string> lines)
    {
        foreach (var line in lines.Take(20)) Console.WriteLine($"  {line}");
        if (lines.Count > 20) Console.WriteLine($"  … and {lines.Count - 20} more");
    }
}
