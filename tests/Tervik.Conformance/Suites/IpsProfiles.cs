using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Firely.Fhir.Validation;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Hl7.Fhir.Specification.Source;
using Hl7.Fhir.Specification.Terminology;

namespace Tervik.Conformance.Suites;

/// <summary>Firely's validator with the base definitions of FHIR R4 and profiles made of the facts in <c>IpsProfiles.txt</c>: the guide's own files are no part of the project.</summary>
public static partial class IpsProfiles
{
    const string Guide = "http://hl7.org/fhir/uv/ips/StructureDefinition/", Core = "http://hl7.org/fhir/StructureDefinition/";

    static readonly Lazy<Validator> Loaded = new(() =>
    {
        var profiles = Read().ToList();
        var definitions = new CachedResolver(new MultiResolver(new InMemoryResourceResolver([.. profiles]), new DirectorySource(Unpacked())));
        var snapshots = new CachedResolver(new SnapshotSource(definitions));
        // Made when a resource first asks for them, what they say would hang on which resource that was.
        foreach (var profile in profiles) snapshots.TryResolveByCanonicalUriAsync(profile.Url).GetAwaiter().GetResult();
        return new(snapshots, new LocalTerminologyService(snapshots), null, new ValidationSettings());
    });

    /// <summary>The folder of the definitions of FHIR R4, beside the program.</summary>
    /// <remarks>Firely's own ZipSource unpacks into one folder of the system for all, and empties and fills it anew while another process may be reading it.
    /// This folder gets its name when everything is in it.</remarks>
    internal static string Unpacked()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "specification");
        if (Directory.Exists(folder)) return folder;
        var filled = $"{folder}-{Guid.NewGuid():N}";
        ZipFile.ExtractToDirectory(Path.Combine(AppContext.BaseDirectory, "specification.zip"), filled);
        try
        {
            Directory.Move(filled, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(filled, recursive: true); // another process was first
        }
        return folder;
    }

    /// <summary>The profile a resource of an example or document is to keep to; null when the guide has none for it.</summary>
    public static string? ProfileOf(Resource resource) => resource switch
    {
        Observation { Code: var code } observation => code.Coding.FirstOrDefault(coding => coding.System == "http://loinc.org")?.Code switch
        {
            "72166-2" => $"{Guide}Observation-tobaccouse-uv-ips",
            "74013-4" => $"{Guide}Observation-alcoholuse-uv-ips",
            "82810-3" => $"{Guide}Observation-pregnancy-status-uv-ips",
            "11778-8" or "11779-6" or "11780-4" => $"{Guide}Observation-pregnancy-edd-uv-ips",
            "11636-8" or "11637-6" or "11638-4" or "11639-2" or "11640-0" or "11612-9" or "11613-7" or "11614-5" or "33065-4" => $"{Guide}Observation-pregnancy-outcome-uv-ips",
            _ => observation.Category.SelectMany(category => category.Coding).Select(coding => coding.Code).FirstOrDefault(category => category is "laboratory" or "imaging" or "vital-signs") switch
            {
                "laboratory" => $"{Guide}Observation-results-laboratory-pathology-uv-ips",
                "imaging" => $"{Guide}Observation-results-radiology-uv-ips",
                "vital-signs" => $"{Core}vitalsigns",
                _ => null,
            },
        },
        Flag => $"{Guide}Flag-alert-uv-ips",
        Device { Patient: null } => null,
        Bundle or Composition or Patient or AllergyIntolerance or Condition or MedicationRequest or MedicationStatement or Medication or Immunization or Procedure or DiagnosticReport or DeviceUseStatement or Device
            or Organization or Practitioner or PractitionerRole or Specimen => $"{Guide}{resource.TypeName}-uv-ips",
        _ => null,
    };

    /// <summary>What is wrong with a resource or document by the profiles that the guide has for it and for each of its entries; empty when all is well.</summary>
    public static List<string> Faults(string json)
    {
        Resource resource;
        try
        {
            resource = new FhirJsonDeserializer().Deserialize<Resource>(json);
        }
        catch (DeserializationFailedException fault)
        {
            return [fault.Message];
        }
        // Whatever it says of itself, it is held against the guide's profiles, and no others.
        foreach (var each in resource is Bundle bundle ? bundle.Entry.Select(entry => entry.Resource!).Prepend(resource) : [resource])
        {
            each.Meta = ProfileOf(each) is { } profile ? new() { Profile = [profile] } : null;
            foreach (var contained in (each as DomainResource)?.Contained ?? []) contained.Meta = null;
        }
        var outcome = Loaded.Value.Validate(resource);
        return [.. outcome.Issue.Where(issue => issue.Severity <= OperationOutcome.IssueSeverity.Error).Select(issue => $"{issue.Details?.Text} @ {string.Join(", ", issue.Expression)}")
            // Firely's engine takes a reference without an address for one to a contained resource; ours checks the same constraint.
            .Where(text => !text.Contains("failed constraint ref-1 ", StringComparison.Ordinal)).Distinct()];
    }

    /// <summary>The table as StructureDefinitions.</summary>
    static IEnumerable<StructureDefinition> Read()
    {
        using var stream = typeof(IpsProfiles).Assembly.GetManifestResourceStream("IpsProfiles.txt")!;
        using var reader = new StreamReader(stream);
        StructureDefinition? profile = null;
        foreach (var line in reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#'))
        {
            if (line.StartsWith("profile ", StringComparison.Ordinal))
            {
                if (profile is not null) yield return profile;
                var (name, type) = (line.Split(' ')[1], line.Split(' ')[2]);
                profile = new()
                {
                    Url = Guide + name, Name = name.Replace("-", "", StringComparison.Ordinal), Status = PublicationStatus.Active, Kind = StructureDefinition.StructureDefinitionKind.Resource, Abstract = false, Type = type,
                    BaseDefinition = Core + type, Derivation = StructureDefinition.TypeDerivationRule.Constraint, FhirVersion = FHIRVersion.N4_0_1, Differential = new(),
                };
                continue;
            }
            Add(profile!, Rule().Match(line) is { Success: true } match ? match : throw new FormatException($"IpsProfiles.txt: {line}"));
        }
        yield return profile!;
    }

    static void Add(StructureDefinition profile, Match rule)
    {
        var place = rule.Groups["path"].Value is "." ? profile.Type! : $"{profile.Type}.{rule.Groups["path"].Value}";
        var path = SliceName().Replace(place, "");
        if (profile.Differential!.Element.Find(one => one.ElementId == place) is not { } element) profile.Differential.Element.Add(element = new(path) { ElementId = place });
        if (SliceName().Match(place[(place.LastIndexOf('.') + 1)..]) is { Success: true } slice) element.SliceName = slice.Value[1..];
        if (rule.Groups["min"].Value is { Length: > 0 } min) element.Min = int.Parse(min, CultureInfo.InvariantCulture);
        if (rule.Groups["max"].Value is { Length: > 0 } max) element.Max = max;
        if (rule.Groups["code"].Value.Split('|') is [var system, var code]) element.Pattern = new CodeableConcept(system, code);
        if (rule.Groups["targets"].Value is { Length: > 0 } targets) element.Type = [new() { Code = "Reference", TargetProfile = targets.Split(' ').Select(target => target.EndsWith("-uv-ips", StringComparison.Ordinal) ? Guide + target : Core + target) }];
        if (rule.Groups["types"].Value is { Length: > 0 } types) element.Type = [.. types.Split(' ').Select(type => new ElementDefinition.TypeRefComponent { Code = type })];
        if (rule.Groups["by"].Value is { Length: > 0 } by)
            element.Slicing = new() { Rules = ElementDefinition.SlicingRules.Open, Discriminator = [new() { Type = ElementDefinition.DiscriminatorType.Pattern, Path = by }] };
        if (rule.Groups["key"].Value is { Length: > 0 } key)
            element.Constraint.Add(new() { Key = key, Severity = ConstraintSeverity.Error, Human = $"{key} of {profile.Name}", Expression = rule.Groups["expression"].Value, Source = profile.Url });
    }

    [GeneratedRegex(@"^(?<path>\S+)(?: (?<min>\d*)\.\.(?<max>\d*))?(?: = (?<code>\S+))?(?: -> (?<targets>[^!:]+?))?(?: : (?<types>[A-Za-z ]+?))?(?: by (?<by>\S+))?(?: ! (?<key>\S+) (?<expression>.+))?$")]
    private static partial Regex Rule();

    [GeneratedRegex(":[a-z]+")]
    private static partial Regex SliceName();
}
