using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tervik.Trust;

namespace Tervik.Care.Notices;

/// <summary>Tells a program of the operator: kind, id and time, nothing else. Signed: <c>Tervik-Signature: t=seconds,v1=hex</c>, HMAC-SHA256 over the seconds, a full stop and the body.</summary>
public sealed class NoticeWebhook(NoticeSettings settings, TimeProvider clock) : IDisposable
{
    // The address is the operator's own; where it sends elsewhere is not followed.
    readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Sends one; an answer of 2xx is taken.</summary>
    /// <exception cref="HttpRequestException">It was not taken.</exception>
    public async Task Tell(Notice notice, CancellationToken stop)
    {
        var place = settings.Webhook ?? throw new InvalidOperationException("No webhook is set.");
        var body = JsonSerializer.SerializeToUtf8Bytes(new { kind = NoticeRules.Write(notice.Kind), id = notice.Id, time = Clock.Time(notice.MadeUs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) });
        var seconds = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Address) { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
        request.Headers.Add("Tervik-Signature", $"t={seconds},v1={Sign(place.Secret, seconds, body)}");
        // The same notice again bears the same key.
        request.Headers.Add("Idempotency-Key", notice.Id);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (!answer.IsSuccessStatusCode) throw new HttpRequestException(HttpRequestError.InvalidResponse, statusCode: answer.StatusCode);
    }

    /// <summary>The signature of a body.</summary>
    public static string Sign(byte[] secret, string seconds, ReadOnlySpan<byte> body) => Convert.ToHexStringLower(HMACSHA256.HashData(secret, (byte[])[.. Encoding.UTF8.GetBytes($"{seconds}."), .. body]));

    /// <summary>Why it failed.</summary>
    public static string Why(Exception fault) => fault is HttpRequestException { StatusCode: { } status } ? string.Create(CultureInfo.InvariantCulture, $"the webhook answered {(int)status}") : $"the webhook could not be reached ({fault.GetType().Name})";

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
