using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Access;

/// <summary>Accesses of one person on one day, in a line.</summary>
/// <param name="At">The latest of them.</param>
/// <param name="Who">Name, or what kind of program.</param>
/// <param name="IsSelf">The reader did it.</param>
/// <param name="What">In words, each once.</param>
/// <param name="Times">How many accesses the line stands for.</param>
public sealed record AccessLine(DateTime At, string Who, bool IsSelf, IReadOnlyList<string> What, int Times);

/// <summary>The page "who has seen".</summary>
public sealed record AccessModel(PatientHeader Patient, IReadOnlyList<AccessLine> Lines, long? Before, bool IsFirst);

/// <summary>Who has seen the data of a patient: for the patient all accesses, for a professional their own.</summary>
static class AccessEndpoints
{
    const int PageSize = 100;

    public static void MapAccess(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/access", Show);

    static async Task<IResult> Show(string id, string? before, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, AuditView audit, Identification identification, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "AuditEvent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return await visit.NotFound(stop);
        var cursor = long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
        var part = new LogExcerpt(Compartment: record.Compartment(id), Before: cursor, Count: PageSize + 1);
        var seen = await audit.Read(part, await identification.Of(request, stop), visit.Filter, stop);
        var page = seen.Take(PageSize).Select(one => one.Access).ToList();
        await visit.Log("access", [patient], [record.Compartment(id)], stop);
        var lines = new List<AccessLine>();
        foreach (var group in page.GroupBy(access => (access.Agent, access.At.LocalDateTime.Date)))
            lines.Add(new(group.Max(access => access.At.LocalDateTime), await Name(store, group.Key.Agent, stop), group.Key.Agent == visit.Person.Reference, [.. group.Select(Describe).Distinct()], group.Count()));
        return visit.Page<AccessPage>(new AccessModel(header, [.. lines.OrderByDescending(line => line.At)], seen.Count > PageSize ? page[^1].Event : null, cursor == long.MaxValue));
    }

    static async Task<string> Name(RecordStore store, string? agent, CancellationToken stop)
    {
        if (agent?.Split('/') is not [var type, var id]) return Words.Of("Somebody who was not signed in");
        if (type is not ("Practitioner" or "Patient")) return Words.Of("The program {0}", id);
        // A name, so that the patient knows who it was; the access itself is what the page is about.
        if (await store.Read(type, id, AccessFilter.Everything, stop) is not { IsDeleted: false } stored) return agent;
        using var json = JsonDocument.Parse(stored.Body);
        return Names.OfPerson(json.RootElement);
    }

    static string Describe(LoggedAccess access)
    {
        var words = access switch
        {
            { Query: ['p', 'o', 'r', 't', 'a', 'l', ':', .. var view] } => Words.Of($"saw {view}"),
            { Interaction.Name: "create" or "update" or "patch" } => Words.Of("wrote {0}", Type(access)),
            { Interaction.Name: "delete" } => Words.Of("deleted {0}", Type(access)),
            { Interaction.Name: "$everything" } => Words.Of("read everything"),
            { Interaction.Name: "$summary" } => Words.Of("read summary"),
            { Interaction.Name: "sign-in" or "sign-out" } => Words.Of(access.Interaction.Name),
            _ => Words.Of("read {0}", Type(access)),
        };
        return access.Status < 400 ? words : Words.Of("{0} (refused)", words);
    }

    static string Type(LoggedAccess access) => access.Interaction.Type is { } type ? RecordEntry.TypeInWords(type) : Words.Of("this record");
}
