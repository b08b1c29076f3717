using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Tervik.Authz;

/// <summary>What came back.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Head">Headers, without those that differ with time and length.</param>
/// <param name="Body">As text.</param>
public sealed record Reply(int Status, string Head, string Body)
{
    /// <summary>Every byte that was looked at.</summary>
    public string All => $"{Status} {Head}\n{Body}";
}

/// <summary>Asks a node as somebody, and holds the answer against the oracle or against the answer for what never existed.</summary>
public sealed partial class Probe : IDisposable
{
    /// <summary>An id of which nothing ever was.</summary>
    public const string Never = "zz-never";
    readonly IReadOnlyDictionary<Caller, string> tokens;
    readonly HttpClient http;

    /// <summary>Of a node that holds the world.</summary>
    public Probe(World world, string address, IReadOnlyDictionary<Caller, string> tokens)
    {
        (World, Oracle, Address, this.tokens) = (world, new(world), new(address), tokens);
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>What is in the node.</summary>
    public World World { get; }
    /// <summary>Who may see what of it.</summary>
    public Oracle Oracle { get; }
    /// <summary>Of the node.</summary>
    public Uri Address { get; }

    /// <summary>Ends its connections.</summary>
    public void Dispose() => http.Dispose();

    /// <summary>The caller of an agent whose token reads and writes and lives.</summary>
    public Caller As(string agent) => World.Callers.First(who => who is { Read: true, Write: true, Dead: false } && who.Agent == agent);
    /// <summary>The first caller of a kind.</summary>
    public Caller Kind(string kind) => World.Callers.First(who => who.Kind == kind);
    /// <summary>The secret of a caller.</summary>
    public string Token(Caller who) => tokens[who];

    /// <summary>Patients whom somebody sees, or does not.</summary>
    public IEnumerable<Item> Patients(Caller who, bool seen) => World.Items.Where(item => item.Type == "Patient" && Oracle.Sees(who, item) == seen);

    /// <summary>What somebody does not see of patients whom they see.</summary>
    public IEnumerable<Item> HiddenParts(Caller who, string type) => Of(type, item => !Oracle.Sees(who, item), patient => Oracle.Sees(who, patient));
    /// <summary>What is of patients whom somebody does not see, and not seen.</summary>
    public IEnumerable<Item> Foreign(Caller who, string type) => Of(type, item => !Oracle.Sees(who, item), patient => !Oracle.Sees(who, patient));
    /// <summary>What somebody sees.</summary>
    public IEnumerable<Item> Seen(Caller who, string type) => Of(type, item => Oracle.Sees(who, item), _ => true);

    IEnumerable<Item> Of(string type, Func<Item, bool> fits, Func<Item, bool> patientFits)
    {
        var patients = World.Items.Where(item => item.Type == "Patient").ToDictionary(item => item.Reference);
        return World.Items.Where(item => item.Type == type && item.Latest is { } latest && fits(item) && Oracle.CompartmentsOf(item, latest) is { Count: > 0 } compartments && compartments.All(one => patientFits(patients[one])));
    }

    /// <summary>Sends one request. A path that begins with a slash is a page, else it is below /fhir/.</summary>
    public async Task<Reply> Ask(Caller who, string path, string method = "GET", string? body = null, string type = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        path = SealedSearch.Address(path, tokens.GetValueOrDefault(who));
        using var request = new HttpRequestMessage(new(method), path.StartsWith("http", StringComparison.Ordinal) ? new Uri(path) : new Uri(Address, path.StartsWith('/') ? path : path.Length == 0 || path[0] == '?' ? $"/fhir{path}" : $"/fhir/{path}"));
        if (tokens.TryGetValue(who, out var token)) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using var answer = await http.SendAsync(request);
        var head = string.Join('\n', answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key.ToLowerInvariant() is not ("date" or "x-request-id" or "content-length")).OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(',', header.Value)}"));
        return new((int)answer.StatusCode, head, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The first text in an answer that is of something the caller does not see; null when there is none.</summary>
    public string? Leak(Caller who, Reply answer) => Run.CanariesIn(answer.All)
        .Where(canary => World.Canaries.TryGetValue(canary, out var of) && !Oracle.Sees(who, of.Item, of.Version))
        .Select(canary => $"{answer.Status} with {canary} of {World.Canaries[canary].Item.Reference} version {World.Canaries[canary].Version}").FirstOrDefault();

    /// <summary>
    /// Each target is answered as what never existed: in <paramref name="path"/>, <paramref name="body"/> and headers <c>{id}</c> stands for its id.
    /// That there is no target at all is a fault too: a case that tries nothing proves nothing.
    /// </summary>
    public async Task<string?> LooksAbsent(Caller who, IEnumerable<Item> targets, string path, string method = "GET", string? body = null, string type = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        var tried = 0;
        foreach (var target in targets.Take(6))
        {
            var first = await With(target.Id, target.Type);
            if (Leak(who, first with { Head = first.Head.Replace(target.Id, "", StringComparison.Ordinal), Body = first.Body.Replace(target.Id, "", StringComparison.Ordinal) }) is { } leak) return $"{who.Agent} {method} {path} of {target.Reference}: {leak}";
            var second = await With(Never, target.Type);
            var (one, other) = (Normal(first, target.Id), Normal(second, Never));
            if (one != other) return $"{who.Agent} {method} {path} of {target.Reference}\n    expected, as for what never was: {Cut(other)}\n    got: {Cut(one)}";
            tried++;
        }
        return tried == 0 ? $"{who.Agent} {path}: nothing to try" : null;

        Task<Reply> With(string id, string kind)
        {
            string Fill(string text) => text.Replace("{id}", id, StringComparison.Ordinal).Replace("{type}", kind, StringComparison.Ordinal);
            return Ask(who, Fill(path), method, body is null ? null : Fill(body), type, [.. headers.Select(header => (header.Name, Fill(header.Value)))]);
        }
    }

    /// <summary>Answers 200 with what <paramref name="shown"/> are and nothing that is hidden.</summary>
    public async Task<string?> ShowsOnly(Caller who, string path, params IEnumerable<Item> shown)
    {
        var answer = await Ask(who, path);
        if (answer.Status != 200) return $"{who.Agent} {path}: expected 200, got {answer.Status} {Cut(answer.Body)}";
        if (Leak(who, answer) is { } leak) return $"{who.Agent} {path}: {leak}";
        return shown.FirstOrDefault(item => !answer.Body.Contains(item.Canaries[^1], StringComparison.Ordinal)) is { } missing ? $"{who.Agent} {path}: {missing.Reference} is missing" : null;
    }

    /// <summary>Is refused, with nothing of anybody in the answer but the own name on top of a page.</summary>
    public async Task<string?> Refuses(Caller who, int[] status, string path, string method = "GET", string? body = null, string type = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        var answer = await Ask(who, path, method, body, type, headers);
        if (Run.CanariesIn(answer.All).FirstOrDefault(canary => World.Canaries.TryGetValue(canary, out var of) && of.Item.Reference != who.Agent && body?.Contains(canary, StringComparison.Ordinal) != true) is { } canary) return $"{who.Agent} {method} {path}: {answer.Status} with {canary}";
        return status.Contains(answer.Status) ? null : $"{who.Agent ?? "nobody"} {method} {path}: expected {string.Join(" or ", status)}, got {answer.Status} {Cut(answer.Body)}";
    }

    /// <summary>A bundle is refused, or each of its entries is.</summary>
    public async Task<string?> RefusesEach(Caller who, string kind, string bundle)
    {
        var answer = await Ask(who, "", "POST", bundle);
        if (kind == "transaction" || answer.Status == 403) return await Refuses(who, [403], "", "POST", bundle);
        var statuses = EntryStatus().Matches(answer.Body).Select(match => match.Groups[1].Value).ToList();
        return answer.Status == 200 && statuses.Count > 0 && statuses.TrueForAll(status => status == "403") && Leak(who, answer) is null ? null : $"{who.Agent} POST {bundle}: expected 403 in each entry, got {Cut(answer.All)}";
    }

    static string Cut(string text) => text.Length > 600 ? text[..600] + "…" : text;

    // What the client said itself, times, and what is drawn anew for each page.
    static string Normal(Reply answer, string id) => Varying().Replace(answer.All.Replace(id, "ID", StringComparison.Ordinal), "VARIES");

    [GeneratedRegex("\"status\":\"(\\d{3})")]
    private static partial Regex EntryStatus();
    [GeneratedRegex("""\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*(Z|[+-]\d\d:\d\d)|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|name="form-(token|key)" value="[^"]*"|tervik-form=[^;]*|sought=[\w-]+|nonce-[^']*|nonce="[^"]*"|(?<=/)[0-9a-z]{26}(?=["/])""")]
    private static partial Regex Varying();
}
