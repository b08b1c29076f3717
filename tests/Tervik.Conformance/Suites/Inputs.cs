using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Tervik.Records.Model;

namespace Tervik.Conformance.Suites;

/// <summary>Inputs with a clear answer: units, hostile texts, the same bundle in XML and JSON.</summary>
static class Inputs
{
    /// <summary>UCUM functional tests, conversions: a quantity in one unit is found by its value in the other, over HTTP.</summary>
    public static IEnumerable<Case> Ucum(string path) => Task.Run(async () =>
    {
        var cases = new List<Case>();
        await using var house = await FhirHouse.Open();
        foreach (var test in XDocument.Load(Path.Combine(path, "UcumFunctionalTests.xml")).Descendants("conversion").Elements("case"))
        {
            string Of(string name) => test.Attribute(name)!.Value;
            var (id, from, to) = ($"c{Of("id")}", Of("srcUnit"), Of("dstUnit"));
            cases.Add(await Suite.Attempt($"{Of("value")} {from} = {Of("outcome")} {to}", async () =>
            {
                var observation = new JsonObject
                {
                    ["resourceType"] = "Observation", ["id"] = id, ["status"] = "final", ["code"] = new JsonObject { ["text"] = "x" },
                    ["valueQuantity"] = new JsonObject { ["value"] = JsonNode.Parse(Of("value")), ["system"] = "http://unitsofmeasure.org", ["code"] = from },
                };
                var written = await house.Send(HttpMethod.Put, $"Observation/{id}", Encoding.UTF8.GetBytes(observation.ToJsonString()));
                if (written.Status != 201) return written.Text;
                var found = await house.Get($"Observation?_id={id}&_total=accurate&value-quantity={Uri.EscapeDataString($"{Of("outcome")}|http://unitsofmeasure.org|{to}")}");
                return found.Status == 200 && found.Json.GetProperty("total").GetInt32() == 1 ? null : $"is not found ({found.Status})";
            }));
        }
        return cases;
    }).GetAwaiter().GetResult();

    /// <summary>The big list of naughty strings: stored, read back and found unharmed; what XML could not carry (control characters) is refused.</summary>
    public static IEnumerable<Case> NaughtyStrings(string path) => Task.Run(async () =>
    {
        var cases = new List<Case>();
        await using var house = await FhirHouse.Open();
        using var list = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(path, "blns.json")));
        foreach (var item in list.RootElement.EnumerateArray())
        {
            var (id, text) = (string.Create(CultureInfo.InvariantCulture, $"n{cases.Count}"), item.GetString()!);
            cases.Add(await Suite.Attempt(string.Create(CultureInfo.InvariantCulture, $"{cases.Count}"), async () =>
            {
                var patient = new JsonObject { ["resourceType"] = "Patient", ["id"] = id, ["name"] = new JsonArray(new JsonObject { ["family"] = text }) };
                var written = await house.Send(HttpMethod.Put, $"Patient/{id}", Encoding.UTF8.GetBytes(patient.ToJsonString()));
                var isAllowed = text.Trim().Length > 0 && text.All(letter => System.Xml.XmlConvert.IsXmlChar(letter) || char.IsSurrogate(letter));
                if (written.Status != (isAllowed ? 201 : 422)) return $"{written.Text} for {item.GetRawText()}";
                if (!isAllowed) return null;
                var read = (await house.Get($"Patient/{id}")).Json.GetProperty("name")[0].GetProperty("family").GetString();
                if (read != text) return $"{read} instead of {text}";
                var value = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);
                var found = await house.Get($"Patient?_id={id}&_total=accurate&family:exact={Uri.EscapeDataString(value)}");
                return found.Status == 200 && found.Json.GetProperty("total").GetInt32() == 1 ? null : $"{item.GetRawText()} is not found ({found.Text})";
            }));
        }
        return cases;
    }).GetAwaiter().GetResult();

    /// <summary>Bundles that Synthea wrote in both formats.</summary>
    public static IEnumerable<Case> Pairs(string path)
    {
        foreach (var file in Directory.EnumerateFiles(path, "*.xml.gz").Order(StringComparer.Ordinal))
            yield return Suite.Try(Path.GetFileName(file), () =>
            {
                using var json = JsonDocument.Parse(Unpacked(file.Replace(".xml.gz", ".json.gz", StringComparison.Ordinal)));
                using var xml = JsonDocument.Parse(FhirXml.ToJson(Unpacked(file)));
                return Examples.Difference(json.RootElement, xml.RootElement, "");
            });
    }

    static byte[] Unpacked(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
