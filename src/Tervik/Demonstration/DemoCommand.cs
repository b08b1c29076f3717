using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Tervik.Demo;

namespace Tervik.Demonstration;

/// <summary><c>tervik demo</c></summary>
static class DemoCommand
{
    public static Command Create()
    {
        var patients = new Option<int>("--patients") { Description = "So many patients in all; the people of the tour are always among them.", DefaultValueFactory = _ => 1000 };
        var seed = new Option<long>("--seed") { Description = "Another seed, another nation; the same seed and day, the same bytes.", DefaultValueFactory = _ => Nation.DefaultSeed };
        var today = new Option<string?>("--today") { Description = "The day on which the nation is looked at, yyyy-MM-dd; default today." };
        var command = new Command("demo", "Generates the demo nation and stores it. Repeating adds nothing; a larger number only adds.") { patients, seed, today };
        command.SetAction((parsed, stop) => Cli.Run(parsed, settings => Run(settings, parsed.GetValue(patients), parsed.GetValue(seed), parsed.GetValue(today), stop)));
        return command;
    }

    static async Task<int> Run(Settings settings, int patients, long seed, string? today, CancellationToken stop)
    {
        if (patients < 1) throw new SettingsException($"--patients is {patients}; a number from 1 was expected.");
        var nation = new Nation(seed, Day(today));
        await using var installation = await Installation.Open(settings, stop);
        var loader = new NationLoader(nation, installation.Store);
        var result = await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(progress =>
        {
            var task = progress.AddTask("Demo nation", maxValue: Math.Max(patients, Nation.Fewest));
            return loader.Load(patients, (lived, resources) =>
            {
                task.Value = lived;
                task.Description = string.Create(CultureInfo.InvariantCulture, $"Demo nation ({lived} patients, {resources} resources)");
            }, stop);
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Written} resources written, {result.Unchanged} unchanged in {result.Time.TotalSeconds:0.0} s ({result.PerSecond:0} resources/s)"));
        return 0;
    }

    static DateOnly Day(string? text)
    {
        var day = DateOnly.FromDateTime(TimeProvider.System.GetLocalNow().DateTime);
        if (text is not null && !DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) || day < Nation.FirstDay)
            throw new SettingsException(string.Create(CultureInfo.InvariantCulture, $"--today is {text ?? "the clock's day"}; a day from {Nation.FirstDay:yyyy-MM-dd} was expected."));
        return day;
    }
}
