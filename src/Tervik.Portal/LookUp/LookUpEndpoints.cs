using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Search;
using Tervik.Trust.Relations;

namespace Tervik.Portal.LookUp;

/// <summary>The page on which a professional finds a person who is not among their patients.</summary>
/// <param name="Number">What was asked; null when nothing was.</param>
/// <param name="Found">Who bears it; null when nobody does.</param>
/// <param name="IsOpen">The reader sees the record already.</param>
public sealed record LookUpModel(string? Number, PatientHeader? Found, bool IsOpen);

/// <summary>By the whole national number only, and logged as a look-up: names lead to one's own patients and to nobody else.</summary>
static class LookUpEndpoints
{
    const int LongestNumber = 64;

    public static void MapLookUp(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/look-up", Show);
        routes.MapPost("/look-up", Find).DisableAntiforgery(); // FormGuard does it.
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("look-up", "Patient"), stop);
        return visit.Refusal ?? visit.Page<LookUpPage>(new LookUpModel(null, null, IsOpen: false), Form.New(request));
    }

    // Posted, so that numbers stand in no address.
    static async Task<IResult> Find(HttpContext request, Entrance entrance, RecordQuery record, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("look-up", "Patient"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var number = form.Text("number", LongestNumber);
        if (form.MustShowAgain) return visit.Page<LookUpPage>(new LookUpModel(null, null, IsOpen: false), form);
        var bearers = (await record.Everywhere("Patient", AccessFilter.Everything, stop, ("identifier", SearchSyntax.Escape(number)), ("_count", "5"))).Matches
            .Where(stored => stored.Take(json => FamilyRelations.NationalNumbers(json).Any(one => one.Value == number))).ToList();
        if (bearers is not [var bearer])
        {
            await visit.Log("number", [], [], stop);
            return visit.Page<LookUpPage>(new LookUpModel(number, null, IsOpen: false), form);
        }
        var header = bearer.Take(json => PatientHeader.Read(json, record.Today));
        await visit.Log("number", [bearer], [record.Compartment(header.Id)], stop);
        return visit.Page<LookUpPage>(new LookUpModel(number, header, await record.Patient(header.Id, visit.Filter, stop) is not null), form);
    }
}
