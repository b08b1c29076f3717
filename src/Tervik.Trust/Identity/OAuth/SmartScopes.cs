using System.Text.RegularExpressions;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>The scopes of a request, understood.</summary>
/// <param name="Texts">All, as they were written.</param>
/// <param name="Resources">Those about resources, each with its context (<c>patient</c>, <c>user</c>, <c>system</c>) and text.</param>
public sealed partial record SmartScopes(IReadOnlyList<string> Texts, IReadOnlyList<(string Context, SmartScope Scope, string Text)> Resources)
{
    /// <summary>Longest list of scopes.</summary>
    const int LongestText = 4000, MostScopes = 200;

    /// <summary>Scopes that are about no resource.</summary>
    static readonly string[] Plain = ["openid", "profile", "fhirUser", "launch", "launch/patient", "offline_access", "online_access"];

    static readonly string[] Contexts = ["patient", "user", "system"];

    /// <summary>Whether one of these was asked for.</summary>
    public bool Has(string text) => Texts.Contains(text);

    /// <summary>Whether any scope is about one patient that has to be known.</summary>
    public bool NeedsPatient => Has("launch/patient") || Resources.Any(one => one.Context == "patient");

    /// <summary>Reads scopes; those that are not spelled exactly as the standard has them are refused and never guessed at.</summary>
    /// <param name="texts">Each scope.</param>
    /// <param name="parameters">Search parameters of the store.</param>
    /// <returns>The scopes, or what is wrong with the first that is.</returns>
    /// <remarks>Source: SMART App Launch 2.2, Scopes for requesting FHIR resources; v1 <c>.read</c>, <c>.write</c>, <c>.*</c> as its section on compatibility maps them.</remarks>
    public static (SmartScopes? Scopes, string? Fault) Read(IReadOnlyList<string> texts, SearchParameterCatalog parameters)
    {
        if (texts.Count > MostScopes || texts.Sum(text => text.Length) > LongestText) return (null, $"At most {MostScopes} scopes of {LongestText} characters together are taken.");
        var resources = new List<(string, SmartScope, string)>();
        foreach (var text in texts)
        {
            if (Plain.Contains(text)) continue;
            if (Form().Match(text) is not { Success: true } match) return (null, $"The scope {text} is not known.");
            var (context, type) = (match.Groups["context"].Value, match.Groups["type"].Value);
            if (!Contexts.Contains(context)) return (null, $"The scope {text} has the context {context}; patient, user or system was expected.");
            if (type != "*" && Schema.R4.Find(type) is not { Kind: FhirTypeKind.Resource, IsAbstract: false }) return (null, $"The scope {text} is about {type}, which is no resource type.");
            if (Actions(match.Groups["actions"].Value) is not { } actions) return (null, $"The scope {text} has the actions {match.Groups["actions"].Value}; letters of cruds in this order were expected.");
            var criteria = new List<KeyValuePair<string, string>>();
            foreach (var pair in match.Groups["query"] is { Success: true, Value: var query } ? query.Split('&') : [])
            {
                var (name, value) = pair.Split('=', 2) is [{ Length: > 0 } key, { Length: > 0 } rest] ? (key, Uri.UnescapeDataString(rest)) : ("", "");
                if (name.Length == 0 || type == "*" || parameters.Find(type, name) is not { Kind: ParameterKind.Token }) return (null, $"The scope {text} narrows by {pair}; a token parameter of one resource type and its value were expected.");
                criteria.Add(new(name, value));
            }
            resources.Add((context, new(type, actions, criteria), text));
        }
        return (new(texts, resources), null);
    }

    /// <summary>Why a request for scopes goes beyond these; null when each of them is covered: by one spelled alike or, about resources, by those of the same context and type (or all types) whose criteria are no narrower and which together allow its actions.</summary>
    /// <param name="asked">The request.</param>
    public string? WhyNotCovered(SmartScopes asked)
    {
        foreach (var text in asked.Texts)
            if (asked.Resources.All(one => one.Text != text) && !Has(text)) return Beyond(text);
        foreach (var (context, scope, text) in asked.Resources)
        {
            var allowed = Resources.Where(one => one.Context == context && (one.Scope.Type == "*" || one.Scope.Type == scope.Type) && one.Scope.Criteria.All(criterion => scope.Criteria.Any(other => IsWithin(other, criterion))))
                .Aggregate(SmartActions.None, (all, one) => all | one.Scope.Actions);
            if ((scope.Actions & ~allowed) != 0) return Beyond(text);
        }
        return null;

        static string Beyond(string text) => $"The application is not registered for the scope {text}.";
    }

    /// <summary>Whether a criterion finds nothing that another would not: the same parameter, with some of its values.</summary>
    static bool IsWithin(KeyValuePair<string, string> narrow, KeyValuePair<string, string> wide) => narrow.Key == wide.Key
        && (narrow.Value == wide.Value || !narrow.Value.Contains('\\', StringComparison.Ordinal) && !wide.Value.Contains('\\', StringComparison.Ordinal) && !narrow.Value.Split(',').Except(wide.Value.Split(',')).Any());

    static SmartActions? Actions(string text)
    {
        switch (text)
        {
            case "read": return SmartActions.Read | SmartActions.Search;
            case "write": return SmartActions.Create | SmartActions.Update | SmartActions.Delete;
            case "*": return (SmartActions)31;
        }
        var (actions, last) = (SmartActions.None, -1);
        foreach (var letter in text)
        {
            var place = "cruds".IndexOf(letter, StringComparison.Ordinal);
            if (place <= last) return null;
            actions |= (SmartActions)(1 << place);
            last = place;
        }
        return actions == SmartActions.None ? null : actions;
    }

    [GeneratedRegex(@"^(?<context>[a-z]+)/(?<type>\*|[A-Za-z]+)\.(?<actions>\*|[a-z]+)(\?(?<query>[^?#\s]+))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Form();
}
