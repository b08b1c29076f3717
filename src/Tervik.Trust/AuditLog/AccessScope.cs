namespace Tervik.Trust.AuditLog;

/// <summary>What one account was given of a patient.</summary>
/// <param name="Accesses">How often.</param>
/// <param name="First">The earliest event.</param>
/// <param name="Last">The latest.</param>
/// <param name="Entries">What was given out or written, <c>Type/id</c>, in accesses that concerned this patient.</param>
public sealed record ScopeOfPatient(int Accesses, long First, long Last, HashSet<string> Entries);

/// <summary>Whom the accesses of an account concern.</summary>
/// <param name="Accesses">All that were answered.</param>
/// <param name="Patients">By compartment key.</param>
public sealed record AccessScope(int Accesses, IReadOnlyDictionary<long, ScopeOfPatient> Patients)
{
    const int Page = 2000;

    /// <summary>Reads the log of one account in a time; what was refused gave nothing out.</summary>
    /// <param name="log">The log.</param>
    /// <param name="agent"><c>Practitioner/7</c>.</param>
    /// <param name="fromUs">First microsecond since 1970-01-01 UTC.</param>
    /// <param name="beforeUs">The first that is no longer part of it.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task<AccessScope> Of(AccessLog log, string agent, long fromUs, long beforeUs, CancellationToken stop)
    {
        var (patients, accesses) = (new Dictionary<long, ScopeOfPatient>(), 0);
        for (var before = beforeUs; ;)
        {
            var page = await log.Read(new(Agent: agent, From: fromUs, Before: before, Count: Page), stop);
            foreach (var access in page.Where(access => access.Status < 400))
            {
                accesses++;
                foreach (var patient in access.Compartments)
                {
                    var so = patients.GetValueOrDefault(patient) ?? new(0, access.Event, access.Event, []);
                    so.Entries.UnionWith(access.Resources);
                    patients[patient] = so with { Accesses = so.Accesses + 1, First = Math.Min(so.First, access.Event), Last = Math.Max(so.Last, access.Event) };
                }
            }
            if (page.Count < Page) return new(accesses, patients);
            before = page[^1].Event;
        }
    }
}
