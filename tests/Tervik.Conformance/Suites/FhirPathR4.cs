using System.Xml.Linq;
using Tervik.Records.FhirPath;
using Tervik.Records.Model;

namespace Tervik.Conformance.Suites;

/// <summary>The FHIRPath test suite for R4.</summary>
static class FhirPathR4
{
    public static IEnumerable<Case> Run(string path)
    {
        var inputs = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var test in XDocument.Load(Path.Combine(path, "tests-fhir-r4.xml")).Descendants("test"))
        {
            var name = $"{test.Parent!.Attribute("name")?.Value}/{test.Attribute("name")?.Value}";
            yield return Suite.Try(name, () =>
            {
                var file = test.Attribute("inputfile")?.Value ?? "patient-example.xml";
                if (!inputs.TryGetValue(file, out var json))
                {
                    var bytes = File.ReadAllBytes(Path.Combine(path, file));
                    inputs.Add(file, json = file.EndsWith(".xml", StringComparison.Ordinal) ? FhirXml.ToJson(bytes) : bytes);
                }
                return Check(test, json);
            });
        }
    }

    static string? Check(XElement test, byte[] input)
    {
        using var json = FhirJson.Parse(input);
        var root = Node.Resource(json.RootElement);
        var expression = test.Element("expression")!;
        var mustFail = expression.Attribute("invalid") is not null;
        List<PathItem> result;
        try
        {
            result = FhirPathExpression.Compile(expression.Value).Evaluate(root, root);
        }
        catch (FhirPathException fault)
        {
            return mustFail ? null : fault.Message;
        }
        if (mustFail) return $"an error was expected, the result is {Text(result)}";
        if (test.Attribute("predicate")?.Value == "true") result = [PathItem.Of(result.Count > 0 && Expression.Truth(result) == true)];
        var outputs = test.Elements("output").ToList();
        if (outputs.Count != result.Count) return $"{outputs.Count} results were expected: {Text(result)}";
        if (test.Attribute("ordered")?.Value == "false")
            return outputs.TrueForAll(output => result.Exists(item => IsSame(output, item))) ? null : $"another order or value: {Text(result)}";
        for (var i = 0; i < outputs.Count; i++)
            if (!IsSame(outputs[i], result[i])) return $"{outputs[i].Attribute("type")?.Value} {outputs[i].Value} was expected: {Text(result)}";
        return null;
    }

    static bool IsSame(XElement output, PathItem item)
    {
        var simple = item.Simple();
        var text = output.Value;
        var type = output.Attribute("type")?.Value;
        if (type is not null && !IsOfType(type, item, simple)) return false;
        if (text.Length == 0 && type is null) return true;
        switch (type)
        {
            case "date" or "dateTime" or "instant" or "time": return text.TrimStart('@').TrimStart(type == "time" ? 'T' : '@') == simple.Text || text.TrimStart('@') == simple.Text + "T";
            case "decimal" or "integer": return PathItem.TryDecimal(text, out var number) && number == simple.Number;
            case "Quantity": return Conversions.Quantity(PathItem.Of(text)) is { } quantity && PathItem.AreEqual(quantity, simple) == true;
            default: return text.Trim() is var plain && (plain == simple.AsText() || plain.TrimStart('@').TrimStart('T') == simple.AsText());
        }
    }

    static bool IsOfType(string type, PathItem item, PathItem simple) => type switch
    {
        "boolean" => simple.Kind == ItemKind.Boolean,
        "integer" => simple.Kind == ItemKind.Integer,
        "decimal" => simple.Kind == ItemKind.Decimal,
        "string" or "code" or "id" or "uri" => simple.Kind == ItemKind.String,
        "date" => simple.Kind == ItemKind.Date,
        "dateTime" or "instant" => simple.Kind is ItemKind.DateTime,
        "time" => simple.Kind == ItemKind.Time,
        "Quantity" => simple.Kind == ItemKind.Quantity,
        _ => item.Is(type),
    };

    static string Text(List<PathItem> items) => items.Count == 0 ? "nothing" : string.Join(", ", items.Take(5).Select(item => $"{item.TypeName().Name} {item.AsText()}"));
}
