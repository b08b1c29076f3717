using Tervik.Demo.Institutions;
using Tervik.Demo.Lives;
using Tervik.Demo.People;
using Tervik.Demo.Writing;

namespace Tervik.Demo;

/// <summary>The invented nation: institutions, staff and patients with their whole lives. The same seed and day give the same bytes, and a patient does not depend on how many there are.</summary>
/// <param name="seed">Which nation.</param>
/// <param name="today">The day on which it is looked at; not before <see cref="FirstDay"/>.</param>
public sealed class Nation(long seed, DateOnly today)
{
    /// <summary>The seed of the demonstration that a node loads on its first start.</summary>
    public const long DefaultSeed = 7;

    /// <summary>Everybody is born before.</summary>
    public static DateOnly FirstDay => Population.Epoch;

    readonly Population population = new(seed);
    readonly Staff staff = new(seed, Personas.Cast.Professionals);

    /// <summary>The day on which it is looked at.</summary>
    public DateOnly Today { get; } = today >= Population.Epoch ? today : throw new ArgumentOutOfRangeException(nameof(today), today, $"The nation begins on {Population.Epoch:yyyy-MM-dd}.");

    /// <summary>Patients that are always there: the people of the tour.</summary>
    public static int Fewest => Personas.Cast.Patients.Length;

    /// <summary>Hospitals, departments, wards, practices and staff: what all patients refer to.</summary>
    public IReadOnlyList<DemoResource> Institutions()
    {
        using var w = new ResourceWriter();
        Institution.Write(w, staff);
        Calendars.Write(w, staff);
        return w.Resources;
    }

    /// <summary>All of one patient.</summary>
    /// <param name="number">From 0; the personas come first, p01 is number 0.</param>
    public IReadOnlyList<DemoResource> Patient(int number)
    {
        using var w = new ResourceWriter();
        Life.Write(population[number], population, staff, Today, seed, w);
        return w.Resources;
    }
}
