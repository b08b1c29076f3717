using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Emergency;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Reviews;

/// <summary>The page of reviews.</summary>
/// <param name="Waiting">What the reader has to review, oldest first.</param>
/// <param name="Reviewed">What was reviewed in the reader's units, newest first.</param>
/// <param name="IsLead">The reader leads a unit.</param>
/// <param name="Numbers">Of the last 30 days, of all units.</param>
public sealed record ReviewsModel(IReadOnlyList<OpenedLine> Waiting, IReadOnlyList<OpenedLine> Reviewed, bool IsLead, ExceptionalNumbers Numbers);

/// <summary>Leads of a unit review what was opened out of the ordinary for it; how many wait too long, everybody sees.</summary>
static class ReviewsEndpoints
{
    static readonly TimeSpan Shown = TimeSpan.FromDays(30);
    const int MostReviewed = 50;

    public static void MapReviews(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/reviews", Show);
        routes.MapPost("/reviews", Review).DisableAntiforgery(); // FormGuard does it.
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, ExceptionalAccesses accesses, StaffRegister register, OpenedQuery opened, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("review", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        return await Page(visit, Form.New(request), accesses, register, opened, store, stop);
    }

    static async Task<IResult> Review(HttpContext request, Entrance entrance, ExceptionalAccesses accesses, StaffRegister register, OpenedQuery opened, RecordStore store, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("review", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await accesses.Find(form["access"], stop) is not { } access || !await Leads(visit, access, register, stop)) return await visit.NotFound(stop);
        var finding = form.Choice("finding", ["justified", "not-justified"]);
        var note = form.Text("note", ExceptionalAccesses.LongestNote, isRequired: finding == "not-justified");
        if (form.MustShowAgain) return await Page(visit, form, accesses, register, opened, store, stop);
        await visit.Log("review", [], [store.Keys.Reference(access.Patient)], stop);
        await accesses.Review(access.Id, finding == "justified" ? ReviewState.Justified : ReviewState.NotJustified, visit.Person.Reference, note, stop);
        return TypedResults.LocalRedirect("/reviews");
    }

    static async Task<IResult> Page(Visit visit, Form form, ExceptionalAccesses accesses, StaffRegister register, OpenedQuery opened, RecordStore store, CancellationToken stop)
    {
        var (waiting, reviewed) = await accesses.ForReview(stop);
        var (mine, done) = (new List<ExceptionalAccess>(), new List<ExceptionalAccess>());
        foreach (var access in waiting)
            if (await Leads(visit, access, register, stop)) mine.Add(access);
        foreach (var access in reviewed)
            if (done.Count < MostReviewed && await Leads(visit, access, register, stop)) done.Add(access);
        await visit.Log("reviews", [], [.. mine.Concat(done).Select(access => store.Keys.Reference(access.Patient)).Distinct()], stop);
        return visit.Page<ReviewsPage>(new ReviewsModel(await opened.Lines(mine, stop), await opened.Lines(done, stop),
            (await register.Of(visit.Person.Reference, stop)).Codes.Contains(StaffRegister.UnitLead), await accesses.Numbers(Shown, stop)), form);
    }

    /// <summary>Whether the reader leads the unit of an access, or one that it is part of. Nobody reviews their own.</summary>
    static async Task<bool> Leads(Visit visit, ExceptionalAccess access, StaffRegister register, CancellationToken stop)
    {
        if (access.Practitioner == visit.Person.Reference) return false;
        var reader = await register.Of(visit.Person.Reference, stop);
        if (!reader.Codes.Contains(StaffRegister.UnitLead)) return false;
        // Opened for no unit: those of whoever opened it.
        var units = access.Unit.Length > 0 ? await register.UnitAndAbove(access.Unit, stop) : (await register.Of(access.Practitioner, stop)).Units;
        return reader.Holds(StaffRegister.UnitLead, units);
    }
}
