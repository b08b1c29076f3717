using System.Net;
using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.Portal;

/// <summary>Records that nobody here wrote: every page of every patient, as the patient and as a professional who treats them, opens and has a name.</summary>
public sealed partial class ForeignRecordsTests : IAsyncLifetime
{
    static readonly string[] Sources = ["synthea", "ig/ips", "ig/dk-core", "ig/kr-core"];
    /// <summary>So many entries are opened from each page.</summary>
    const int EntriesPerPage = 2;

    readonly Node node = new();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (Directory.Exists(SharedData.Root)) await node.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(SharedData.Root)) await node.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Every_page_of_every_foreign_patient_opens_and_has_a_name()
    {
        string[] folders = [.. Sources.Select(source => SharedData.Path(source.Split('/')))];
        var before = await Patients();
        await node.Run(["import", .. folders]);
        var patients = (await Patients()).Except(before).ToList();
        Assert.True(patients.Count >= 100, $"Only {patients.Count} patients were imported.");
        var faults = new List<string>();
        var pages = 0;
        await Parallel.ForEachAsync(patients, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Stop }, async (patient, stop) =>
        {
            using var self = await SignIn($"Patient/{patient}");
            var count = await Crawl(self, patient, faults);
            if (professionals.GetValueOrDefault(patient) is { } professional)
            {
                // The visits of these records are long over: a new one makes them the professional's patients.
                await TestPatient.Put(node, $"Appointment/f-{patient}", $$"""{"resourceType":"Appointment","id":"f-{{patient}}","status":"booked","start":"{{DateTime.UtcNow:yyyy-MM-dd}}T08:00:00Z","end":"{{DateTime.UtcNow:yyyy-MM-dd}}T08:30:00Z","participant":[{"actor":{"reference":"Patient/{{patient}}"},"status":"accepted"},{"actor":{"reference":"{{professional}}"},"status":"accepted"}]}""");
                using var treating = await SignIn(professional);
                count += await Crawl(treating, patient, faults);
            }
            Interlocked.Add(ref pages, count);
        });
        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join('\n', faults.Order(StringComparer.Ordinal).Take(50))}");
        Assert.True(pages > patients.Count * 15, $"Only {pages} pages of {patients.Count} patients were opened.");
    }

    /// <summary>Opens every page that the menu of the record offers, and some entries of each.</summary>
    static async Task<int> Crawl(HttpClient client, string patient, List<string> faults)
    {
        var waiting = new Queue<string>([$"/patients/{patient}"]);
        var seen = new HashSet<string>(StringComparer.Ordinal) { $"/patients/{patient}" };
        while (waiting.TryDequeue(out var path))
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
            if (answer.Content.Headers.ContentType?.MediaType != "text/html")
            {
                if (!answer.IsSuccessStatusCode) Add(faults, $"{path} answered {(int)answer.StatusCode}");
                continue;
            }
            var html = await answer.Content.ReadAsStringAsync(Stop);
            if (!answer.IsSuccessStatusCode) Add(faults, $"{path} answered {(int)answer.StatusCode}");
            var title = WebUtility.HtmlDecode(Title().Match(html).Groups[1].Value);
            if (!path.Contains("summary", StringComparison.Ordinal) && (title.StartsWith('–') || title.StartsWith(' ') || title.Contains("–  –", StringComparison.Ordinal))) Add(faults, $"{path} has the title {title}");
            if (EmptyName().Match(html) is { Success: true } empty) Add(faults, $"{path} has an empty name: {empty.Value}");
            var entries = 0;
            foreach (var link in Link().Matches(html).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)))
            {
                if (!link.StartsWith($"/patients/{patient}/", StringComparison.Ordinal)) continue;
                var isEntry = link.Contains("/entry/", StringComparison.Ordinal) || link.Contains('?', StringComparison.Ordinal) || link.Contains("/documents/", StringComparison.Ordinal);
                if (isEntry && (path.Contains("/entry/", StringComparison.Ordinal) || entries >= EntriesPerPage)) continue;
                if (!seen.Add(link)) continue;
                if (isEntry) entries++;
                waiting.Enqueue(link);
            }
        }
        return seen.Count;
    }

    static void Add(List<string> faults, string fault)
    {
        lock (faults) faults.Add(fault);
    }

    async Task<List<string>> Patients()
    {
        var folder = Directory.CreateTempSubdirectory("tervik-crawl-").FullName;
        await node.Run(["export", folder, "--type", "Patient", "--type", "Encounter"]);
        var patients = (await File.ReadAllLinesAsync(Path.Combine(folder, "Patient.ndjson"), Stop)).Select(line => Id().Match(line).Groups[1].Value).ToList();
        professionals.Clear();
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(folder, "Encounter.ndjson"), Stop))
            if (Treated().Match(line) is { Success: true } patient && Treating().Match(line) is { Success: true } professional) professionals.TryAdd(patient.Groups[1].Value, professional.Groups[1].Value);
        Directory.Delete(folder, recursive: true);
        return patients;
    }

    /// <summary>A professional of one of the patient's encounters.</summary>
    readonly Dictionary<string, string> professionals = [];

    async Task<HttpClient> SignIn(string reference)
    {
        var client = new HttpClient { BaseAddress = new Uri(node.Address), Timeout = TimeSpan.FromMinutes(2) };
        var page = await client.GetStringAsync(new Uri("/sign-in", UriKind.Relative), Stop);
        using var form = new FormUrlEncodedContent([new("form-token", FormToken().Match(page).Groups[1].Value), new("to", "/account"), new("person", reference)]);
        using var answer = await client.PostAsync(new Uri("/sign-in", UriKind.Relative), form, Stop);
        Assert.True(answer.IsSuccessStatusCode, $"Signing in as {reference} answered {(int)answer.StatusCode}.");
        return client;
    }

    [GeneratedRegex("<title>(.*?)</title>", RegexOptions.Singleline)]
    private static partial Regex Title();

    [GeneratedRegex("""<(?:a|h[1-4]|th|dt)\b[^>]*>\s*</(?:a|h[1-4]|th|dt)>""")]
    private static partial Regex EmptyName();

    [GeneratedRegex("""<a\b[^>]*\bhref="([^"#]+)["#]""")]
    private static partial Regex Link();

    [GeneratedRegex("\"id\":\"([^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("\"subject\":\\{[^}]*\"reference\":\"Patient/([^\"]+)\"")]
    private static partial Regex Treated();

    [GeneratedRegex("\"individual\":\\{[^}]*\"reference\":\"(Practitioner/[^\"]+)\"")]
    private static partial Regex Treating();

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}
