using System.Globalization;
using System.Text.Json;

namespace Tervik.Bench;

/// <summary>The portal of a hospital in a full month: 200 practitioners and 50,000 appointments. How long each page of appointments takes, asked one at a time.</summary>
static class ClinicBench
{
    const int PerUnit = 10, Days = 31, Minutes = 20, Bound = 50, WeekBound = 100;

    /// <summary>One page.</summary>
    /// <param name="Name">Which.</param>
    /// <param name="P50Ms">Time of half of the answers: the server's time and the way over loopback.</param>
    /// <param name="P99Ms">Of 99 in 100.</param>
    /// <param name="BoundMs">What is aimed at, for the 99.</param>
    /// <param name="Kilobytes">Size of the page.</param>
    /// <param name="Failures">Answers other than 200.</param>
    sealed record Line(string Name, double P50Ms, double P99Ms, int BoundMs, double Kilobytes, long Failures);

    public static async Task<int> Run(string[] options)
    {
        var practitioners = int.Parse(RecordBench.Option(options, "--practitioners") ?? "200", CultureInfo.InvariantCulture);
        var appointments = int.Parse(RecordBench.Option(options, "--appointments") ?? "50000", CultureInfo.InvariantCulture);
        var seconds = int.Parse(RecordBench.Option(options, "--seconds") ?? "4", CultureInfo.InvariantCulture);
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench clinic.");
        var folder = Directory.CreateTempSubdirectory("tervik-clinic-").FullName;
        try
        {
            var ndjson = Path.Combine(folder, "hospital.ndjson");
            await File.WriteAllLinesAsync(ndjson, Hospital(practitioners, appointments));
            Console.WriteLine((await RecordBench.Output(program, ["import", ndjson, "--data", folder, "--demo", "false"])).Trim().Split('\n')[^1]);
            File.Delete(ndjson);
            var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
            using var server = RecordBench.Start(program, ["serve", "--listen", address, "--demo", "true", "--data", folder]);
            _ = server.StandardOutput.ReadToEndAsync();
            await RecordBench.Ready(address + "/health/ready");
            try
            {
                await Followed(address, appointments - 1, practitioners);
                return await Measure(address, seconds, RecordBench.Option(options, "--json"));
            }
            finally
            {
                server.Kill(entireProcessTree: true);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What was imported is followed into the calendars, in its order: waits until the time of the last is no longer offered.</summary>
    static async Task Followed(string address, int last, int practitioners)
    {
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        http.DefaultRequestHeaders.Add("Cookie", await PortalBench.SignIn(address, "Patient/p0"));
        var start = Start(last, practitioners);
        var page = new Uri($"/patients/p0/appointments/new?service=s{last % practitioners}&from={start:yyyy-MM-dd}", UriKind.Relative);
        for (var until = DateTime.UtcNow.AddMinutes(2); (await http.GetStringAsync(page)).Contains($"{start:yyyy-MM-dd'T'HH:mm:ss}+00:00", StringComparison.Ordinal); await Task.Delay(500))
            if (DateTime.UtcNow > until) throw new InvalidOperationException($"Appointment/a{last} was not followed into its calendar in two minutes.");
    }

    // Of each doctor the times one after the other, so that none has two; the first of all is of the first patient, tomorrow.
    static DateTime Start(int appointment, int practitioners) => appointment / practitioners is var number ? DateTime.UtcNow.Date.AddDays(number % Days + 1).AddHours(8).AddMinutes(number / Days * Minutes) : default;

    static async Task<int> Measure(string address, int seconds, string? jsonFile)
    {
        var middle = DateTime.Today.AddDays(Days / 2);
        var (staff, patient) = (await PortalBench.SignIn(address, "Practitioner/d0"), await PortalBench.SignIn(address, "Patient/p0"));
        (string Cookie, string Who, string Page, int Bound)[] pages =
        [
            (staff, "professional", "/calendar", Bound), (staff, "professional", $"/calendar?day={middle:yyyy-MM-dd}", Bound), (staff, "professional", $"/calendar?of=d0&day={middle:yyyy-MM-dd}", WeekBound), (staff, "professional", "/calendar/absences", Bound),
            (staff, "professional", "/calendar/waiting", Bound), (staff, "professional", "/today", Bound), (staff, "professional", "/messages", Bound), (staff, "professional", "/patients/p0/appointments", Bound),
            (staff, "professional", "/patients/p0/appointments/a0", Bound), (staff, "professional", "/patients/p0/appointments/new?service=s0", Bound),
            (patient, "patient", "/patients/p0/appointments", Bound), (patient, "patient", "/patients/p0/appointments/a0", Bound), (patient, "patient", "/patients/p0/appointments/new?service=s0", Bound), (patient, "patient", "/messages", Bound),
        ];
        var lines = new List<Line>();
        Console.WriteLine($"{"",-58}{"p50 ms",9}{"p99 ms",9}{"aim",6}{"KB",6}{"failed",8}");
        foreach (var (cookie, who, page, bound) in pages)
        {
            var measured = await PortalBench.Load(address + page, cookie, readers: 1, seconds);
            lines.Add(new($"{who} {page}", measured.P50Ms, measured.P99Ms, bound, measured.Kilobytes, measured.Failures));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lines[^1].Name,-58}{measured.P50Ms,9:0.0}{measured.P99Ms,9:0.0}{bound,6}{measured.Kilobytes,6:0}{measured.Failures,8}"));
        }
        if (jsonFile is not null) await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(lines));
        return lines.Exists(line => line.Failures > 0) ? 2 : 0;
    }

    /// <summary>Units of ten people, each with a calendar from eight to five on every day; appointments of twenty minutes spread over a month from today.</summary>
    static IEnumerable<string> Hospital(int practitioners, int appointments)
    {
        var patients = appointments / 10;
        yield return """{"resourceType":"Organization","id":"hospital","name":"Hospital"}""";
        for (var p = 0; p < patients; p++) yield return $$$"""{"resourceType":"Patient","id":"p{{{p}}}","name":[{"family":"Family{{{p}}}","given":["Given"]}],"birthDate":"19{{{p % 90 + 10}}}-05-0{{{p % 9 + 1}}}","gender":"{{{(p % 2 == 0 ? "female" : "male")}}}"}""";
        for (var d = 0; d < practitioners; d++)
        {
            if (d % PerUnit == 0) yield return $$$"""{"resourceType":"Organization","id":"u{{{d / PerUnit}}}","name":"Unit {{{d / PerUnit}}}","partOf":{"reference":"Organization/hospital"}}""";
            yield return $$$"""{"resourceType":"Practitioner","id":"d{{{d}}}","active":true,"name":[{"family":"Doctor{{{d}}}"}]}""";
            yield return $$$"""{"resourceType":"PractitionerRole","id":"r{{{d}}}","active":true,"practitioner":{"reference":"Practitioner/d{{{d}}}"},"organization":{"reference":"Organization/u{{{d / PerUnit}}}"}}""";
            yield return $$$$"""{"resourceType":"Schedule","id":"d{{{{d}}}}","active":true,"actor":[{"reference":"Practitioner/d{{{{d}}}}","display":"Doctor {{{{d}}}}"}],"extension":[{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"UTC"},{"url":"start","valueString":"2026-01-01T08:00"},{"url":"minutes","valuePositiveInt":540},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""";
            yield return $$$$"""{"resourceType":"HealthcareService","id":"s{{{{d}}}}","active":true,"name":"Consultation {{{{d}}}}","providedBy":{"reference":"Organization/u{{{{d / PerUnit}}}}"},"extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":{{{{Minutes}}}}},{"url":"by","valueCode":"patient"},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/d{{{{d}}}}"}}]}]}]}""";
        }
        for (var a = 0; a < appointments; a++)
        {
            var (doctor, start) = (a % practitioners, Start(a, practitioners));
            yield return string.Create(CultureInfo.InvariantCulture, $$$$"""{"resourceType":"Appointment","id":"a{{{{a}}}}","status":"booked","description":"Consultation","start":"{{{{start:yyyy-MM-dd'T'HH:mm:ss'Z'}}}}","end":"{{{{start.AddMinutes(Minutes):yyyy-MM-dd'T'HH:mm:ss'Z'}}}}","participant":[{"actor":{"reference":"Patient/p{{{{a % patients}}}}"},"status":"accepted"},{"actor":{"reference":"Practitioner/d{{{{doctor}}}}"},"status":"accepted"},{"actor":{"reference":"HealthcareService/s{{{{doctor}}}}"},"status":"accepted"}]}""");
        }
    }
}
