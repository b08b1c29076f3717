using Microsoft.AspNetCore.Builder;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Conformance;

/// <summary>What a FHIR server answered.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Json">Body; undefined when there is none.</param>
sealed record FhirAnswer(int Status, JsonElement Json)
{
    /// <summary>Status of each entry of a response bundle.</summary>
    public string Statuses => Json.TryGetProperty("entry", out var entries) ? string.Join(' ', entries.EnumerateArray().Select(entry => entry.GetProperty("response").GetProperty("status").GetString()![..3])) : "";

    /// <summary>The text of an OperationOutcome, for messages.</summary>
    public string Text => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("issue", out var issues) ? $"{Status} {issues}" : $"{Status} {Statuses}";
}

/// <summary>The record on an empty embedded database behind real HTTP; everybody may do everything, since the suites are about the record.</summary>
sealed class FhirHouse : IAsyncDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tervik-suite-");
    Database database = null!;
    WebApplication app = null!;
    HttpClient http = null!;

    public RecordStore Store { get; private set; } = null!;

    public static async Task<FhirHouse> Open()
    {
        var house = new FhirHouse();
        house.database = await Database.Open(new(Path.Combine(house.folder.FullName, "record.db")), RecordStore.RecordMigrations, CancellationToken.None);
        house.Store = await RecordStore.Open(house.database, CancellationToken.None);
        house.app = OpenRecord.Build(house.Store, "http://127.0.0.1:0");
        await house.app.StartAsync();
        house.http = new HttpClient { BaseAddress = new Uri(house.app.Urls.First() + "/fhir/") };
        return house;
    }

    public Task<FhirAnswer> Get(string url, string accept = "application/fhir+json") => Send(HttpMethod.Get, url, null, accept);

    public async Task<FhirAnswer> Send(HttpMethod method, string url, byte[]? body, string mediaType = "application/fhir+json")
    {
        using var request = new HttpRequestMessage(method, new Uri(url, UriKind.Relative));
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
        using var answer = await http.SendAsync(request);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        if (bytes.Length == 0) return new((int)answer.StatusCode, default);
        using var document = JsonDocument.Parse(bytes);
        return new((int)answer.StatusCode, document.RootElement.Clone());
    }

    public Task<FhirAnswer> Post(string url, string body) => Send(HttpMethod.Post, url, Encoding.UTF8.GetBytes(body));

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        await Store.DisposeAsync();
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
