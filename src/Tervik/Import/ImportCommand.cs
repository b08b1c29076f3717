using System.CommandLine;
using System.Globalization;
using Spectre.Console;

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
        return Report(await Progress(installation, Importer.Files(paths), "Importing", stop));
    }

    public static async Task<ImportResult> Progress(Installation installation, IReadOnlyList<string> files, string title, CancellationToken stop)
    {
        var importer = new Importer(installation.Store);
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
        foreach (var (reason, count) in result.Reasons.OrderByDescending(pair => pair.Value)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {reason}: {count}"));
        foreach (var example in result.Examples.Take(20)) Console.WriteLine($"  {example}");
        if (result.Examples.Count > 20) Console.WriteLine($"  … and {result.Examples.Count - 20} more");
        return result.Refused == 0 ? 0 : 2;
    }
}
