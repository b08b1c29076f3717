using System.Text.Json;
using CsCheck;
using Tervik.Records.FhirPath;
using Tervik.Records.Model;

namespace Tervik.Records.Tests.FhirPath;

public sealed class FhirPathTests
{
    static readonly string[] Words = ["name", "given", "where", "(", ")", ".", "'a'", "1", "1.5", "=", "and", "or", "[", "]", "$this", "%context", "exists", "|", "@2020", "is", "Patient", "-", "+", "'", "/*", "`x", "iif", ",", "{", "}", "not", "ofType"];

    [Fact]
    public void Any_text_is_an_expression_or_refused_with_a_reason() => Gen.OneOf(Gen.String, Gen.Int[0, Words.Length - 1].Select(at => Words[at]).List[0, 20].Select(words => string.Join(' ', words))).Sample(text =>
    {
        using var json = JsonDocument.Parse("""{"resourceType":"Patient","name":[{"given":["A","B"]}],"birthDate":"1980-01-01"}""");
        try
        {
            var root = Node.Resource(json.RootElement);
            FhirPathExpression.Compile(text).Evaluate(root, root);
        }
        catch (FhirPathException fault)
        {
            Assert.NotEqual("", fault.Message);
        }
    }, iter: 20_000);

    [Fact]
    public void A_name_without_letters_finds_nothing()
    {
        using var json = JsonDocument.Parse("""{"resourceType":"Patient","birthDate":"1980-01-01"}""");
        var root = Node.Resource(json.RootElement);
        foreach (var text in (string[])["``", "Patient.``"]) Assert.Empty(FhirPathExpression.Compile(text).Evaluate(root, root));
    }

    [Fact]
    public void What_takes_too_many_steps_is_given_up()
    {
        using var json = JsonDocument.Parse("""{"resourceType":"Patient"}""");
        var root = Node.Resource(json.RootElement);
        var endless = FhirPathExpression.Compile("(1|2).repeat($this + 1)");
        Assert.Throws<FhirPathException>(() => endless.Evaluate(root, root));
        Assert.Throws<FhirPathException>(() => FhirPathExpression.Compile(new string('(', 5000) + "1"));
    }

    [Theory, InlineData("1 +"), InlineData("name.nothing("), InlineData("nothing()"), InlineData("name.first(1)"), InlineData("a is Nonsense"), InlineData("@20-1")]
    public void A_wrong_expression_is_refused_when_it_is_compiled(string text) => Assert.Throws<FhirPathException>(() => FhirPathExpression.Compile(text));
}
