using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tervik.Authz;

/// <summary>A case that was answered otherwise than docs/access.md says.</summary>
/// <param name="Case">Which.</param>
/// <param name="Expected">What the text says.</param>
/// <param name="Got">What came.</param>
public sealed record Wrong(Case Case, string Expected, string Got);

/// <summary>Sends cases to a node and holds the answers against the oracle.</summary>
public sealed partial class Run(World world, string address, IReadOnlyDictionary<Caller, string> tokens) : IDisposable
{
    const int MostPages = 60;
    readonly World world = world;
    readonly string address = address;
    readonly Oracle oracle = new(world);
    readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 16, AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(address + "/fhir/"), Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>What was wrong.</summary>
    public List<Wrong> Wrongs { get; } = [];
    /// <summary>Cases by kind of caller and family of paths.</summary>
    public Dictionary<(string Kind, string Family), (int Cases, int Wrong)> Table { get; } = [];
    /// <summary>Answers that came, twins and pages too.</summary>
    public int Requests => requests;
    /// <summary>Of all cases, those that gave at least one resource or a count.</summary>
    public int Fruitful => fruitful;
    int requests, fruitful;

    /// <summary>Ends its connections.</summary>
    public void Dispose() => http.Dispose();

    /// <summary>An answer.</summary>
    sealed record Answer(int Status, string Head, string Body)
    {
        public string All => Head + "\n" + Body;
    }

    /// <summary>Runs the cases of a seed, so many at a time.</summary>
    public async Task All(int seed, int count, int atATime)
    {
        var cases = new Cases(world, oracle, seed);
        await Parallel.ForEachAsync(Enumerable.Range(0, count).Select(number => cases.Number(number)).ToList(), new ParallelOptions { MaxDegreeOfParallelism = atATime }, async (one, stop) =>
        {
            var wrong = await Check(one);
            lock (Wrongs)
            {
                var (count, bad) = Table.GetValueOrDefault((one.Who.Kind, one.Family));
                Table[(one.Who.Kind, one.Family)] = (count + 1, bad + (wrong is null ? 0 : 1));
                if (wrong is not null) Wrongs.Add(wrong);
            }
        });
    }

    /// <summary>Sends requests of professionals who see no hidden part to this node and to one that never held the hidden parts.</summary>
    /// <param name="other">Of the same world <see cref="World.WithoutHidden"/>.</param>
    /// <param name="seed">Of the requests.</param>
    /// <param name="count">How many.</param>
    /// <returns>The requests that were answered otherwise, and the two answers.</returns>
    public async Task<List<Wrong>> Beside(Run other, int seed, int count)
    {
        var (cases, differences) = (new Cases(world, oracle, seed), new List<Wrong>());
        var there = other.world.Items.Select(item => item.Reference).ToHashSet();
        var hidden = world.Items.Where(item => !there.Contains(item.Reference)).ToList();
        var drawn = new List<Case>();
        // The log, its seal and the numbers of the reviews are each node's own.
        for (var number = 0; drawn.Count < count; number++)
            if (cases.Number(number, hidden) is { Who: { Kind: "professional", Agent: not "Practitioner/glass" }, Family: not "access log" } one && !one.Path.Contains("/access", StringComparison.Ordinal) && one.Path != "/reviews") drawn.Add(one);
        await Parallel.ForEachAsync(drawn, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (one, stop) =>
        {
            // The principals of the other world are other objects with the same names.
            var same = other.world.Callers[world.Callers.IndexOf(one.Who)];
            var (mine, theirs) = (await Send(one, one.Path, one.Body), await other.Send(one with { Who = same }, one.Path, one.Body));
            var (first, second) = (Comparable(mine), other.Comparable(theirs));
            if (first == second) return;
            lock (differences) differences.Add(new(one, Around(second, first), Around(first, second)));
        });
        return differences;
    }

    // Addresses, cursors and entity tags of whole answers are the node's own.
    string Comparable(Answer answer) => Cursor().Replace(HttpDate().Replace(Normal(answer with { Body = InOrder(answer.Body) }, "\0"), "TIME"), "$1=CURSOR").Replace(address, "", StringComparison.Ordinal);

    /// <summary>Included resources by their address: a store gives them in the order of keys that are its own.</summary>
    static string InOrder(string body)
    {
        if (!body.Contains("\"mode\":\"include\"", StringComparison.Ordinal)) return body;
        var bundle = JsonNode.Parse(body)!.AsObject();
        var entries = bundle["entry"]!.AsArray().ToList();
        static bool IsIncluded(JsonNode? entry) => entry!["search"]?["mode"]?.ToString() == "include";
        bundle["entry"] = new JsonArray([.. entries.Where(entry => !IsIncluded(entry)).Concat(entries.Where(IsIncluded).OrderBy(entry => entry!["fullUrl"]!.ToString(), StringComparer.Ordinal)).Select(entry => entry!.DeepClone())]);
        return bundle.ToJsonString();
    }

    /// <summary>Status and version of every resource, as a system client sees them: the same before and after, or a case changed the world.</summary>
    public async Task<string> State()
    {
        var system = world.Callers.First(who => who is { Kind: "system" });
        var lines = new List<string>();
        foreach (var item in world.Items)
        {
            var answer = await Send(new(system, "", HttpMethod.Get, item.Reference, item), item.Reference, null);
            lines.Add($"{item.Reference} {answer.Status} {Etag().Match(answer.Head).Value}");
        }
        return string.Join('\n', lines);
    }

    /// <summary>What one caller is answered, for a look at a single case.</summary>
    public async Task<string> Ask(string agent, string path)
    {
        var answer = await Send(new(world.Callers.First(who => who.Agent == agent), "", HttpMethod.Get, path, world.Items[0]), path, null);
        return $"{answer.Status} {answer.All}";
    }

    async Task<Wrong?> Check(Case one)
    {
        var answer = await Send(one, one.Path, one.Body);
        if (answer.Status >= 500) return new(one, "an answer", $"{answer.Status} {answer.Body}");
        if (LeakIn(one, answer) is { } leak) return new(one, "nothing that is hidden", leak);
        if (CanariesIn(answer.All).Any()) Interlocked.Increment(ref fruitful);
        // A page sends whom it does not know to the sign-in; systems have no pages.
        if (one.IsPage && (one.Who.Agent is null || one.Who.Dead || one.Who.Agent.StartsWith("client/", StringComparison.Ordinal)))
            return answer.Status is 302 or 303 or 401 or 403 or 404 ? null : new(one, "the sign-in", Short(answer));
        if (one.Who.Agent is null && answer.Status is not (401 or 403)) return new(one, "401", $"{answer.Status}");
        if (one.Who.Dead && answer.Status != 401) return new(one, "401: the token has ended", $"{answer.Status}");
        if (one.Status is { } status && answer.Status != status) return new(one, $"{status}", Short(answer));
        if (one.Entries is { } each && StatusesIn(answer.Body) is var statuses && (answer.Status != 200 || statuses.Count == 0 || statuses.Exists(found => found != each))) return new(one, $"200 with {each} in each entry", Short(answer));
        if (one.MustShow && (answer.Status != 200 || !answer.All.Contains(one.Target.Canaries[^1], StringComparison.Ordinal) && !answer.All.Contains(Base64(one.Target.Canaries[^1]), StringComparison.Ordinal)))
            return new(one, $"200 with {one.Target.Canaries[^1]}", Short(answer));
        if (one.Total is { } total && (answer.Status != 200 || !answer.Body.Contains($"\"total\":{total}", StringComparison.Ordinal) || NumberAfter().IsMatch(answer.Body) && TotalOf(answer.Body) != total)) return new(one, $"a total of {total}", Short(answer));
        if (one.Matches is { } matches)
        {
            var found = new List<string>();
            for (var page = 0; ; page++)
            {
                if (answer.Status != 200) return new(one, "200", Short(answer));
                if (LeakIn(one, answer) is { } later) return new(one, "nothing that is hidden", later);
                using var json = JsonDocument.Parse(answer.Body);
                if (json.RootElement.TryGetProperty("entry", out var entries))
                    found.AddRange(entries.EnumerateArray().Where(entry => entry.GetProperty("search").GetProperty("mode").GetString() == "match").Select(entry => $"{entry.GetProperty("resource").GetProperty("resourceType").GetString()}/{entry.GetProperty("resource").GetProperty("id").GetString()}"));
                var next = json.RootElement.GetProperty("link").EnumerateArray().FirstOrDefault(link => link.GetProperty("relation").GetString() == "next");
                if (next.ValueKind == JsonValueKind.Undefined || page > MostPages) break;
                answer = await Send(one with { Method = HttpMethod.Get }, next.GetProperty("url").GetString()!, null);
            }
            if (found.Count != found.Distinct().Count()) return new(one, "each once", string.Join(' ', found));
            if (!matches.SetEquals(found)) return new(one, $"missing: {string.Join(' ', matches.Except(found))}", $"too many: {string.Join(' ', found.Except(matches))}");
        }
        if (one.Hidden && one.Target.Id is var id)
        {
            // The body of a write may bear the id in what it refers to: only the target's own id is another.
            var twin = await Send(one with { Headers = [.. one.Headers.Select(header => (header.Name, header.Value.Replace(id, Cases.Never, StringComparison.Ordinal)))] }, one.Path.Replace(id, Cases.Never, StringComparison.Ordinal), one.Body?.Replace(id, Cases.Never, StringComparison.Ordinal));
            var (first, second) = (Normal(answer, id), Normal(twin, Cases.Never));
            if (first != second) return new(one, $"as for what never was: {Cut(second)}", Cut(first));
        }
        return null;
    }

    static List<int> StatusesIn(string bundle) => [.. EntryStatus().Matches(bundle).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];

    /// <summary>Where a text begins to differ from another.</summary>
    static string Around(string text, string other)
    {
        var at = 0;
        while (at < text.Length && at < other.Length && text[at] == other[at]) at++;
        return $"…{text[Math.Max(0, at - 150)..Math.Min(text.Length, at + 250)]}…";
    }

    static string Cut(string text) => text.Length > 700 ? text[..700] + "…" : text;
    static string Short(Answer answer) => $"{answer.Status} {Cut(answer.Body)}";
    static int TotalOf(string body) => int.Parse(NumberAfter().Match(body).Groups[1].Value, CultureInfo.InvariantCulture);
    static string Base64(string canary) => canary.Length == 0 ? "-" : Convert.ToBase64String(Encoding.UTF8.GetBytes(canary));

    /// <summary>Without what the client said itself and what differs with the time.</summary>
    static string Normal(Answer answer, string id) => Moment().Replace($"{answer.Status} {answer.Head}\n{answer.Body}".Replace(id, "ID", StringComparison.Ordinal), "TIME");

    /// <summary>The first canary in the answer that the caller may not see and did not send.</summary>
    string? LeakIn(Case one, Answer answer)
    {
        foreach (var canary in CanariesIn(answer.All))
        {
            if (one.Body?.Contains(canary, StringComparison.Ordinal) == true || !world.Canaries.TryGetValue(canary, out var of)) continue;
            if (IsNamedOnPage(one, of.Item)) continue;
            if (!oracle.Sees(one.Who, of.Item, of.Version)) return $"{answer.Status} with {canary} of {of.Item.Reference} version {of.Version}";
        }
        return null;
    }

    // Names of persons that are no access to their records: the own on top of each page; on the own pages about who sees and saw the record, whoever was let in or looked.
    static bool IsNamedOnPage(Case one, Item person) => one.IsPage && (person.Reference == one.Who.Agent
        || person.Type == "Patient" && one.Target.Reference == one.Who.Agent && one.Path.Split('/') is [_, _, _, "sharing" or "access" or "family", ..]);

    /// <summary>All canaries in a text, plain and in base64.</summary>
    public static IEnumerable<string> CanariesIn(string text) =>
        CanaryText().Matches(text).Select(match => match.Value).Concat(CanaryBase64().Matches(text).Select(match => Encoding.UTF8.GetString(Convert.FromBase64String(match.Value)))).Distinct();

    async Task<Answer> Send(Case one, string path, string? body)
    {
        Interlocked.Increment(ref requests);
        path = SealedSearch.Address(path, tokens.GetValueOrDefault(one.Who));
        using var request = new HttpRequestMessage(one.Method, path.StartsWith("http", StringComparison.Ordinal) ? new Uri(path) : new Uri(address + (path.StartsWith('/') ? path : path.Length == 0 || path[0] == '?' ? "/fhir" + path : "/fhir/" + path)));
        if (tokens.TryGetValue(one.Who, out var token)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(one.Headers.FirstOrDefault(header => header.Name == "Content-Type").Value ?? "application/fhir+json"));
        foreach (var (name, value) in one.Headers)
            if (name != "Content-Type") request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await http.SendAsync(request);
        var head = string.Join('\n', answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key.ToLowerInvariant() is not ("date" or "x-request-id" or "content-length")).OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(',', header.Value)}"));
        return new((int)answer.StatusCode, head, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The table and the first wrong cases.</summary>
    public string Report(TimeSpan took)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"principal",-22} {"paths",-20} {"cases",7} {"wrong",6}");
        foreach (var (key, value) in Table.OrderBy(row => row.Key.Kind, StringComparer.Ordinal).ThenBy(row => row.Key.Family, StringComparer.Ordinal))
            text.AppendLine(CultureInfo.InvariantCulture, $"{key.Kind,-22} {key.Family,-20} {value.Cases,7} {value.Wrong,6}");
        foreach (var wrong in Wrongs.DistinctBy(wrong => (wrong.Case.Who.Kind, wrong.Case.Family, wrong.Case.Path, wrong.Got)).Take(20)) text.AppendLine(CultureInfo.InvariantCulture, $"\n{wrong.Case.Curl(address)}\n  expected {wrong.Expected}\n  got      {wrong.Got}");
        var cases = Table.Values.Sum(value => value.Cases);
        text.AppendLine(CultureInfo.InvariantCulture, $"{cases} cases, {Wrongs.Count} wrong, {fruitful} answered with a resource; {requests} requests in {took.TotalSeconds:0} s, {requests / took.TotalSeconds:0}/s");
        return text.ToString();
    }

    [GeneratedRegex(@"(_cursor|_page|cursor|page|_after|_before|data-calendar)=""?[A-Za-z0-9_%-]+")]
    private static partial Regex Cursor();
    [GeneratedRegex(@"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d&#x2B;00:00")]
    private static partial Regex HttpDate();
    [GeneratedRegex("ETag: [^\n]*")]
    private static partial Regex Etag();
    [GeneratedRegex("cnr[a-z0-9]{12}")]
    private static partial Regex CanaryText();
    [GeneratedRegex("Y25y[A-Za-z0-9+/]{16}")]
    private static partial Regex CanaryBase64();
    [GeneratedRegex("\"status\":\"(\\d{3})[^\"]*\"")]
    private static partial Regex EntryStatus();
    [GeneratedRegex("\"total\":(\\d+)")]
    private static partial Regex NumberAfter();
    [GeneratedRegex(@"name=""form-(token|key)"" value=""[^""]*""|tervik-form=[^;]*|sought=[\w-]+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*(Z|[+-]\d\d:\d\d)|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Moment();
}
