using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;

namespace Tervik.Portal.Today;

/// <summary>As whom a professional works: what is addressed to one of these is addressed to them.</summary>
/// <param name="Actors">Themselves and their roles, as references.</param>
/// <param name="Teams">Care teams they are in.</param>
/// <param name="Wards">Locations of their roles.</param>
public sealed record Duty(IReadOnlyList<string> Actors, IReadOnlyList<string> Teams, IReadOnlySet<string> Wards)
{
    /// <summary>For a search: all who can own a task or receive a message for them.</summary>
    public string Recipients => string.Join(',', Actors.Concat(Teams));
}

/// <summary>Reads the roles and teams of whoever is signed in.</summary>
sealed class DutyQuery(RecordQuery record)
{
    const int MostRoles = 50, MostTeams = 200;

    public async Task<Duty> Load(SignedIn person, AccessFilter filter, CancellationToken stop)
    {
        var roles = (await record.Everywhere("PractitionerRole", filter, stop, ("practitioner", person.Reference), Count(MostRoles))).Matches;
        string[] actors = [person.Reference, .. roles.Select(role => $"PractitionerRole/{role.Id}")];
        var teams = (await record.Everywhere("CareTeam", filter, stop, ("participant", string.Join(',', actors)), Count(MostTeams))).Matches;
        var wards = roles.SelectMany(role => role.Take(json => json.ItemsAt("location").Select(location => location.TextAt("reference")).OfType<string>().ToList()));
        return new(actors, [.. teams.Select(team => $"CareTeam/{team.Id}")], wards.ToHashSet(StringComparer.Ordinal));
    }

    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));
}
