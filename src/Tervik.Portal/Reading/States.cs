using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>States of entries in plain words: the words <c>state {code}</c>.</summary>
static class States
{
    /// <summary>A code of any of FHIR's status value sets; null when there is none.</summary>
    public static string? Of(string? code) => code is null ? null : Words.OfCode("state", code);

    /// <summary>The first coding of a CodeableConcept, such as <c>clinicalStatus</c>.</summary>
    public static string? Of(JsonElement concept) => concept.ValueKind == JsonValueKind.Object
        ? Codes.Code(concept) is { } code && Words.Has($"state {code}") ? Words.Of($"state {code}") : Codes.Write(concept)
        : Of(concept.AsText());
}
