using Tervik.Records.Definitions;

namespace Tervik.Records.Tests.Definitions;

public sealed class SchemaTests
{
    static readonly Schema R4 = Schema.R4;

    [Fact]
    public void All_resources_types_and_parameters_of_R4_are_there_and_no_strangers()
    {
        Assert.Equal(146, R4.ResourceTypes.Count);
        Assert.Null(R4.Find("SubscriptionStatus"));
        Assert.Null(R4.Find("MetadataResource"));
        Assert.Equal(1377, R4.SearchParameters.Count);
        Assert.DoesNotContain(R4.SearchParameters, parameter => parameter is { Code: "classification", Base: ["DeviceDefinition"] });
        Assert.Equal(["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"], R4.Compartments.Select(compartment => compartment.Code).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_choice_is_one_element_with_a_form_for_each_type()
    {
        var observation = R4.Find("Observation")!;
        var form = observation.ByJsonName("valueQuantity"u8)!;
        Assert.Equal(("value", "Observation.value[x]", "Quantity"), (form.Element.Name, form.Element.Path, form.Type.Name));
        Assert.Same(form, observation.ByJsonName("valueQuantity"));
        Assert.Same(form.Element, observation.ByName("value"));
        Assert.Equal(11, form.Element.Forms.Count);
        Assert.Null(observation.ByJsonName("value"u8));
        Assert.Null(observation.ByJsonName("valueMoney"u8));
    }

    [Fact]
    public void A_reference_to_the_content_of_another_element_is_that_elements_type()
    {
        var item = R4.Find("Questionnaire")!.ByName("item")!;
        Assert.Same(item.Forms[0].Type, R4.Find("Questionnaire.item")!.ByName("item")!.Forms[0].Type);
        Assert.Equal("Bundle.link", R4.Find("Bundle.entry")!.ByJsonName("link")!.Type.Name);
    }

    [Fact]
    public void Types_know_their_ancestors()
    {
        Assert.True(R4.Find("Patient")!.Is("DomainResource"));
        Assert.False(R4.Find("Bundle")!.Is("DomainResource"));
        Assert.True(R4.Find("code")!.Is("string"));
        Assert.True(R4.Find("Age")!.Is("Quantity"));
        Assert.True(R4.Find("Patient.contact")!.Is("BackboneElement"));
        Assert.True(R4.Find("Timing.repeat")!.Is("Element"));
    }

    [Fact]
    public void Details_of_elements_are_kept()
    {
        var patient = R4.Find("Patient")!;
        Assert.True(patient.ByName("active") is { InSummary: true, IsModifier: true, IsArray: false, Max: 1 });
        Assert.True(patient.ByName("name") is { IsArray: true, Max: int.MaxValue });
        Assert.True(patient.ByName("gender") is { BindingStrength: "required", BindingValueSet: "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1" });
        Assert.Equal(["Organization", "Practitioner", "PractitionerRole"], patient.ByName("generalPractitioner")!.ReferenceTargets);
        Assert.True(R4.Find("Extension")!.ByName("url") is { IsXmlAttribute: true, Min: 1 });
        Assert.Equal("uri", R4.Find("Extension")!.ByName("url")!.Forms[0].Type.Name);
        Assert.Equal("SimpleQuantity", R4.Find("Observation.referenceRange")!.ByName("low")!.Forms[0].Profile);
    }

    [Fact]
    public void Every_form_of_every_type_is_found_by_its_name() =>
        Assert.All(R4.Types, type => Assert.All(type.Forms, form => Assert.Same(form, type.ByJsonName(form.Utf8Name))));
}
