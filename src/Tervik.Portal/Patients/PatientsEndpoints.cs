using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Patients;

/// <summary>The professional's patients: all, those of today, those in hospital; found by name or number.</summary>
static class PatientsEndpoints
{
    const int LongestText = 100;

    public static void MapPatients(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients", Show);
        routes.MapSearch("/patients", _ => new("search-type", "Patient"), ["name"], ["show", "sort"]);
    }

    static async Task<IResult> Show(string? show, string? sort, string? cursor, HttpContext request, Entrance entrance, PatientsQuery patients, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Patient"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        // A patient has a record, not a list.
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var text = visit.Frame.Sought["name"] is { Length: > LongestText } tooLong ? tooLong[..LongestText] : visit.Frame.Sought["name"];
        var wanted = new PatientsWanted(text, PatientsQuery.Shows.Contains(show) ? show! : PatientsQuery.Shows[0], PatientsQuery.Sorts.ContainsKey(sort ?? "") ? sort! : "name");
        var (list, read) = await patients.Load(wanted, visit.Person, cursor, visit.Filter, stop);
        // A look-up is another thing to have done than to look at one's list, and is logged also when it finds nobody.
        await visit.Log(text.Length > 0 ? "find-patient" : "patients", read, [.. list.Lines.Select(line => record.Compartment(line.Header.Id))], stop);
        return visit.Page<PatientsPage>(list);
    }
}
