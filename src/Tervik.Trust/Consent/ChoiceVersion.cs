using Tervik.Storage;

namespace Tervik.Trust.Consent;

/// <summary>The number of the last change of what people chose and what was opened out of the ordinary.</summary>
static class ChoiceVersion
{
    /// <summary>A new number; the transaction it is drawn in is then the only one until its end.</summary>
    public static async ValueTask<long> Next(Session session)
    {
        await session.Execute("UPDATE choice_version SET version = version + 1");
        return await Now(session);
    }

    /// <summary>The present number.</summary>
    public static async ValueTask<long> Now(Session session)
    {
        await using var rows = await session.Query("SELECT version FROM choice_version");
        return await rows.Read() ? rows.Int64(0) : 0;
    }

    /// <summary>Whom the changes after a number concern: keys of patients, and of professionals with an access out of the ordinary.</summary>
    public static async ValueTask<(HashSet<long> Patients, HashSet<long> Professionals)> Since(Session session, long version)
    {
        var (patients, professionals) = (new HashSet<long>(), new HashSet<long>());
        await using var rows = await session.Query("SELECT comp, 0 FROM sharing WHERE seq > $1 UNION SELECT 0, practitioner_key FROM exceptional_access WHERE seq > $1", version);
        while (await rows.Read())
            if (rows.Int64(0) != 0) patients.Add(rows.Int64(0));
            else professionals.Add(rows.Int64(1));
        return (patients, professionals);
    }
}
