using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tervik.Authz;

/// <summary>What a run found.</summary>
/// <param name="Done">Cases by kind of asker and family: how many, and how many were wrong.</param>
/// <param name="Wrong">The wrong ones, in words.</param>
/// <param name="Requests">Requests in all, comparisons and further pages included.</param>
/// <param name="Time">How long it took.</param>
public sealed record AuthzResult(IReadOnlyDictionary<(string Kind, string Family), (int Cases, int Wrong)> Done, IReadOnlyList<string> Wrong, int Requests, TimeSpan Time)
{
    public int Cases => Done.Values.Sum(one => one.Cases);
}

/// <summary>Sends the cases to a node and holds the answers against the oracle.</summary>
public sealed partial class AuthzRun(AuthzNode node, World world, Oracle oracle) : IDisposable
{
    const int Workers = 4;

    readonly HttpClient api = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(node.Address) };
    readonly ConcurrentDictionary<Asker, Task<HttpClient>> sessions = new();
    readonly ConcurrentDictionary<string, (int Status, string Body)> absent = new();
    int requests;

    public async Task<AuthzResult> Run(IReadOnlyList<Case> cases, CancellationToken stop)
    {
        var (done, wrong, watch) = (new Dictionary<(string, string), (int, int)>(), new List<string>(), Stopwatch.StartNew());
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = stop }, async (one, cancel) =>
        {
            var fault = await Try(one, cancel);
            lock (done)
            {
                var (count, bad) = done.GetValueOrDefault((one.Asker.Kind, one.Family));
                done[(one.Asker.Kind, one.Family)] = (count + 1, bad + (fault is null ? 0 : 1));
                if (fault is not null) wrong.Add($"{one}\n    {fault}\n    curl -X {one.Method} -H 'Authorization: Bearer {one.Asker.Agent}' '{node.Address}{one.Path}'");
            }
        });
        return new(done, wrong, requests, watch.Elapsed);
    }

    /// <returns>What is wrong; null when nothing is.</returns>
    async Task<string?> Try(Case one, CancellationToken stop)
    {
        var (status, text, headers) = await Send(one, one.Path, stop);
        // The criteria a search was sent come back in its link; they are the asker's own words.
        var echoed = one.Path + (one.Body?.Text ?? "");
        if (Foreign(one.Asker, text + headers, echoed) is { } canary) return $"{status} tells {canary}";
        if (status >= 500) return $"{status}: {text}";
        if (one.Statuses.Length > 0 && !one.Statuses.Contains(status)) return $"{status} instead of {string.Join(" or ", one.Statuses)}: {Cut(text)}";
        if (one.Like is { } like)
        {
            var (wanted, theirs) = await Absent(one, like, stop);
            var (name, other) = (one.Path.Split('/')[3].Split('?')[0], like.Split('/')[3].Split('?')[0]);
            if (status != wanted || text.Replace(name, other, StringComparison.Ordinal) != theirs) return $"{status} {Cut(text)} instead of what does not exist: {wanted} {Cut(theirs)}";
        }
        return one.Ids is null && one.Total is null || status != 200 ? null : await Found(one, text, stop);
    }

    async Task<string?> Found(Case one, string text, CancellationToken stop)
    {
        var (ids, next) = (new HashSet<string>(), (string?)text);
        int? total = null;
        for (var page = 0; next is not null && page < 100; page++)
        {
            using var json = JsonDocument.Parse(next);
            if (page == 0 && json.RootElement.TryGetProperty("total", out var count)) total = count.GetInt32();
            foreach (var entry in json.RootElement.TryGetProperty("entry", out var entries) ? entries.EnumerateArray().ToArray() : [])
                if (entry.TryGetProperty("resource", out var resource) && entry.GetProperty("search").GetProperty("mode").GetString() == "match" && !ids.Add(resource.GetProperty("id").GetString()!)) return $"finds {resource.GetProperty("id")} twice";
            next = null;
            if (one.Ids is null || !json.RootElement.TryGetProperty("link", out var links)) break;
            foreach (var link in links.EnumerateArray())
                if (link.GetProperty("relation").GetString() == "next")
                {
                    var (status, more, headers) = await Send(one with { Body = null, Method = "GET" }, new Uri(link.GetProperty("url").GetString()!).PathAndQuery, stop);
                    if (status != 200) return $"the next page answers {status}";
                    if (Foreign(one.Asker, more + headers, one.Path) is { } canary) return $"the next page tells {canary}";
                    next = more;
                }
        }
        if (one.Total is { } wanted && total is not null && total != wanted) return $"total {total} instead of {wanted}";
        if (one.Ids is not null && !ids.SetEquals(one.Ids)) return $"finds [{string.Join(' ', ids.Order())}] instead of [{string.Join(' ', one.Ids.Order())}]";
        return null;
    }

    /// <summary>A canary in an answer that the asker may not see; null when there is none.</summary>
    string? Foreign(Asker asker, string text, string echoed)
    {
        foreach (Match match in Canary().Matches(text))
            // Who has looked is named in one's own log: another patient who may, by their name.
            if (world.ByCanary.TryGetValue(match.Value, out var thing) && !oracle.Sees(asker, thing) && !echoed.Contains(match.Value, StringComparison.Ordinal) && !(thing.Type == "Patient" && echoed.EndsWith("/access", StringComparison.Ordinal))) return $"{match.Value} of {thing.Name}";
        return null;
    }

    async Task<(int Status, string Body)> Absent(Case one, string path, CancellationToken stop)
    {
        var key = $"{one.Asker.Kind} {one.Method} {path} {one.Body?.Text}";
        if (absent.TryGetValue(key, out var known)) return known;
        var (status, text, _) = await Send(one, path, stop);
        return absent[key] = (status, text);
    }

    /// <summary>Sends one request of a case.</summary>
    internal async Task<(int Status, string Text, string Headers)> Send(Case one, string path, CancellationToken stop)
    {
        Interlocked.Increment(ref requests);
        using var request = new HttpRequestMessage(new HttpMethod(one.Method), new Uri(path.Replace(" ", "%20", StringComparison.Ordinal).Replace("|", "%7C", StringComparison.Ordinal), UriKind.Relative));
        if (!one.IsPage && node.Tokens.TryGetValue(one.Asker, out var token)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (one.IsGuarded) request.Headers.TryAddWithoutValidation("If-Match", "W/\"9999\"");
        if (one.Body is { } body) request.Content = new StringContent(body.Text, Encoding.UTF8, body.Type);
        using var answer = await (one.IsPage ? await sessions.GetOrAdd(one.Asker, SignIn) : api).SendAsync(request, stop);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(stop), string.Join('\n', answer.Headers.Concat(answer.Content.Headers).Select(header => string.Join(',', header.Value))));
    }

    async Task<HttpClient> SignIn(Asker asker)
    {
        var http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = new Uri(node.Address) };
        var html = await http.GetStringAsync(new Uri("/sign-in?name=nobody", UriKind.Relative));
        using var body = new FormUrlEncodedContent([new("form-token", Token().Match(html).Groups[1].Value), new("person", asker.Agent), new("to", "/")]);
        using var answer = await http.PostAsync(new Uri("/sign-in", UriKind.Relative), body);
        return answer.StatusCode == HttpStatusCode.Redirect ? http : throw new InvalidOperationException($"{asker.Agent} cannot sign in: {answer.StatusCode}.");
    }

    static string Cut(string text) => text.Length > 300 ? text[..300] + " …" : text;

    public void Dispose() => api.Dispose();

    [GeneratedRegex("zq\\d+q")]
    private static partial Regex Canary();
    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
