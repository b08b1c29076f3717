using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Forms;

/// <summary>What somebody typed into the search of a page: names, numbers, words of a record. It is posted, and stands in the address only sealed, so that going back, reloading, paging and links within the page work as ever and the address tells nothing.</summary>
public sealed class Sought
{
    /// <summary>Of the address.</summary>
    const string Parameter = "sought";
    /// <summary>Of one field; pages have smaller limits of their own.</summary>
    const int LongestWords = 200;

    readonly Dictionary<string, string> words;
    readonly string? text;

    Sought(Dictionary<string, string> words, string? text) => (this.words, this.text) = (words, text);

    /// <summary>Nothing is sought.</summary>
    public static Sought Nothing { get; } = new([], null);

    /// <summary>What stands in a field, without spaces around it; empty when nothing does.</summary>
    public string this[string field] => words.GetValueOrDefault(field, "");

    /// <summary>For links that keep the search: <c>sought=…</c>, or null when nothing is sought.</summary>
    public string? Query => text is null ? null : $"{Parameter}={text}";

    /// <summary>What an address seeks: nothing when another session wrote it.</summary>
    public static Sought Of(HttpContext request)
    {
        if (request.Request.Query[Parameter].ToString() is not { Length: > 0 } text || SessionSeal.Open(request, text) is not { } plain) return Nothing;
        try
        {
            return new(JsonSerializer.Deserialize<Dictionary<string, string?>>(plain)!.ToDictionary(field => field.Key, field => field.Value?.Trim() ?? ""), text);
        }
        catch (Exception fault) when (fault is JsonException or ArgumentNullException)
        {
            // Whoever holds the secret can seal something else.
            return Nothing;
        }
    }

    internal static Sought Sealed(HttpContext request, Form form, IEnumerable<string> fields)
    {
        var words = fields.Select(field => KeyValuePair.Create(field, Cut(form[field].Trim()))).Where(field => field.Value.Length > 0).ToDictionary();
        return words.Count == 0 ? Nothing : new(words, SessionSeal.Seal(request, JsonSerializer.SerializeToUtf8Bytes(words)));
    }

    internal static string Cut(string text) => text.Length <= LongestWords ? text : char.IsHighSurrogate(text[LongestWords - 1]) ? text[..(LongestWords - 1)] : text[..LongestWords];
}

/// <summary>Where searches are posted.</summary>
static class SearchForms
{
    /// <summary>Takes the search of a page and sends on to the page.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="path">The page.</param>
    /// <param name="interaction">What it does in FHIR's terms, of the id in its path; null for one that shows nothing of the record.</param>
    /// <param name="words">Fields that people type into.</param>
    /// <param name="choices">Fields whose values we offer; they stand in the address.</param>
    /// <param name="part">After <paramref name="path"/>, where something else is posted to it.</param>
    public static void MapSearch(this IEndpointRouteBuilder routes, string path, Func<string?, Interaction>? interaction, string[] words, string[] choices, string part = "") =>
        routes.MapPost(path + part, (HttpContext request, Entrance entrance, CancellationToken stop) => Send(request, interaction?.Invoke(request.Request.RouteValues["id"] as string), words, choices, part, entrance, stop)).DisableAntiforgery(); // FormGuard does it.

    static async Task<IResult> Send(HttpContext request, Interaction? interaction, string[] words, string[] choices, string part, Entrance entrance, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, interaction, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var query = choices.Where(name => form[name].Length > 0).Select(name => $"{name}={Uri.EscapeDataString(Sought.Cut(form[name]))}").Append(Sought.Sealed(request, form, words).Query).OfType<string>().ToList();
        var path = request.Request.Path.ToUriComponent()[..^part.Length];
        return TypedResults.LocalRedirect(query.Count == 0 ? path : $"{path}?{string.Join('&', query)}");
    }
}
