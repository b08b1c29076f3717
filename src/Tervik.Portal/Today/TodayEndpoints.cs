using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Record;
using Tervik.Portal.Chart;
using Tervik.Portal.Emergency;
using Tervik.Portal.Overview;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Today;

/// <summary>The professional's day; and the first page, which is that day for them and the own record for a patient.</summary>
static class TodayEndpoints
{
    public static void MapToday(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/today", Show);
        routes.MapGet("/", First);
    }

    static async Task<IResult> First(HttpContext request, Entrance entrance, TodayQuery days, ChartQuery charts, OverviewQuery overviews, RecordQuery record, OpenedQuery opened, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        return visit.Person.IsProfessional
            ? await Show(day: null, request, entrance, days, record, stop)
            : await RecordEndpoints.Show(visit.Person.Id, request, entrance, charts, overviews, record, opened, stop);
    }

    static async Task<IResult> Show(string? day, HttpContext request, Entrance entrance, TodayQuery days, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Appointment"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        // Days far away have no date to step to.
        var chosen = DateTime.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed) && parsed.Year is > 1900 and < 2200 ? parsed : record.Today.Date;
        var (model, read, patients) = await days.Load(visit.Person, chosen, visit.Filter, stop);
        await visit.Log("today", read, [.. patients.Select(record.Compartment)], stop);
        return visit.Page<TodayPage>(model);
    }
}
