using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Records.Indexing;
using Tervik.Records.Terminology;

namespace Tervik.Portal.Explain;

/// <summary>The page of explanations.</summary>
/// <param name="Search">What was searched, or null.</param>
/// <param name="Asked">The code that was asked for as <c>system|code</c>, or null.</param>
/// <param name="Found">What is explained.</param>
/// <param name="IsForeign">The title is the published one, in English.</param>
public sealed record ExplainModel(string? Search, string? Asked, IReadOnlyList<Explanation> Found, bool IsForeign);

/// <summary>Codes and units in plain words, and a list of all that are explained. Nobody's record is touched.</summary>
static class ExplainEndpoints
{
    public static void MapExplain(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/explain", Show);
        routes.MapSearch("/explain", interaction: null, ["q"], []);
    }

    static async Task<IResult> Show(string? system, string? code, string? unit, HttpContext request, Entrance entrance, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var search = visit.Frame.Sought["q"] is { Length: > 0 } words ? words : null;
        if (string.IsNullOrWhiteSpace(code) && string.IsNullOrWhiteSpace(unit)) return visit.Page<ExplainPage>(new ExplainModel(search, null, [.. Explanations.All.Where(one => Fits(one, search))], IsForeign: false));
        List<Explanation> found = [.. new[] { Explanations.Find(system ?? "", code ?? ""), Explanations.OfUnit(unit) }.OfType<Explanation>()];
        var published = found.Count == 0 && system is not null && code is not null ? Published(system, code) : null;
        if (published is not null) found.Add(published);
        return visit.Page<ExplainPage>(new ExplainModel(null, code is null ? unit : $"{system}|{code}", found, published is not null));
    }

    // What FHIR itself publishes about its codes: states, interpretations, kinds.
    static Explanation? Published(string system, string code)
    {
        if (R4Terminology.Instance.System(system)?.Find(code) is not { Display: { } display }) return null;
        return new(Explained.Term, [code], display, Words.Of("published term", code));
    }

    static bool Fits(Explanation one, string? search)
    {
        if (search is null) return true;
        var text = FoldedText.Fold($"{one.Title} {one.Text} {string.Join(' ', one.Codes)}");
        return FoldedText.Words(search).All(word => text.Contains(word, StringComparison.Ordinal));
    }
}
