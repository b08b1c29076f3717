using System.Diagnostics;
using Hl7.Fhir.Model;
using Hl7.Fhir.Rest;

namespace Tervik.EndToEnd.Rest;

/// <summary>Clients of others, unchanged, against the running server: Firely's, fhir-kit-client and the SMART JS client.</summary>
public sealed class ForeignClientTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task<FhirClient> Client() => new($"{node.Address}/fhir", await node.Client("client/foreign"), new FhirClientSettings { PreferredFormat = ResourceFormat.Json, VerifyFhirVersion = true });

    [Fact]
    public async System.Threading.Tasks.Task It_creates_reads_updates_and_deletes()
    {
        using var client = await Client();
        var created = (await client.CreateAsync(new Patient { Name = [new HumanName { Family = "Foreign", Given = ["A"] }], BirthDate = "1980-02" }, Stop))!;
        Assert.Equal("1", created.Meta!.VersionId);
        created.Active = true;
        var updated = (await client.UpdateAsync(created, versionAware: true, ct: Stop))!;
        Assert.Equal("2", updated.Meta!.VersionId);
        var read = (await client.ReadAsync<Patient>($"Patient/{created.Id}", ct: Stop))!;
        Assert.True(read.IsExactly(updated));
        await Assert.ThrowsAsync<FhirOperationException>(() => client.UpdateAsync(created, versionAware: true, ct: Stop));
        Assert.Equal(2, (await client.HistoryAsync($"Patient/{created.Id}", ct: Stop))!.Entry.Count);
        await client.DeleteAsync($"Patient/{created.Id}", Stop);
        var gone = await Assert.ThrowsAsync<FhirOperationException>(() => client.ReadAsync<Patient>($"Patient/{created.Id}", ct: Stop));
        Assert.Equal(System.Net.HttpStatusCode.Gone, gone.Status);
    }

    [Fact]
    public async System.Threading.Tasks.Task It_searches_with_includes_and_turns_pages()
    {
        using var client = await Client();
        var seen = new HashSet<string>();
        var patients = 0;
        for (var page = await client.SearchAsync<Observation>(["patient=p01", "_sort=-date"], ["Observation:patient"], 7, ct: Stop); page is not null; page = await client.ContinueAsync(page, ct: Stop))
            foreach (var entry in page.Entry)
                if (entry.Resource is Observation) Assert.True(seen.Add(entry.Resource.Id!));
                else patients += entry.Resource is Patient ? 1 : 0;
        Assert.True(seen.Count > 20);
        Assert.NotEqual(0, patients);
    }

    [Fact]
    public async System.Threading.Tasks.Task It_sends_a_transaction_whose_references_are_resolved_and_patches()
    {
        using var client = await Client();
        var patient = new Bundle.EntryComponent { FullUrl = $"urn:uuid:{Guid.NewGuid()}", Resource = new Patient { Active = true }, Request = new() { Method = Bundle.HTTPVerb.POST, Url = "Patient" } };
        var observation = new Bundle.EntryComponent
        {
            FullUrl = $"urn:uuid:{Guid.NewGuid()}", Request = new() { Method = Bundle.HTTPVerb.POST, Url = "Observation" },
            Resource = new Observation { Status = ObservationStatus.Final, Code = new CodeableConcept { Text = "x" }, Subject = new ResourceReference(patient.FullUrl) },
        };
        var answer = (await client.TransactionAsync(new Bundle { Type = Bundle.BundleType.Transaction, Entry = [observation, patient] }, Stop))!;
        Assert.All(answer.Entry, entry => Assert.StartsWith("201", entry.Response!.Status!, StringComparison.Ordinal));
        var stored = (Observation)answer.Entry[0].Resource!;
        Assert.Equal($"Patient/{answer.Entry[1].Resource!.Id}", stored.Subject!.Reference);

        var patch = new Parameters();
        patch.AddReplacePatchParameter("Observation.status", new Code("amended"));
        var patched = (await client.PatchAsync(new Uri($"Observation/{stored.Id}", UriKind.Relative), patch, Stop)) as Observation;
        Assert.Equal(ObservationStatus.Amended, patched!.Status);
    }

    [Fact]
    public async System.Threading.Tasks.Task It_reads_the_capability_statement()
    {
        using var client = await Client();
        var capabilities = (await client.CapabilityStatementAsync(ct: Stop))!;
        Assert.Equal(146, capabilities.Rest.Single().Resource.Count);
    }

    [Theory]
    [InlineData("fhir-kit-client.mjs")]
    [InlineData("fhirclient.mjs")]
    public async System.Threading.Tasks.Task Clients_in_JavaScript_create_search_turn_pages_send_transactions_and_patch(string script)
    {
        // Beside node_modules, where Node looks for the client.
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !Directory.Exists(Path.Combine(root.FullName, "node_modules"))) root = root.Parent;
        Assert.NotNull(root);
        using var http = await node.Client("client/foreign");
        var start = new ProcessStartInfo("node", [Path.Combine(root.FullName, "tests/Tervik.EndToEnd/Rest/Clients", script), $"{node.Address}/fhir", http.DefaultRequestHeaders.Authorization!.Parameter!])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = root.FullName,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(Stop);
        var output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        Assert.True(process.ExitCode == 0 && output.Trim() == "ok", $"{output}{await errors}");
    }
}
