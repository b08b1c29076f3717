using System.Text;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Validation;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.Tests.AuditLog;

/// <summary>The AuditEvents against the rules of IHE BALP 1.1.4, read from its profiles: code of a deed, who is source and destination, which entity there must be once.</summary>
public sealed class AuditEventJsonTests
{
    const string Balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

    static LoggedAccess Access(string interaction, string? query = null, int status = 200, string[]? resources = null, int concerned = 1, string? agent = "Practitioner/7", string? client = null) =>
        new(1_795_000_000_000_000, agent, new(interaction, "Observation"), query, resources ?? ["Observation/1"], concerned == 0 ? [] : [5], status, "request-1") { Concerned = concerned, Purpose = "TREAT", Client = client, Address = "192.0.2.7" };

    static JsonElement Write(LoggedAccess access)
    {
        var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes)) AuditEventJson.Write(json, access, access.Compartments.Count == 0 ? [] : ["Patient/p"], "https://node.example/fhir");
        return JsonDocument.Parse(bytes.ToArray()).RootElement;
    }

    static string Code(JsonElement coding) => coding.GetProperty("code").GetString()!;
    static List<JsonElement> Agents(JsonElement audit, string code) => [.. audit.GetProperty("agent").EnumerateArray().Where(agent => Code(agent.GetProperty("type").GetProperty("coding")[0]) == code)];
    static List<JsonElement> Entities(JsonElement audit, string system, string code) => [.. audit.GetProperty("entity").EnumerateArray().Where(entity => entity.GetProperty("type").GetProperty("system").GetString()!.EndsWith(system, StringComparison.Ordinal) && Code(entity.GetProperty("type")) == code)];

    [Theory]
    [InlineData("read", "PatientRead", "R", "read", "110152", "110153", "IRCP")]
    [InlineData("vread", "PatientRead", "R", "vread", "110152", "110153", "IRCP")]
    [InlineData("search-type", "PatientQuery", "E", "search-type", "110153", "110152", "IRCP")]
    [InlineData("search-compartment", "PatientQuery", "E", "search-system", "110153", "110152", "IRCP")]
    [InlineData("create", "PatientCreate", "C", "create", "110153", "110152", "AUT")]
    [InlineData("update", "PatientUpdate", "U", "update", "110153", "110152", "AUT")]
    [InlineData("patch", "PatientUpdate", "U", "patch", "110153", "110152", "AUT")]
    [InlineData("delete", "PatientDelete", "D", "delete", "110150", "custodian", "AUT")]
    public void An_access_to_a_patient_keeps_to_its_pattern(string interaction, string profile, string action, string subtype, string client, string server, string user)
    {
        var audit = Write(Access(interaction, interaction.StartsWith("search", StringComparison.Ordinal) ? "code=1&date=gt2026" : null));
        Assert.Equal(Balp + profile, audit.GetProperty("meta").GetProperty("profile")[0].GetString());
        Assert.Equal(("rest", action, subtype, "0"), (Code(audit.GetProperty("type")), audit.GetProperty("action").GetString(), Code(audit.GetProperty("subtype")[0]), audit.GetProperty("outcome").GetString()));
        Assert.Equal(1, audit.GetProperty("subtype").GetArrayLength());
        var (asking, answering, person) = (Assert.Single(Agents(audit, client)), Assert.Single(Agents(audit, server)), Assert.Single(Agents(audit, user)));
        Assert.Equal(("192.0.2.7", "2"), (asking.GetProperty("network").GetProperty("address").GetString(), asking.GetProperty("network").GetProperty("type").GetString()));
        Assert.Equal("https://node.example/fhir", answering.GetProperty("network").GetProperty("address").GetString());
        Assert.Equal((false, false, true), (asking.GetProperty("requestor").GetBoolean(), answering.GetProperty("requestor").GetBoolean(), person.GetProperty("requestor").GetBoolean()));
        Assert.False(person.TryGetProperty("network", out _));
        Assert.Equal(("Practitioner/7", "TREAT"), (person.GetProperty("who").GetProperty("reference").GetString(), Code(person.GetProperty("purposeOfUse")[0].GetProperty("coding")[0])));

        var patient = Assert.Single(Entities(audit, "audit-entity-type", "1"));
        Assert.Equal(("Patient/p", "1"), (patient.GetProperty("what").GetProperty("reference").GetString(), Code(patient.GetProperty("role"))));
        // One System Object: what was read or written, or the question; and each thing given out by a search beside it.
        var main = Assert.Single(Entities(audit, "audit-entity-type", "2"));
        if (profile == "PatientQuery")
        {
            Assert.Equal(("24", false), (Code(main.GetProperty("role")), main.TryGetProperty("what", out _)));
            Assert.Equal("Observation?code=1&date=gt2026", Encoding.UTF8.GetString(main.GetProperty("query").GetBytesFromBase64()));
            Assert.Equal("Observation/1", Assert.Single(Entities(audit, "resource-types", "Observation")).GetProperty("what").GetProperty("reference").GetString());
        }
        else Assert.Equal(("Observation/1", "4"), (main.GetProperty("what").GetProperty("reference").GetString(), Code(main.GetProperty("role"))));
        Assert.Equal("request-1", Assert.Single(Entities(audit, "BasicAuditEntityType", "XrequestId")).GetProperty("what").GetProperty("identifier").GetProperty("value").GetString());
    }

    [Fact]
    public void A_record_whose_keys_were_destroyed_was_deleted_by_the_operator()
    {
        var audit = Write(Access("shred", resources: [], agent: "client/operator") with { Purpose = null });
        Assert.Equal(("rest", "D", "delete shred"), (Code(audit.GetProperty("type")), audit.GetProperty("action").GetString(), string.Join(' ', audit.GetProperty("subtype").EnumerateArray().Select(Code))));
        Assert.Equal((true, "operator"), (Assert.Single(Agents(audit, "110150")).GetProperty("requestor").GetBoolean(), Agents(audit, "110150")[0].GetProperty("who").GetProperty("display").GetString()));
        Assert.Equal("Patient/p", Assert.Single(Entities(audit, "audit-entity-type", "1")).GetProperty("what").GetProperty("reference").GetString());
    }

    [Fact]
    public void Without_a_patient_the_pattern_is_the_one_without()
    {
        var audit = Write(Access("read", resources: ["Organization/1"], concerned: 0));
        Assert.Equal(Balp + "Read", audit.GetProperty("meta").GetProperty("profile")[0].GetString());
        Assert.Empty(Entities(audit, "audit-entity-type", "1"));
    }

    [Fact]
    public void What_was_refused_is_an_authorization_decision_and_tells_of_no_patient()
    {
        var audit = Write(Access("read", status: 403, resources: [], concerned: 0));
        Assert.Equal(("110113", "AuthZ-Role", "4", "HTTP 403"), (Code(audit.GetProperty("type")), Code(audit.GetProperty("subtype")[0]), audit.GetProperty("outcome").GetString(), audit.GetProperty("outcomeDesc").GetString()));
        Assert.Single(Agents(audit, "authserver"));
        Assert.Single(Agents(audit, "110150"));
        Assert.False(audit.GetProperty("meta").TryGetProperty("profile", out _));
        Assert.Equal(1, audit.GetProperty("entity").GetArrayLength());
        Assert.Single(Entities(audit, "BasicAuditEntityType", "XrequestId"));
    }

    [Fact]
    public void A_program_that_asks_for_itself_is_the_client_and_there_is_no_person()
    {
        var audit = Write(Access("read", agent: "client/laboratory"));
        var client = Assert.Single(Agents(audit, "110152"));
        Assert.Equal(("client/laboratory", true), (client.GetProperty("who").GetProperty("identifier").GetProperty("value").GetString(), client.GetProperty("requestor").GetBoolean()));
        Assert.Equal(2, audit.GetProperty("agent").GetArrayLength());
        Assert.Equal("app", Assert.Single(Agents(Write(Access("read", client: "app")), "110152")).GetProperty("who").GetProperty("identifier").GetProperty("value").GetString());
    }

    [Fact]
    public void A_question_about_several_patients_is_masked_and_still_there_where_it_was_taken_out()
    {
        var query = Assert.Single(Entities(Write(Access("search-type", query: null, concerned: 3)), "audit-entity-type", "2"));
        Assert.False(query.TryGetProperty("query", out _));
        Assert.Equal("masked", query.GetProperty("_query").GetProperty("extension")[0].GetProperty("valueCode").GetString());
    }

    [Theory]
    [InlineData("read", 200), InlineData("search-type", 200), InlineData("create", 201), InlineData("history-type", 200), InlineData("$everything", 200), InlineData("sign-in", 302), InlineData("read", 401), InlineData("batch", 500)]
    public void Every_kind_of_event_is_a_valid_resource(string interaction, int status)
    {
        foreach (var concerned in (int[])[0, 1, 3])
        {
            var audit = Write(Access(interaction, interaction.StartsWith("search", StringComparison.Ordinal) && concerned < 3 ? "code=1" : null, status, concerned: concerned));
            Assert.DoesNotContain(ResourceValidator.Validate(Node.Resource(audit), ValidationDepth.Profiles), fault => fault.Severity is "error" or "fatal");
        }
    }
}
