using System.Net;
using System.Net.Sockets;
using System.Text;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.House;

/// <summary>What a collector of traces and metrics is sent.</summary>
public sealed class TelemetryTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traces_and_metrics_name_routes_and_tell_nothing_of_what_was_asked()
    {
        const string Canary = "Kanaarilind", Id = "t-kanaar";
        using var found = new TcpListener(IPAddress.Loopback, 0);
        found.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)found.LocalEndpoint).Port}/";
        found.Stop();
        using var collector = new HttpListener { Prefixes = { address } };
        collector.Start();
        var sent = new Dictionary<string, StringBuilder> { ["/v1/traces"] = new(), ["/v1/metrics"] = new() };
        _ = Task.Run(async () =>
        {
            while (collector.IsListening)
            {
                var request = await collector.GetContextAsync();
                using var body = new StreamReader(request.Request.InputStream, Encoding.Latin1);
                var text = await body.ReadToEndAsync();
                lock (sent) sent[request.Request.Url!.AbsolutePath].Append(text);
                request.Response.Close();
            }
        }, Stop);

        await using var node = new Node { Variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "200"), ("OTEL_METRIC_EXPORT_INTERVAL", "500")] };
        await node.InitializeAsync();
        await TestPatient.Make(node, Id, Canary, Canary, $"{Canary}-1");
        using var api = await node.Client("client/canary");
        foreach (var path in (string[])[$"Patient?name={Canary}", $"Patient/{Id}", $"Observation?subject:Patient.name={Canary}", $"Nothing/{Canary}", $"Patient?_cursor={Canary}"]) await api.GetAsync(new Uri(path, UriKind.Relative), Stop);
        using (var doctor = await PortalPerson.SignIn(node, "Practitioner/holm"))
        {
            await doctor.Fill("/patients", "/patients", ("name", Canary));
            foreach (var path in (string[])[$"/patients?name={Canary}", $"/patients/{Id}", $"/go?q={Canary}", $"/{Canary}"]) await doctor.Get(path);
        }
        string Sent(string path)
        {
            lock (sent) return sent[path].ToString();
        }
        // The last request is there, and so are those before it.
        using var last = new HttpClient { BaseAddress = new(node.Address) };
        await last.GetAsync(new Uri("/explain", UriKind.Relative), Stop);
        for (var wait = 0; wait < 300 && !(Sent("/v1/traces").Contains("/explain", StringComparison.Ordinal) && Sent("/v1/metrics").Contains("/explain", StringComparison.Ordinal)); wait++) await Task.Delay(100, Stop);
        collector.Stop();
        foreach (var (path, text) in sent.Select(one => (one.Key, one.Value.ToString())))
        {
            foreach (var route in (string[])["/explain", "/patients", "/fhir"]) Assert.True(text.Contains(route, StringComparison.Ordinal), $"{path} does not name {route}.");
            foreach (var told in (string[])[Canary, Id, "sought="]) Assert.False(text.Contains(told, StringComparison.OrdinalIgnoreCase), $"{path} tells {told}.");
        }
    }
}
