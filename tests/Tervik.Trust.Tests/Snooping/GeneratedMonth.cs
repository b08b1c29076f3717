using Tervik.Trust.AuditLog;
using Tervik.Trust.Snooping;

namespace Tervik.Trust.Tests.Snooping;

/// <summary>A month of accesses at four institutions, and what the record knows about them. Most are somebody's work; some were planted.</summary>
/// <remarks>What makes honest work look like curiosity is in it: paperwork long after a visit, visits that are entered late, wrong records opened, clerks without hours, emergency wards with dozens of patients,
/// common family names, colleagues and prominent people who are treated, work after hours. What makes curiosity look like work is too: some who look have, through their unit, a contact with whom they look at.</remarks>
sealed class GeneratedMonth
{
    const int Institutions = 4, Units = 10, PerUnit = 12, People = Institutions * Units * PerUnit, Patients = 40_000, FamilyNames = 2500, Days = 28;
    /// <summary>Of each planted pattern.</summary>
    public const int Planted = 26;
    const long HourUs = SnoopingRules.SpreeUs, DayUs = 24 * HourUs;
    static readonly long StartUs = new DateTimeOffset(2026, 9, 7, 0, 0, 0, TimeSpan.Zero).Us();

    public enum Pattern { Work, Spree, SlowSpree, Prominent, SameName, SameAddress, Colleague, NoRelation, AfterHours }

    /// <summary>A look: its accesses are a few events after it.</summary>
    public sealed record Planned(int Agent, int Patient, long AtUs, Contact Contact, bool IsEnteredLate, Pattern Pattern, int Case, int Events);

    readonly Random random;
    readonly int[] nameOfPatient = new int[Patients], nameOfAgent = new int[People], startHour = new int[People];
    readonly Dictionary<(int Agent, int Patient), bool> addresses = [];
    readonly bool[] prominent = new bool[Patients];
    readonly List<Planned> planned = [];

    public IReadOnlyList<Planned> Looks => planned;
    public int Accesses { get; }

    /// <param name="seed">The same seed, the same month.</param>
    /// <param name="accesses">So many, at least.</param>
    public GeneratedMonth(int seed, int accesses)
    {
        random = new(seed);
        for (var i = 0; i < Patients; i++) (nameOfPatient[i], prominent[i]) = (FamilyName(), random.NextDouble() < 0.001);
        // The first patients are the staff themselves.
        for (var i = 0; i < People; i++) (nameOfAgent[i], startHour[i]) = (nameOfPatient[i], IsClerk(i) ? -1 : IsNight(i) ? 22 : random.Next(7, 10));
        for (var i = 0; i < People; i++) addresses[(i, People + i)] = addresses[(i, 2 * People + i)] = true;
        for (var work = 0; work < accesses;)
        {
            var look = Work();
            work += look.Events;
            planned.Add(look);
        }
        for (var i = 0; i < Planted; i++) Plant(i);
        planned.Sort((a, b) => a.AtUs.CompareTo(b.AtUs));
        Accesses = planned.Sum(look => look.Events);
    }

    static bool IsClerk(int agent) => agent % PerUnit == 0;
    static bool IsNight(int agent) => agent % PerUnit is 1 or 2;
    static bool IsEmergency(int agent) => agent / PerUnit % Units == 0;
    static int Institution(int agent) => agent / (Units * PerUnit);

    // Few names are common, most are rare.
    int FamilyName() => (int)(FamilyNames * Math.Pow(random.NextDouble(), 2.2));

    Contact Draw(double none, double old) => random.NextDouble() is var roll && roll < none ? Contact.None : roll < none + old ? Contact.Old : Contact.Current;

    long Hours(int agent, int day) => StartUs + day * DayUs + (long)((startHour[agent] < 0 ? 8 + random.NextDouble() * 9 : startHour[agent] + random.NextDouble() * 8.5) * HourUs);

    Planned Work()
    {
        var agent = random.Next(People);
        if (IsEmergency(agent) || random.Next(3) > 0) agent = random.Next(People); // emergency wards look at more
        var contact = IsClerk(agent) ? Draw(0.004, 0.25) : Draw(0.004, 0.07);
        var patient = random.NextDouble() < 0.0003 ? (random.Next(2) == 0 ? People : 2 * People) + agent : random.Next(Patients); // somebody of one's own street, as a patient
        var at = Hours(agent, random.Next(Days)) + (random.NextDouble() < 0.004 ? 9 * HourUs : 0); // now and then a letter in the evening
        return new(agent, patient, at, contact, IsEnteredLate: contact == Contact.None && random.NextDouble() < 0.85, Pattern.Work, 0, random.Next(1, 5));
    }

    void Plant(int number)
    {
        int Somebody() => random.Next(People);
        void Look(Pattern pattern, int agent, int patient, long at, Contact contact) => planned.Add(new(agent, patient, at, contact, IsEnteredLate: false, pattern, number, random.Next(1, 4)));
        long When(int agent) => Hours(agent, random.Next(Days - 1)) + (random.NextDouble() < 0.3 ? 9 * HourUs : 0);

        foreach (var (pattern, least, most, hours) in ((Pattern, int, int, double)[])[(Pattern.Spree, 9, 60, 0.8), (Pattern.SlowSpree, 22, 60, 7)])
        {
            var (agent, count) = (Somebody(), random.Next(least, most));
            var start = When(agent);
            for (var i = 0; i < count; i++) Look(pattern, agent, random.Next(Patients), start + (long)(random.NextDouble() * hours * HourUs), Draw(0.7, 0.3));
        }
        var who = Somebody();
        Look(Pattern.Prominent, who, Array.FindIndex(prominent, random.Next(Patients / 2), one => one), When(who), Draw(0.65, 0.2));
        who = Somebody();
        Look(Pattern.SameName, who, Of(nameOfAgent[who]), When(who), Draw(0.75, 0.15));
        who = Somebody();
        Look(Pattern.SameAddress, who, People + who, When(who), Draw(0.7, 0.2));
        who = Somebody();
        Look(Pattern.Colleague, who, Institution(who) * Units * PerUnit + random.Next(Units * PerUnit), When(who), Draw(0.65, 0.2));
        who = Somebody();
        Look(Pattern.NoRelation, who, random.Next(Patients), When(who), Contact.None);
        do who = Somebody(); while (IsClerk(who));
        var first = random.Next(Days - 13);
        for (var i = random.Next(5, 12); i > 0; i--) Look(Pattern.AfterHours, who, random.Next(Patients), StartUs + (first + random.Next(12)) * DayUs + (startHour[who] + 16) % 24 * HourUs + random.NextInt64(HourUs), Draw(0.3, 0.6));

        int Of(int name)
        {
            var from = random.Next(3 * People, Patients);
            var found = Array.IndexOf(nameOfPatient, name, from);
            return found >= 0 ? found : Array.IndexOf(nameOfPatient, name);
        }
    }

    public static string AgentOf(int agent) => $"Practitioner/{agent}";

    /// <summary>What the record knows of a look, at once or after the days in which visits are entered late.</summary>
    public LookFacts Facts(Planned look, bool isLater) => new(isLater && look.IsEnteredLate ? Contact.Current : look.Contact)
    {
        IsProminent = prominent[look.Patient], IsSameName = nameOfPatient[look.Patient] == nameOfAgent[look.Agent], IsSameAddress = addresses.ContainsKey((look.Agent, look.Patient)),
        IsColleague = look.Patient < People && Institution(look.Patient) == Institution(look.Agent), IsOffDuty = SnoopingRules.IsOffDuty(look.AtUs, Bookings(look)),
    };

    /// <summary>The bookings of somebody around a moment: every day their hours.</summary>
    List<(long, long)> Bookings(Planned look)
    {
        if (startHour[look.Agent] < 0) return [];
        var day = (look.AtUs - StartUs) / DayUs;
        return [.. Enumerable.Range(-2, 4).Select(offset => StartUs + (day + offset) * DayUs + startHour[look.Agent] * HourUs).Select(from => (from, from + 8 * HourUs))];
    }

    /// <summary>The look's events, as the log has them.</summary>
    public static IEnumerable<LoggedAccess> EventsOf(Planned look) => Enumerable.Range(0, look.Events).Select(number =>
        new LoggedAccess(look.AtUs + number * 1000, AgentOf(look.Agent), new("read", "Observation", $"{number}"), null, [$"Observation/{number}"], [look.Patient], 200, null) { Concerned = 1 });
}
