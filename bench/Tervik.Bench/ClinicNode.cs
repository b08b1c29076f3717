using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Tests;

namespace Tervik.Bench;

/// <summary>A node with a clinic of many doctors, and clients that keep a journal of what they were told.</summary>
sealed class ClinicNode : IAsyncDisposable
{
    const int Doctors = 64, Patients = 1000, PerPage = 500;

    readonly string program, folder = Directory.CreateTempSubdirectory("tervik-clinic-").FullName;
    readonly string[] place;
    Process? server;
    Uri address = new("http://127.0.0.1/");

    string token = "";
    readonly string days = string.Create(CultureInfo.InvariantCulture, $"start={DateTime.UtcNow.AddDays(2):yyyy-MM-dd}&end={DateTime.UtcNow.AddDays(90):yyyy-MM-dd}");
    /// <summary>Times of each doctor before anything was booked.</summary>
    int[] all = [];

    /// <summary>Bookings that were acknowledged: Appointment and offer.</summary>
    public ConcurrentDictionary<string, string> Booked { get; } = new();
    /// <summary>Cancellations that were acknowledged.</summary>
    public ConcurrentDictionary<string, bool> Cancelled { get; } = new();
    /// <summary>Cancellations that were sent, whatever was answered.</summary>
    readonly ConcurrentDictionary<string, bool> leaving = new();

    ClinicNode(string program, string? database) => (this.program, place) = (program, database is null ? ["--data", folder, "--demo", "false"] : ["--data", folder, "--demo", "false", "--database", database]);

    public static async Task<ClinicNode> Start(string program, PostgreSqlCluster? cluster)
    {
        var node = new ClinicNode(program, cluster?.NewDatabase());
        var ndjson = Path.Combine(node.folder, "clinic.ndjson");
        await File.WriteAllLinesAsync(ndjson, Clinic());
        await RecordBench.Output(program, ["import", ndjson, .. node.place]);
        node.token = (await RecordBench.Output(program, ["token", "client/bench", .. node.place])).Trim();
        await node.Serve();
        using var http = node.Http();
        node.all = await Task.WhenAll(Enumerable.Range(0, Doctors).Select(doctor => node.Free(http, doctor)));
        return node;
    }

    async Task Serve()
    {
        address = new($"http://127.0.0.1:{RecordBench.FreePort()}");
        server = RecordBench.Start(program, ["serve", "--listen", address.ToString().TrimEnd('/'), .. place]);
        _ = server.StandardOutput.ReadToEndAsync();
        _ = server.StandardError.ReadToEndAsync();
        await RecordBench.Ready(new Uri(address, "health/ready").ToString());
    }

    /// <summary>Doctors who are there from eight to eighteen every day, for consultations of ten minutes.</summary>
    static IEnumerable<string> Clinic()
    {
        for (var p = 0; p < Patients; p++) yield return $$"""{"resourceType":"Patient","id":"p{{p}}","name":[{"family":"Family{{p}}"}]}""";
        for (var d = 0; d < Doctors; d++)
        {
            yield return $$"""{"resourceType":"Practitioner","id":"d{{d}}","name":[{"family":"Doctor{{d}}"}]}""";
            yield return $$$"""{"resourceType":"Schedule","id":"d{{{d}}}","active":true,"actor":[{"reference":"Practitioner/d{{{d}}}","display":"Doctor {{{d}}}"}],"extension":[{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2026-01-01T08:00"},{"url":"minutes","valuePositiveInt":600},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""";
            yield return $$$"""{"resourceType":"HealthcareService","id":"s{{{d}}}","active":true,"name":"Consultation","type":[{"coding":[{"system":"urn:bench","code":"consultation"}]}],"extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":10},{"url":"by","valueCode":"patient"},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/d{{{d}}}"}}]}]}]}""";
        }
    }

    HttpClient Http()
    {
        var http = new HttpClient { BaseAddress = new Uri(address, "fhir/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    /// <summary>Ids of offers of the first doctors, found as any client finds them.</summary>
    public async Task<List<string>[]> Offers(int doctors, int count)
    {
        using var http = Http();
        return await Task.WhenAll(Enumerable.Range(0, doctors).Select(async doctor =>
        {
            var found = new List<string>();
            for (var next = $"Appointment/$find?{days}&practitioner=Practitioner/d{doctor}&_count={PerPage}"; next is not null && found.Count < count;)
            {
                using var page = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri(next, UriKind.RelativeOrAbsolute)));
                found.AddRange(page.RootElement.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource").GetProperty("id").GetString()!));
                next = page.RootElement.GetProperty("link").EnumerateArray().Where(link => link.GetProperty("relation").GetString() == "next").Select(link => link.GetProperty("url").GetString()).FirstOrDefault();
            }
            return found;
        }));
    }

    static byte[] Body(string offer, int patient) => Encoding.UTF8.GetBytes($$$"""{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueReference":{"reference":"Appointment/{{{offer}}}"}},{"name":"patient-reference","valueReference":{"reference":"Patient/p{{{patient}}}"}}]}""");

    static byte[] Cancellation(string appointment) => Encoding.UTF8.GetBytes($$$"""{"resourceType":"Parameters","parameter":[{"name":"appointment-resource","resource":{"resourceType":"Appointment","id":"{{{appointment}}}","status":"cancelled","participant":[{"status":"declined"}]}}]}""");

    /// <summary>Clients that book, each with one request at a time on a connection of its own.</summary>
    /// <param name="name">Of the line.</param>
    /// <param name="clients">How many.</param>
    /// <param name="time">How long.</param>
    /// <param name="pick">The offer a client asks for at its turn; null ends it.</param>
    /// <param name="lines">Where the line goes; null for a rehearsal.</param>
    /// <param name="limit">Answers per second of the bare insert.</param>
    public async Task Load(string name, int clients, TimeSpan time, Func<int, int, string?> pick, List<BookingBench.Result>? lines, double limit)
    {
        var (journal, times, odd) = (new ConcurrentDictionary<string, string>(), new ConcurrentBag<double[]>(), 0);
        var until = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            using var line = await Wire.Open(address, token);
            var mine = new List<double>();
            for (var turn = 0; until.Elapsed < time && pick(client, turn) is { } offer; turn++)
            {
                var began = Stopwatch.GetTimestamp();
                var (status, answer) = await line.Post("/fhir/Appointment/$book", Body(offer, (client * 16 + turn) % Patients));
                mine.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (status == 200) journal[AppointmentIn(answer)] = offer;
                else if (status != 409) Interlocked.Increment(ref odd);
            }
            times.Add([.. mine]);
        })));
        var took = until.Elapsed.TotalSeconds;
        var all = times.SelectMany(mine => mine).Order().ToList();
        foreach (var (id, offer) in journal) Booked[id] = offer;
        if (lines is not null) lines.Add(new(name, all.Count / took, journal.Count / took, all[all.Count / 2], all[all.Count * 99 / 100], all.Count / took / limit, odd + await Check()));
    }

    /// <summary>The id in the Bundle that answers a booking.</summary>
    static string AppointmentIn(ReadOnlySpan<byte> answer)
    {
        var at = answer.IndexOf("/fhir/Appointment/"u8) + "/fhir/Appointment/"u8.Length;
        return Encoding.UTF8.GetString(answer[at..(at + answer[at..].IndexOf((byte)'"'))]);
    }

    /// <summary>A life of the server under load, ended by SIGKILL.</summary>
    public async Task Life(int clients, string[] offers, int ms)
    {
        using var stop = new CancellationTokenSource();
        var working = Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var dice = new Random(client + Environment.TickCount);
            try
            {
                using var line = await Wire.Open(address, token);
                while (!stop.IsCancellationRequested)
                {
                    // Half of them want one of the same few.
                    var offer = offers[dice.Next(2) == 0 ? dice.Next(offers.Length) : Booked.Count % offers.Length];
                    var (status, answer) = await line.Post("/fhir/Appointment/$book", Body(offer, dice.Next(Patients)));
                    if (status != 200) continue;
                    var id = AppointmentIn(answer);
                    Booked[id] = offer;
                    if (dice.Next(4) != 0) continue;
                    leaving[id] = true;
                    if ((await line.Post("/fhir/Appointment/$book", Cancellation(id))).Status == 200) Cancelled[id] = true;
                }
            }
            catch (Exception cut) when (cut is IOException or SocketException or EndOfStreamException) { } // The server is gone: nothing was acknowledged.
        })).ToList();
        await Task.Delay(ms);
        server!.Kill(entireProcessTree: true);
        await stop.CancelAsync();
        await Task.WhenAll(working);
        await server.WaitForExitAsync();
        server.Dispose();
        await Serve();
    }

    /// <summary>Holds what the clients were told against what the node says: every booking is there, nothing is booked twice, the calendars take exactly what is booked.</summary>
    public async Task<int> Check()
    {
        using var http = Http();
        var wrong = 0;
        var times = new Dictionary<(string Doctor, string Start), string>();
        var stored = new Dictionary<string, string>();
        for (var next = "Appointment?_count=500"; next is not null;)
        {
            using var page = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri(next, UriKind.RelativeOrAbsolute)));
            if (page.RootElement.TryGetProperty("entry", out var entries))
                foreach (var entry in entries.EnumerateArray())
                {
                    var appointment = entry.GetProperty("resource");
                    var (id, status) = (appointment.GetProperty("id").GetString()!, appointment.GetProperty("status").GetString()!);
                    stored[id] = status;
                    if (status != "booked") continue;
                    var doctor = appointment.GetProperty("participant").EnumerateArray().Select(one => one.GetProperty("actor").GetProperty("reference").GetString()!).First(one => one.StartsWith("Practitioner/", StringComparison.Ordinal));
                    if (!times.TryAdd((doctor, appointment.GetProperty("start").GetString()!), id)) wrong++;
                }
            next = page.RootElement.GetProperty("link").EnumerateArray().Where(link => link.GetProperty("relation").GetString() == "next").Select(link => link.GetProperty("url").GetString()).FirstOrDefault();
        }
        // A cancellation may have been made durable without its answer getting through.
        foreach (var id in Booked.Keys)
            if (!stored.TryGetValue(id, out var status) || status != (Cancelled.ContainsKey(id) ? "cancelled" : leaving.ContainsKey(id) ? status : "booked")) wrong++;
        // What is booked is not offered, and what is not is.
        for (var doctor = 0; doctor < Doctors; doctor++)
            wrong += Math.Abs(all[doctor] - await Free(http, doctor) - times.Keys.Count(time => time.Doctor == $"Practitioner/d{doctor}"));
        return wrong;
    }

    async Task<int> Free(HttpClient http, int doctor)
    {
        using var page = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri($"Appointment/$find?{days}&practitioner=Practitioner/d{doctor}&_count=0", UriKind.Relative)));
        return page.RootElement.GetProperty("total").GetInt32();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { HasExited: false })
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
        server?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>One connection of HTTP 1.1, as cheap as it can be: the client lives on the same cores as the server.</summary>
sealed class Wire : IDisposable
{
    readonly Socket socket;
    readonly string head;
    byte[] buffer = new byte[64 << 10];

    Wire(Socket socket, string head) => (this.socket, this.head) = (socket, head);

    public static async Task<Wire> Open(Uri address, string token)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return new(socket, $" HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/fhir+json\r\nContent-Length: ");
    }

    /// <summary>Sends a body and reads the answer.</summary>
    public async Task<(int Status, byte[] Body)> Post(string path, byte[] body)
    {
        await socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST {path}{head}{body.Length}\r\n\r\n")), .. body]);
        var (length, whole, start) = (0, int.MaxValue, 0);
        while (length < whole)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            if (read == 0) throw new EndOfStreamException("The server closed the connection.");
            length += read;
            if (whole != int.MaxValue || buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is not (>= 0 and var end)) continue;
            var headers = Encoding.ASCII.GetString(buffer, 0, end);
            var at = headers.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            var size = at < 0 ? 0 : int.Parse(headers.AsSpan(at + 16, headers.IndexOfAny(['\r', '\n'], at) is var line and >= 0 ? line - at - 16 : headers.Length - at - 16), CultureInfo.InvariantCulture);
            (start, whole) = (end + 4, end + 4 + size);
        }
        return (int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), CultureInfo.InvariantCulture), buffer[start..whole]);
    }

    public void Dispose() => socket.Dispose();
}
