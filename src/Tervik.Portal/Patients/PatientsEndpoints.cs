using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Patients;

/// <summary>The professional's patients; and the first page, which is this list for them and the own record for a patient.</summary>
static class PatientsEndpoints
{
    const int LongestName = 100;

    public static void MapPatients(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients", Show);
        routes.MapGet("/", First);
    }

    static async Task<IResult> First(HttpContext request, Entrance entrance, PatientsQuery patients, SummaryQuery summaries, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        return visit.Person.IsProfessional
            ? await Show(name: null, cursor: null, request, entrance, patients, record, stop)
            : await RecordEndpoints.Show(visit.Person.Id, request, entrance, summaries, record, stop);
    }

    static async Task<IResult> Show(string? name, string? cursor, HttpContext request, Entrance entrance, PatientsQuery patients, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Patient"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        // A patient has a record, not a list.
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var wanted = name?.Trim() ?? "";
        var (list, read) = await patients.Load(wanted.Length > LongestName ? wanted[..LongestName] : wanted, cursor, visit.Filter, stop);
        await visit.Log("patients", read, [.. list.Lines.Select(line => record.Compartment(line.Header.Id))], stop);
        return visit.Page<PatientsPage>(list);
    }
}
