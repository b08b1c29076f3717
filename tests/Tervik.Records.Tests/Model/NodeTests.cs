using System.Text.Json;
using Tervik.Records.Model;

namespace Tervik.Records.Tests.Model;

public sealed class NodeTests
{
    static Node Given(string json) => Node.Resource(JsonDocument.Parse(json).RootElement);
    static List<Node> Find(Node node, params string[] path)
    {
        List<Node> found = [node];
        foreach (var name in path)
        {
            List<Node> next = [];
            foreach (var parent in found) parent.Children(name, next);
            found = next;
        }
        return found;
    }

    [Fact]
    public void A_choice_is_found_by_its_name_without_type()
    {
        var value = Assert.Single(Find(Given("""{"resourceType":"Observation","valueQuantity":{"value":1.50}}"""), "value"));
        Assert.Equal("Quantity", value.Type.Name);
        Assert.Equal("1.50", Assert.Single(Find(value, "value")).Text);
    }

    [Fact]
    public void Values_and_their_shadows_are_paired_also_where_one_is_null_or_missing()
    {
        var given = Find(Given("""{"resourceType":"Patient","name":[{"given":["Anna",null,"Lia"],"_given":[null,{"extension":[{"url":"u"}]}]}]}"""), "name", "given");
        Assert.Equal(["Anna", null, "Lia"], given.Select(node => node.Text));
        Assert.Equal([0, 1, 2], given.Select(node => node.Index));
        Assert.Single(Find(given[1], "extension"));
        Assert.False(given[1].HasValue);
    }

    [Fact]
    public void A_primitive_that_is_only_an_extension_is_a_child()
    {
        var patient = Given("""{"resourceType":"Patient","_birthDate":{"id":"b","extension":[{"url":"u"}]}}""");
        var birthDate = Assert.Single(patient.Children());
        Assert.Equal(("birthDate", null), (birthDate.Element!.Name, birthDate.Text));
        Assert.Equal(["id", "extension"], birthDate.Children().Select(child => child.Element!.Name));
        Assert.Empty(Find(birthDate, "value"));
    }

    [Fact]
    public void A_primitive_has_itself_as_value()
    {
        var value = Assert.Single(Find(Given("""{"resourceType":"Patient","active":true}"""), "active", "value"));
        Assert.Equal(("boolean", "true"), (value.Type.Name, value.Text));
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","name":"A"}]}""", "contained")]
    [InlineData("""{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Organization","name":"A"}}]}""", "entry", "resource")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"resource":{"resourceType":"Organization","name":"A"}}]}""", "parameter", "resource")]
    public void A_resource_inside_a_resource_has_its_own_type(string json, params string[] path)
    {
        var inner = Assert.Single(Find(Given(json), path));
        Assert.Equal("Organization", inner.Type.Name);
        Assert.Equal("A", Assert.Single(Find(inner, "name")).Text);
        Assert.Equal(["name"], inner.Children().Select(child => child.Element!.Name));
    }

    [Fact]
    public void Children_come_in_the_order_of_the_JSON_one_by_one() =>
        Assert.Equal(["name", "name", "active"],
            Given("""{"resourceType":"Patient","unknown":1,"name":[{"family":"A"},{"family":"B"}],"active":true}""").Children().Select(child => child.Element!.Name));

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"resourceType":"Person2"}""")]
    [InlineData("""{"resourceType":"DomainResource"}""")]
    [InlineData("""{"resourceType":7}""")]
    public void What_is_no_resource_is_refused(string json) => Assert.Throws<FaultException>(() => Given(json));
}
