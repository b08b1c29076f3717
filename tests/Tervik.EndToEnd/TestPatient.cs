using System.Text;

namespace Tervik.EndToEnd;

/// <summary>A patient of a test's own, treated by Practitioner/holm: the tests do not hang on who else is on the node.</summary>
static class TestPatient
{
    /// <summary>Puts a Patient and what the authorization matrix asks for.</summary>
    /// <param name="node">Where.</param>
    /// <param name="id">Logical id.</param>
    /// <param name="given">Given name.</param>
    /// <param name="family">Family name, unlike any other on the node.</param>
    /// <param name="number">National number.</param>
    /// <param name="born">Birth date.</param>
    public static async Task Make(Node node, string id, string given, string family, string number, string born = "1980-05-05")
    {
        var subject = $$"""{"reference":"Patient/{{id}}"}""";
        await Put(node, $"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","identifier":[{"system":"urn:tervik:sample:national-id","value":"{{number}}"}],"name":[{"family":"{{family}}","given":["{{given}}"]}],"birthDate":"{{born}}"}""");
        await Put(node, $"Observation/{id}-weight-0", $$"""{"resourceType":"Observation","id":"{{id}}-weight-0","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},"subject":{{subject}},"effectiveDateTime":"2026-10-01"}""");
        await Put(node, $"Encounter/{id}-visit-0", $$"""{"resourceType":"Encounter","id":"{{id}}-visit-0","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{{subject}},"period":{"start":"2026-10-01","end":"2026-10-01"},"participant":[{"individual":{"reference":"Practitioner/holm"} }]}""");
        await Put(node, $"Appointment/{id}-appointment", $$"""{"resourceType":"Appointment","id":"{{id}}-appointment","status":"booked","start":"2026-12-19T08:00:00Z","end":"2026-12-19T08:30:00Z","participant":[{"actor":{{subject}},"status":"accepted"},{"actor":{"reference":"Practitioner/holm"},"status":"accepted"}]}""");
    }

    /// <summary>Writes a resource as an institution's system does.</summary>
    public static async Task Put(Node node, string reference, string json)
    {
        using var system = await node.Client("client/registry");
        using var body = new StringContent(json, Encoding.UTF8, "application/fhir+json");
        using var answer = await system.PutAsync(new Uri(reference, UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
