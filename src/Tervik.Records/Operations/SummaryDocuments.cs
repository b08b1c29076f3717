using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Records.Search;

namespace Tervik.Records.Operations;

/// <summary>An International Patient Summary.</summary>
/// <param name="Body">The Bundle (type document) as JSON.</param>
/// <param name="Read">What of the record went into it, for the log.</param>
public sealed record SummaryDocument(byte[] Body, IReadOnlyList<StoredResource> Read);

/// <summary>Composes International Patient Summaries (HL7 IPS, FHIR R4): a document of the sections and profiles of the guide, in which every reference resolves.</summary>
public sealed class SummaryDocuments(SearchEngine searches, RecordStore store, TimeProvider? timeProvider = null)
{
    /// <summary>What the entries of a summary may bring along: who, where, and what was given.</summary>
    static readonly string[] Companions = ["Practitioner", "PractitionerRole", "Organization", "Medication", "Device", "Specimen"];
    /// <summary>So many of them at most: a summary stays a summary.</summary>
    const int MostCompanions = 200;
    const string Title = "International Patient Summary";

    readonly SummarySelection selection = new(searches);
    readonly TimeProvider clock = timeProvider ?? TimeProvider.System;

    /// <summary>The summary of a patient as far as a reader may see it.</summary>
    /// <param name="patient">Logical id.</param>
    /// <param name="filter">What the reader may see; nothing else is in the document.</param>
    /// <param name="stop">Stops reading.</param>
    /// <returns>Null when there is no such patient for this reader.</returns>
    public async Task<SummaryDocument?> Of(string patient, AccessFilter filter, CancellationToken stop)
    {
        if (await store.Read("Patient", patient, filter, stop) is not { IsDeleted: false } stored) return null;
        var document = new Composing(store, filter, clock.GetLocalNow().ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture), stop);
        return await document.Compose(stored, await selection.Of(patient, filter, stop));
    }

    /// <summary>One document while it is made.</summary>
    sealed class Composing(RecordStore store, AccessFilter filter, string now, CancellationToken stop)
    {
        /// <summary>Address to resource, in the order of the document.</summary>
        readonly OrderedDictionary<string, JsonObject> entries = [];
        readonly Dictionary<string, string> addresses = new(StringComparer.Ordinal);
        readonly Dictionary<JsonObject, SummarySection> sectionOf = [];
        readonly List<StoredResource> read = [];
        long compartment;
        int companions;

        public async Task<SummaryDocument> Compose(StoredResource stored, List<SummaryEntry> chosen)
        {
            compartment = store.Keys.Reference($"Patient/{stored.Id}");
            var patient = JsonNode.Parse(stored.Body)!.AsObject();
            var patientUrl = Add(stored, patient, null, "");
            SummaryFitting.Fit(patient, null, patientUrl);
            var author = Made("author", new() { ["resourceType"] = "Device", ["id"] = "author", ["manufacturer"] = "Tervik", ["deviceName"] = new JsonArray(new JsonObject { ["name"] = "Tervik", ["type"] = "user-friendly-name" }), ["type"] = new JsonObject { ["text"] = "Health record software" } });
            var members = SummarySection.All.ToDictionary(section => section, _ => new List<string>());
            foreach (var entry in chosen) members[entry.Section].Add(Place(entry, patientUrl));
            foreach (var section in SummarySection.All)
                if (members[section].Count == 0 && section.Absent is { } absent) members[section].Add(Made($"{stored.Id}/{absent}", SummaryFitting.Absent(section, patientUrl)));

            var references = new SummaryReferences(Resolve);
            // The list grows while it is walked: who is referred to comes along, and refers to others.
            for (var i = 0; i < entries.Count; i++)
            {
                await references.Rewrite(entries.GetAt(i).Value);
                SummaryFitting.Finish(entries.GetAt(i).Value, sectionOf.GetValueOrDefault(entries.GetAt(i).Value));
            }
            var custodian = patient["managingOrganization"].Text("reference") is { } known && entries.ContainsKey(known) ? known
                : Made("custodian", new() { ["resourceType"] = "Organization", ["id"] = "custodian", ["name"] = "Tervik" });

            var narrative = new SummaryNarrative(address => entries.GetValueOrDefault(address));
            foreach (var (_, resource) in entries) Complete(resource, narrative);
            var composition = Composition(stored, patientUrl, author, custodian, members, narrative);
            return new(Write(stored, composition), read);
        }

        string Place(SummaryEntry entry, string patientUrl)
        {
            SummaryFitting.Fit(entry.Json, entry.Section, patientUrl);
            var url = Add(entry.Source, entry.Json, entry.Section, patientUrl);
            return entry.Source.Type != "Device" ? url : Made($"use of {entry.Source.Id}", SummaryFitting.UseOf(entry.Json, patientUrl, url), SummarySection.Devices);
        }

        string Add(StoredResource source, JsonObject resource, SummarySection? section, string patientUrl)
        {
            var name = $"{source.Type}/{source.Id}";
            if (addresses.TryGetValue(name, out var known)) return known;
            if (patientUrl.Length > 0 && section is null) SummaryFitting.Fit(resource, null, patientUrl);
            var url = addresses[name] = Urn(name);
            entries[url] = resource;
            if (section is not null) sectionOf[resource] = section;
            read.Add(source);
            return url;
        }

        /// <summary>A resource that is not in the record.</summary>
        string Made(string name, JsonObject resource, SummarySection? section = null)
        {
            var url = Urn($"made/{name}");
            entries[url] = resource;
            if (section is not null) sectionOf[resource] = section;
            return url;
        }

        async ValueTask<string?> Resolve(string reference)
        {
            if (addresses.TryGetValue(reference, out var known)) return known;
            if (entries.ContainsKey(reference)) return reference;
            if (reference.Split('/') is not [var type, var id] || !Companions.Contains(type) || companions >= MostCompanions) return null;
            // Nothing of another patient, also where a reader may see both.
            if (await store.Read(type, id, filter, stop) is not { IsDeleted: false } stored || store.CompartmentsOf(stored) is { Count: > 0 } whose && !whose.Contains(compartment)) return null;
            companions++;
            return Add(stored, JsonNode.Parse(stored.Body)!.AsObject(), null, entries.GetAt(0).Key);
        }

        /// <summary>The resource says which profile it keeps to, and what it says in words. Of the record's own bookkeeping only security labels stay.</summary>
        void Complete(JsonObject resource, SummaryNarrative narrative)
        {
            var meta = new JsonObject();
            var type = resource.Text("resourceType")!;
            var section = sectionOf.GetValueOrDefault(resource);
            var isImaging = resource["category"].CodeOf(SummaryCodes.ObservationCategory) == "imaging";
            // The guide's profile of devices is about those of patients; the author and an analyser of a laboratory are nobody's.
            if ((type != "Device" || resource["patient"] is not null) && SummaryCodes.Profile(type, section, resource["code"].CodeOf(SummaryCodes.Loinc), isImaging) is { } profile) meta["profile"] = new JsonArray(profile);
            if (resource["meta"].Member("security") is { } security) meta["security"] = security.DeepClone();
            resource.Remove("meta");
            var text = resource["text"]?.DeepClone() ?? narrative.Resource(resource);
            resource.Remove("text");
            resource.Insert(2, "text", text); // after resourceType and id, as in the specification
            if (meta.Count > 0) resource.Insert(2, "meta", meta);
        }

        JsonObject Composition(StoredResource patient, string patientUrl, string author, string custodian, Dictionary<SummarySection, List<string>> members, SummaryNarrative narrative)
        {
            var sections = new JsonArray();
            foreach (var section in SummarySection.All)
            {
                var urls = members[section];
                if (urls.Count == 0 && !section.IsAlways) continue;
                var written = new JsonObject
                {
                    ["title"] = section.Title, ["code"] = SummaryJson.Concept(SummaryCodes.Loinc, section.Code, section.Display), ["text"] = narrative.Section(section, [.. urls.Select(url => entries[url])]),
                };
                if (urls.Count > 0) written["entry"] = new JsonArray([.. urls.Select(url => new JsonObject { ["reference"] = url })]);
                else written["emptyReason"] = SummaryJson.Concept("http://terminology.hl7.org/CodeSystem/list-empty-reason", "unavailable", "Unavailable");
                sections.Add((JsonNode)written);
            }
            return new()
            {
                ["resourceType"] = "Composition", ["id"] = "summary", ["meta"] = new JsonObject { ["profile"] = new JsonArray($"{SummaryCodes.Profiles}Composition-uv-ips") }, ["language"] = "en",
                ["text"] = SummaryNarrative.Head(Title, entries[patientUrl]), ["identifier"] = Identifier($"composition/{patient.Id}"), ["status"] = "final",
                ["type"] = SummaryJson.Concept(SummaryCodes.Loinc, "60591-5", "Patient summary Document"), ["subject"] = new JsonObject { ["reference"] = patientUrl }, ["date"] = now,
                ["author"] = new JsonArray(new JsonObject { ["reference"] = author }), ["title"] = Title, ["confidentiality"] = "N", ["custodian"] = new JsonObject { ["reference"] = custodian },
                ["event"] = new JsonArray(new JsonObject { ["code"] = new JsonArray(SummaryJson.Concept("http://terminology.hl7.org/CodeSystem/v3-ActClass", "PCPR", "care provision")), ["period"] = new JsonObject { ["end"] = now } }),
                ["section"] = sections,
            };
        }

        byte[] Write(StoredResource patient, JsonObject composition)
        {
            var output = new ArrayBufferWriter<byte>(64 << 10);
            using (var json = new Utf8JsonWriter(output, JsonText.Options))
            {
                json.WriteStartObject();
                json.WriteString("resourceType"u8, "Bundle"u8);
                json.WritePropertyName("meta"u8);
                new JsonObject { ["profile"] = new JsonArray($"{SummaryCodes.Profiles}Bundle-uv-ips") }.WriteTo(json);
                json.WriteString("language"u8, "en"u8);
                json.WritePropertyName("identifier"u8);
                Identifier($"document/{patient.Id}/{now}").WriteTo(json);
                json.WriteString("type"u8, "document"u8);
                json.WriteString("timestamp"u8, now);
                json.WriteStartArray("entry"u8);
                Entry(json, Urn($"made/composition/{patient.Id}"), composition);
                foreach (var (url, resource) in entries) Entry(json, url, resource);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            return output.WrittenSpan.ToArray();
        }

        static void Entry(Utf8JsonWriter json, string url, JsonObject resource)
        {
            json.WriteStartObject();
            json.WriteString("fullUrl"u8, url);
            json.WritePropertyName("resource"u8);
            resource.WriteTo(json);
            json.WriteEndObject();
        }

        JsonObject Identifier(string name) => new() { ["system"] = "urn:ietf:rfc:3986", ["value"] = Urn(name) };

        /// <summary>The same for the same resource of the same record, and for no other: the hash of its name, seeded by the record (RFC 9562, version 8).</summary>
        string Urn(string name)
        {
            Span<byte> bytes = stackalloc byte[32];
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{store.Keys.Reference(name)}|{name}")), bytes);
            bytes[6] = (byte)(bytes[6] & 0x0F | 0x80);
            bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
            return $"urn:uuid:{new Guid(bytes[..16], bigEndian: true)}";
        }
    }
}
