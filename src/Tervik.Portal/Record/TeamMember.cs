using Tervik.Portal.Reading;

namespace Tervik.Portal.Record;

/// <summary>Somebody who is responsible.</summary>
/// <param name="Name">Who.</param>
/// <param name="Role">As what, or null.</param>
public sealed record TeamMember(string Name, string? Role)
{
    /// <summary>Members of the active care teams, without the patient.</summary>
    internal static List<TeamMember> Of(IEnumerable<Parsed> teams) => [.. teams.Where(team => team.Type == "CareTeam" && Standing.IsActive(team))
        .SelectMany(team => team.Json.ItemsAt("participant"))
        .Where(participant => participant.At("member").TextAt("reference")?.StartsWith("Patient/", StringComparison.Ordinal) != true)
        .Select(participant => participant.At("member").TextAt("display") is { } name ? new TeamMember(name, Codes.First(participant, "role")) : null)
        .OfType<TeamMember>().Distinct()];
}
