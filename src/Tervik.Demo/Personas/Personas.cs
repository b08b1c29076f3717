using System.Globalization;
using System.Resources;

namespace Tervik.Demo.Personas;

/// <summary>Somebody a visitor can be.</summary>
/// <param name="Reference"><c>Patient/id</c> or <c>Practitioner/id</c>.</param>
/// <param name="Name">As the record shows it.</param>
/// <param name="IsProfessional">Whether they treat others.</param>
public sealed record Persona(string Reference, string Name, bool IsProfessional)
{
    /// <summary>Things to try that are told of each.</summary>
    const int Tries = 3;

    static readonly ResourceManager Words = new("Tervik.Demo.Personas.PersonaWords", typeof(Persona).Assembly);

    string Id => Reference[(Reference.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>Age today, or at the death.</summary>
    internal Func<DateOnly, int>? Age { get; init; }

    /// <summary>What a national eID says they are: country and number, or <c>STAFF-</c> and the number of their employment (an eID for professionals).</summary>
    public string EidSubject { get; internal init; } = "";

    /// <summary>Who they are, in a sentence or two.</summary>
    public string Who(CultureInfo culture) => string.Format(CultureInfo.InvariantCulture, Words.GetString($"{Id}.who", culture)!, Age?.Invoke(DateOnly.FromDateTime(TimeProvider.System.GetLocalNow().DateTime)));

    /// <summary>What to try as them.</summary>
    public IReadOnlyList<string> Try(CultureInfo culture) => [.. Enumerable.Range(1, Tries).Select(number => Words.GetString(string.Create(CultureInfo.InvariantCulture, $"{Id}.try{number}"), culture)!)];
}

/// <summary>The people of the tour.</summary>
public static class Personas
{
    /// <summary>Patients first, then professionals.</summary>
    public static IReadOnlyList<Persona> All { get; } =
    [
        .. Cast.Patients.Select(person => new Persona($"Patient/{person.Id}", person.Name, IsProfessional: false)
        {
            EidSubject = person.Country.Code + person.NationalId,
            Age = today => person.AgeOn(person.Shape.DiedYearsAgo is { } years ? today.AddDays(-(int)(years * 365.25)) : today),
        }),
        .. Cast.Professionals.Select(one => new Persona($"Practitioner/{one.Id}", $"{one.Prefix} {one.Name}", IsProfessional: true) { EidSubject = $"STAFF-{one.Id}" }),
    ];

    /// <summary>What the subjects of an eID begin with here, and the systems of the identifiers that follow.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> EidSystems { get; } = [.. People.Country.All.Select(country => KeyValuePair.Create(country.Code, country.NationalId)), KeyValuePair.Create("STAFF-", "urn:tervik:demo:staff")];
}
