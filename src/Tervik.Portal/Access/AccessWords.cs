using Tervik.Portal.Reading;
using Tervik.Trust.AuditLog;

namespace Tervik.Portal.Access;

/// <summary>What somebody did, in the reader's words: a page of the portal, or an interaction of the programs' interface with the kinds of entries it touched.</summary>
static class AccessWords
{
    const int MostKinds = 3;

    public static string Of(LoggedAccess access)
    {
        var words = access switch
        {
            { Query: ['p', 'o', 'r', 't', 'a', 'l', ':', .. var view] } => Words.Has($"saw {view}") ? Words.Of($"saw {view}") : Words.Of("saw page"),
            { Query: "portal" } => Words.Of("saw page"),
            { Interaction.Name: "sign-in" or "sign-out" } => Words.Of(access.Interaction.Name),
            _ => Words.Of($"did {Deed(access.Interaction.Name)}", Kinds(access)),
        };
        if (access.Concerned > 1) words = Words.Of("{0}, in a list", words);
        return access.Status < 400 ? words : Words.Of("{0} (refused)", words);
    }

    /// <summary>Each deed once, with how often, the most frequent first.</summary>
    public static IReadOnlyList<(string Words, int Times)> Summary(IEnumerable<LoggedAccess> accesses) =>
        [.. accesses.Select(Of).GroupBy(words => words).OrderByDescending(words => words.Count()).Select(words => (words.Key, words.Count()))];

    static string Deed(string interaction) => interaction switch
    {
        "read" or "vread" => "read",
        "search-type" or "search-system" or "search-compartment" => "search",
        "history-instance" or "history-type" or "history-system" => "history",
        "create" or "create-own" => "create",
        "update" or "patch" or "update-own" => "update",
        "delete" or "shred" => interaction,
        "batch" or "transaction" => "several",
        "$everything" => "everything",
        "$lastn" => "latest",
        "$meta" or "$meta-add" or "$meta-delete" => "labels",
        _ => "other",
    };

    /// <summary>The kinds of what was given out, or of what was asked for.</summary>
    static string Kinds(LoggedAccess access)
    {
        List<string> types = [.. access.Resources.Select(resource => resource[..Math.Max(0, resource.IndexOf('/', StringComparison.Ordinal))]).Where(type => type.Length > 0).Distinct()];
        if (types.Count == 0 && access.Interaction.Type is { } asked) types.Add(asked);
        if (types.Count == 0) return Words.Of("this record");
        // Patient is what the entries hang on; it says nothing where there are others.
        if (types.Count > 1) types.Remove("Patient");
        List<string> words = [.. types.Select(Kind).Distinct()];
        return words.Count <= MostKinds ? string.Join(", ", words) : Words.Of("{0} and more", string.Join(", ", words.Take(MostKinds)));
    }

    /// <summary>A resource type as people call it.</summary>
    public static string Kind(string type) => Words.Has($"data {type}") ? Words.Of($"data {type}") : Words.Of("data other", RecordEntry.TypeInWords(type));
}
