using System.Security.Cryptography;
using System.Text;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Hl7;

/// <summary>A message as it is told from others.</summary>
/// <param name="Client">Who sent it, <c>client/name</c>.</param>
/// <param name="Sender">MSH-3 and MSH-4.</param>
/// <param name="ControlId">MSH-10.</param>
/// <param name="Hash">SHA-256 of all of it.</param>
readonly record struct MessageName(string Client, string Sender, string ControlId, string Hash)
{
    public static MessageName Of(string client, Hl7Message message, string text) =>
        new(client, $"{message.Header[3].Raw}|{message.Header[4].Raw}", message.ControlId, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}

/// <summary>Table hl7_message: what was taken, and how it was answered.</summary>
sealed class Hl7Journal(Database database, TimeProvider clock)
{
    /// <summary>A message that is sent again later than this is taken again.</summary>
    static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    const string Select = "SELECT answer FROM hl7_message WHERE client = $1 AND sender = $2 AND control_id = $3 AND hash = $4";

    /// <summary>The answer to a message that was taken; null when it was not.</summary>
    public ValueTask<string?> Find(MessageName name, CancellationToken stop) => database.ReadOnce(session => Find(session, name), stop);

    static async ValueTask<string?> Find(Session session, MessageName name)
    {
        await using var rows = await session.Query(Select, name.Client, name.Sender, name.ControlId, name.Hash);
        return await rows.Read() ? rows.Text(0) : null;
    }

    /// <summary>Holds while the message was not taken: the same one on two connections is taken once.</summary>
    public static Guard Untaken(MessageName name) => new(async session => await Find(session, name) is null);

    /// <summary>Notes, in the transaction of its writes, that a message was taken.</summary>
    public async ValueTask Add(Session session, MessageName name, string answer)
    {
        var nowUs = clock.NowUs();
        await session.Execute("INSERT INTO hl7_message (client, sender, control_id, hash, at_us, answer) VALUES ($1, $2, $3, $4, $5, $6)", name.Client, name.Sender, name.ControlId, name.Hash, nowUs, answer);
        await session.Execute("DELETE FROM hl7_message WHERE at_us < $1", nowUs - (long)Kept.TotalMicroseconds);
    }
}
