using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Records.Search;

namespace Tervik.Records.Operations;

/// <summary><c>Patient/[id]/$summary</c> and <c>Patient/$summary?identifier=</c> of the International Patient Summary (OperationDefinition hl7.org/fhir/uv/ips/summary).</summary>
sealed class SummaryOperation(SummaryDocuments summaries, SearchEngine searches, RecordStore store)
{
    static readonly string[] Parameters = ["identifier", "profile", "graph"];

    public async ValueTask<RestAnswer> Answer(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, Parameters);
        var stop = request.Http.RequestAborted;
        var asked = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Parameters)
            if (request.Parameter(name) is { } value) asked[name] = value;
        AddBody(request, asked);
        if (asked.TryGetValue("profile", out var profile) && profile.Split('|')[0] != $"{SummaryCodes.Profiles}Bundle-uv-ips")
            throw new FaultException(new Fault(FaultKind.Unprocessable, "not-supported", "profile", $"Summaries keep to the profile {SummaryCodes.Profiles}Bundle-uv-ips; another was asked for."));
        if (asked.ContainsKey("graph")) throw new FaultException(new Fault(FaultKind.Unprocessable, "not-supported", "graph", "The content of a summary cannot be chosen by a graph."));
        var id = interaction.Id ?? await Identified(asked.GetValueOrDefault("identifier"), permission.Filter, stop);
        if (await summaries.Of(id, permission.Filter, stop) is not { } document) throw Reading.Absent(interaction with { Id = id });
        return new(200)
        {
            Body = document.Body,
            Resources = AccessedResource.Of(store, document.Read),
        };
    }

    /// <summary>Parameters may come in a body, as for every operation.</summary>
    static void AddBody(RestRequest request, Dictionary<string, string> asked)
    {
        if (request.Method != "POST" || request.Body.IsEmpty) return;
        using var json = FhirJson.Parse(request.Body);
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("resourceType"u8, out var type) || !type.ValueEquals("Parameters"u8))
            throw new FaultException(new Fault(FaultKind.Invalid, "structure", null, "The body of $summary is Parameters, or nothing."));
        if (!json.RootElement.TryGetProperty("parameter"u8, out var list) || list.ValueKind != JsonValueKind.Array) return;
        foreach (var parameter in list.EnumerateArray())
        {
            var name = parameter.TryGetProperty("name"u8, out var named) ? named.GetString() ?? "" : "";
            if (!Parameters.Contains(name)) throw new FaultException(new Fault(FaultKind.Invalid, "not-supported", name, $"The parameter {name} is not known here; {string.Join(", ", Parameters)} are."));
            foreach (var member in parameter.EnumerateObject())
                if (member.Name is "valueString" or "valueUri" or "valueCanonical" && member.Value.ValueKind == JsonValueKind.String) asked[name] = member.Value.GetString()!;
        }
    }

    async Task<string> Identified(string? identifier, AccessFilter filter, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(identifier)) throw new FaultException(new Fault(FaultKind.Invalid, "required", "identifier", "Say whose summary: Patient/[id]/$summary, or the parameter identifier (system|value)."));
        var found = await searches.Search(new("Patient", [new("identifier", identifier), new("_count", "2")], Strict: true), filter, stop);
        return found.Matches.Count switch
        {
            1 => found.Matches[0].Id,
            0 => throw new FaultException(new Fault(FaultKind.NotFound, "not-found", "identifier", "There is no patient with this identifier.")),
            _ => throw new FaultException(new Fault(FaultKind.PreconditionFailed, "multiple-matches", "identifier", "More than one patient has this identifier; say its system too.")),
        };
    }
}
