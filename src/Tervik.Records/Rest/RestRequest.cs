using Microsoft.AspNetCore.Http;
using Tervik.Records.Access;

namespace Tervik.Records.Rest;

/// <summary>What <c>Prefer: return=</c> asks for.</summary>
enum ReturnPreference
{
    Representation,
    Minimal,
    OperationOutcome,
}

/// <summary>One FHIR interaction as asked: an HTTP request, or an entry of a batch or transaction.</summary>
sealed record RestRequest
{
    /// <summary>The HTTP request it came with; who asks is in there.</summary>
    public required HttpContext Http { get; init; }
    public required string Method { get; init; }
    /// <summary>Path below the base, split and percent-decoded.</summary>
    public required string[] Path { get; init; }
    /// <summary>Query parameters, and those of a form, percent-decoded, in order.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Query { get; init; }
    /// <summary>Address of the FHIR base, without a slash at its end.</summary>
    public required string Base { get; init; }
    /// <summary>The resource sent, as JSON; for PATCH, the document as sent. Empty when there is none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }
    /// <summary>Media type of <see cref="Body"/> without parameters.</summary>
    public string? ContentType { get; init; }
    public string? IfMatch { get; init; }
    public string? IfNoneMatch { get; init; }
    public string? IfModifiedSince { get; init; }
    public string? IfNoneExist { get; init; }
    public ReturnPreference Return { get; init; }
    /// <summary><c>Prefer: handling=strict</c>.</summary>
    public bool Strict { get; init; }
    /// <summary>FHIRPath of the bundle entry this is, for faults; null for an HTTP request of its own.</summary>
    public string? Entry { get; init; }
    /// <summary>Of a batch's entries: where the writing of their accesses is noted, which the batch waits for before its answer leaves; null to wait at once.</summary>
    public List<Task>? Logging { get; init; }

    /// <summary>Last value of a query parameter, or null.</summary>
    public string? Parameter(string name)
    {
        string? value = null;
        foreach (var parameter in Query)
            if (parameter.Key == name) value = parameter.Value;
        return value;
    }

    /// <summary>Splits <c>Patient/1?a=b</c> as it stands in a bundle entry; a leading base address is taken off.</summary>
    public static (string[] Path, List<KeyValuePair<string, string>> Query) ParseUrl(string url, string baseAddress)
    {
        if (url.StartsWith(baseAddress, StringComparison.Ordinal)) url = url[baseAddress.Length..];
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var path = (question < 0 ? url : url[..question]).Split('/', StringSplitOptions.RemoveEmptyEntries);
        return ([.. path.Select(Uri.UnescapeDataString)], question < 0 ? [] : ParseQuery(url[(question + 1)..]));
    }

    /// <summary>Parameters of a query string or form, in order, percent-decoded.</summary>
    public static List<KeyValuePair<string, string>> ParseQuery(string query)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            parameters.Add(new(Decode(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Decode(pair[(equals + 1)..])));
        }
        return parameters;
    }

    static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}

/// <summary>The answer to one interaction; its body is JSON, whatever the client will get.</summary>
sealed record RestAnswer(int Status)
{
    public ReadOnlyMemory<byte> Body { get; init; }
    /// <summary>Version for ETag, or null.</summary>
    public int? Version { get; init; }
    /// <summary>For Last-Modified, or null.</summary>
    public long? AtUs { get; init; }
    /// <summary>Address relative to the base: <c>Patient/1/_history/1</c>.</summary>
    public string? Location { get; init; }
    /// <summary>Whether the body is one stored resource, to which <c>_summary</c> and <c>_elements</c> still apply.</summary>
    public bool IsResource { get; init; }

    /// <summary>For the access log: what was given out or written.</summary>
    public IReadOnlyList<AccessedResource> Resources { get; init; } = [];
}
