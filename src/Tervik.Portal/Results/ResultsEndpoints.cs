using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Results;

/// <summary>Laboratory results and vital signs: the latest of each kind, and one kind over time.</summary>
static class ResultsEndpoints
{
    public static void MapResults(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/results", Show);
        routes.MapSearch("/patients/{id}/results", id => new("search-compartment", "Patient", id), ["q"], ["category", "years", "unusual"]);
    }

    static async Task<IResult> Show(string id, string? code, string? category, string? years, string? unusual, HttpContext request, Entrance entrance, ResultsQuery results, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!string.IsNullOrWhiteSpace(code))
        {
            if (await results.One(id, code, visit.Filter, stop) is not var (one, shown)) return await visit.NotFound(stop);
            await visit.Log("results", shown, [record.Compartment(id)], stop);
            return visit.Page<ResultPage>(one);
        }
        var filter = new ResultsFilter(ResultsFilter.Categories.Contains(category) ? category : null,
            int.TryParse(years, NumberStyles.None, CultureInfo.InvariantCulture, out var period) && ResultsFilter.Periods.Contains(period) ? period : null, unusual is "1", visit.Frame.Sought["q"] is { Length: > 0 } words ? words : null);
        if (await results.Load(id, filter, visit.Filter, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("results", read, [record.Compartment(id)], stop);
        return visit.Page<ResultsPage>(model);
    }
}
