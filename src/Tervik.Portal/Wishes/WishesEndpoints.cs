using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Wishes;

/// <summary>One version of a wish.</summary>
/// <param name="Values">What it says, by field.</param>
/// <param name="IsActive">It holds; else it was withdrawn.</param>
/// <param name="Date">When it was written.</param>
/// <param name="Who">Who wrote it, or null where nobody noted it.</param>
public sealed record WishVersion(IReadOnlyDictionary<string, string> Values, bool IsActive, FhirDate? Date, string? Who);

/// <summary>A wish with its history.</summary>
/// <param name="Kind">What about.</param>
/// <param name="Id">Logical id of the Consent; null when nothing was ever said.</param>
/// <param name="Version">Its version.</param>
/// <param name="Versions">Newest first; empty when nothing was ever said.</param>
public sealed record WishState(WishKind Kind, string? Id, int Version, IReadOnlyList<WishVersion> Versions)
{
    /// <summary>What holds now; null when nothing does.</summary>
    public WishVersion? Now => Versions is [{ IsActive: true } newest, ..] ? newest : null;
    /// <summary>In addresses and keys of words.</summary>
    public string Key => KeyOf(Kind);
    /// <summary>The same by kind.</summary>
    public static string KeyOf(WishKind kind) => kind == WishKind.OrganDonation ? "organ-donation" : "treatment";
}

/// <summary>The page of wishes, and of the form of one.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Wishes">Donation and treatment.</param>
/// <param name="Editing">Which one the form is about; the page has none.</param>
public sealed record WishesModel(PatientHeader Patient, IReadOnlyList<WishState> Wishes, WishKind? Editing = null)
{
    /// <summary>The one the form is about.</summary>
    public WishState Edited => Wishes.Single(wish => wish.Kind == Editing);
}

/// <summary>What patients want: organ donation, and treatment when they can no longer say it. Professionals read it.</summary>
static class WishesEndpoints
{
    const string MostConsents = "200";
    const int MostVersions = 100;

    public static void MapWishes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/wishes", Show);
        routes.MapGet("/patients/{id}/wishes/{kind}", Edit);
        routes.MapPost("/patients/{id}/wishes/{kind}", Save).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/patients/{id}/wishes/{kind}/withdraw", Withdraw).DisableAntiforgery();
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, Authorship authors, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Load(id, visit.Filter, record, store, authors, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("wishes", read, [record.Compartment(id)], stop);
        return visit.Page<WishesPage>(model);
    }

    static async Task<IResult> Edit(string id, string kind, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, Authorship authors, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (visit.Person.IsProfessional || KindOf(kind) is not { } wanted || await Load(id, visit.Filter, record, store, authors, stop) is not var (model, read)) return await visit.NotFound(stop);
        model = model with { Editing = wanted };
        await visit.Log("wishes", read, [record.Compartment(id)], stop);
        // What was chosen before is shown; where nothing was, nothing is ticked.
        return visit.Page<WishPage>(model, model.Edited.Id is null ? Form.New(request) : Form.Of(request, model.Edited.Version, model.Edited.Now?.Values ?? new Dictionary<string, string>()));
    }

    static async Task<IResult> Save(string id, string kind, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        // Both a new wish and a change of one: the policy has the same types for both here.
        var (visit, form) = await entrance.EnterForm(request, new("update-own", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (KindOf(kind) is not { } wanted || await Load(id, visit.Filter, record, store, authors, stop) is not var (model, read)) return await visit.NotFound(stop);
        model = model with { Editing = wanted };
        var values = Wish.Read(wanted, form);
        if (!form.MustShowAgain)
        {
            var consent = Wish.Write(wanted, values, id, model.Patient.Name, Today(record));
            // A form that knew of none makes a new one, unless there is one by now: then both are shown.
            if (form.Version is null && model.Edited is { Id: { } existing } other && existing != form.NewId) form.Conflict(other.Version, other.Now?.Values ?? new Dictionary<string, string>(), By(other));
            else if (await Write(visit, id, $"wish-{kind}", new(consent, model.Edited.Id ?? form.NewId, form.Version), form, writer, authors, stop)) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/wishes#{kind}");
        }
        await visit.Log("wishes", read, [record.Compartment(id)], stop);
        return visit.Page<WishPage>(model, form);
    }

    static async Task<IResult> Withdraw(string id, string kind, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update-own", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (KindOf(kind) is not { } wanted || await Load(id, visit.Filter, record, store, authors, stop) is not var (model, read)) return await visit.NotFound(stop);
        model = model with { Editing = wanted };
        if (model.Edited.Id is { } wish && form is { IsReview: false, Version: { } version } && await store.Read("Consent", wish, visit.Filter, stop) is { IsDeleted: false } stored)
        {
            var consent = JsonNode.Parse(stored.Body)!.AsObject();
            consent["status"] = "inactive";
            consent["dateTime"] = Today(record);
            if (await Write(visit, id, $"withdraw-wish-{kind}", new(consent, wish, version), form, writer, authors, stop)) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/wishes#{kind}");
        }
        form.Begin(model.Edited.Now?.Values ?? new Dictionary<string, string>());
        await visit.Log("wishes", read, [record.Compartment(id)], stop);
        return visit.Page<WishPage>(model, form);
    }

    static async Task<bool> Write(Visit visit, string id, string view, Change change, Form form, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var result = await writer.Write(visit, id, view, [change], stop);
        if (result.Outcome == Written.Saved) return true;
        if (result.Outcome == Written.Refused) form.Fail("", result.Why);
        else if (result.Current is { } current) form.Conflict(current.Version, current.Take(Wish.Values), await authors.Of(id, current, visit.Filter, stop));
        else form.Fail("", Words.Of("gone meanwhile"));
        return false;
    }

    static string? By(WishState wish) => wish.Versions is [{ Who: { } who, Date: { } date }, ..] ? $"{who}, {date.DayAndTime}" : null;

    static async Task<(WishesModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, AccessFilter filter, RecordQuery record, RecordStore store, Authorship authors, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        List<StoredResource> read = [patient];
        var consents = (await record.Find(id, "Consent", filter, stop, ("_count", MostConsents))).Select(stored => (Stored: stored, Kind: stored.Take(Wish.KindOf))).Where(consent => consent.Kind is not null).ToList();
        read.AddRange(consents.Select(consent => consent.Stored));
        var wishes = new List<WishState>();
        foreach (var kind in (WishKind[])[WishKind.OrganDonation, WishKind.Treatment])
        {
            // The newest counts, should a record from elsewhere have brought another.
            var newest = consents.Where(consent => consent.Kind == kind && consent.Stored.Take(json => json.TextAt("status") != "entered-in-error")).Select(consent => consent.Stored).MaxBy(stored => stored.AtUs);
            if (newest is null)
            {
                wishes.Add(new(kind, null, 0, []));
                continue;
            }
            var who = await authors.Of(id, "Consent", newest.Id, filter, stop);
            var history = await store.History("Consent", newest.Id, sinceUs: 0, beforeUs: long.MaxValue, MostVersions, filter, stop);
            wishes.Add(new(kind, newest.Id, newest.Version, [.. history.Where(version => !version.IsDeleted).Select(version => version.Take(json => new WishVersion(Wish.Values(json), json.TextAt("status") == "active",
                who.TryGetValue(version.Version, out var author) ? author.When : FhirDate.Of(json, "dateTime"), who.TryGetValue(version.Version, out author) ? author.Who : null)))]));
        }
        return (new(header, wishes), read);
    }

    static WishKind? KindOf(string kind) => kind switch { "organ-donation" => WishKind.OrganDonation, "treatment" => WishKind.Treatment, _ => null };
    static string Today(RecordQuery record) => record.Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
