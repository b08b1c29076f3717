using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.DemoPortal.SignIn;

/// <summary>Somebody one can sign in as on the demonstration page.</summary>
/// <param name="Reference"><c>Patient/id</c> or <c>Practitioner/id</c>.</param>
/// <param name="Resource">The resource as it is stored, UTF-8 JSON.</param>
sealed record DemoPerson(string Reference, byte[] Resource);

/// <summary>The people of the record, for the demonstration sign-in. It shows names to anybody, and so exists only where the data is synthetic.</summary>
sealed class DemoPeople(SearchEngine search, RecordStore store, IAccessControl control)
{
    /// <summary>So many of each kind are shown; a name narrows the list.</summary>
    public const int Most = 20;

    /// <summary>The first patients or practitioners by name.</summary>
    /// <param name="type"><c>Patient</c> or <c>Practitioner</c>.</param>
    /// <param name="name">Part of their name; empty for all.</param>
    /// <param name="stop">Stops the search.</param>
    public async Task<IReadOnlyList<DemoPerson>> Find(string type, string name, CancellationToken stop)
    {
        List<KeyValuePair<string, string>> parameters = [new("_count", $"{Most}"), new("_sort", type == "Patient" ? "family,given" : "family")];
        // Each word must begin some part of the name.
        foreach (var word in name.Split(' ', StringSplitOptions.RemoveEmptyEntries)) parameters.Add(new("name", SearchSyntax.Escape(word)));
        var page = await search.Search(new(type, parameters), AccessFilter.Everything, stop);
        // Showing a name is an access as well, though nobody knows whose.
        await control.Log(new(Agent: null, new("search-type", type), name.Length == 0 ? "demo sign-in" : $"name={name}",
            AccessedResource.Of(store, page.Matches), Status: 200), stop);
        return [.. page.Matches.Select(match => new DemoPerson($"{match.Type}/{match.Id}", match.Body))];
    }

    /// <summary>Whether this person exists and may be signed in as.</summary>
    public async Task<bool> Exists(string reference, CancellationToken stop)
    {
        if (reference.Split('/') is not [("Patient" or "Practitioner") and var type, var id]) return false;
        var page = await search.Search(new(type, [new("_id", id)]), AccessFilter.Everything, stop);
        return page.Matches.Count == 1;
    }
}
