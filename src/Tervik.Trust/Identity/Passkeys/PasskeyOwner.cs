using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Tervik.Storage;

namespace Tervik.Trust.Identity.Passkeys;

/// <summary>Somebody who has passkeys, or makes the first.</summary>
/// <param name="Agent"><c>Practitioner/7</c>.</param>
/// <param name="Handle">What their device knows them by: random, so that a stolen key tells nothing of its owner.</param>
public sealed record PasskeyOwner(string Agent, string Handle);

/// <summary>What ASP.NET Core Identity asks of a store, on our tables. There are no accounts besides the record's people: nothing is made, changed or deleted here but passkeys.</summary>
sealed class PasskeyOwners(Database database, TimeProvider clock) : IUserPasskeyStore<PasskeyOwner>
{
    /// <summary>What is kept of a passkey besides the columns.</summary>
    sealed record Body(byte[] PublicKey, string[]? Transports, bool IsUserVerified, bool IsBackupEligible, bool IsBackedUp, byte[] AttestationObject, byte[] ClientDataJson);

    const string Columns = "id, name, made_us, sign_count, body";

    public async Task<PasskeyOwner?> FindByIdAsync(string userId, CancellationToken cancellationToken) => await One("handle = $1", userId, cancellationToken);
    public async Task<PasskeyOwner?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) => await One("id = $1", Base64Url.EncodeToString(credentialId), cancellationToken);

    /// <summary>Somebody by their reference; null when they have no passkey.</summary>
    public ValueTask<PasskeyOwner?> FindByAgent(string agent, CancellationToken stop) => One("agent = $1", agent, stop);

    ValueTask<PasskeyOwner?> One(string which, string value, CancellationToken stop) => database.ReadOnce(async session =>
    {
        await using var rows = await session.Query($"SELECT agent, handle FROM passkey WHERE {which} LIMIT 1", value);
        return await rows.Read() ? new PasskeyOwner(rows.Text(0)!, rows.Text(1)!) : null;
    }, stop);

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(PasskeyOwner user, CancellationToken cancellationToken) => await Read("agent = $1 ORDER BY made_us", cancellationToken, user.Agent);

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(PasskeyOwner user, byte[] credentialId, CancellationToken cancellationToken) =>
        (await Read("agent = $1 AND id = $2", cancellationToken, user.Agent, Base64Url.EncodeToString(credentialId))) is [var one] ? one : null;

    ValueTask<List<UserPasskeyInfo>> Read(string which, CancellationToken stop, params SqlValue[] values) => database.ReadOnce(async session =>
    {
        var found = new List<UserPasskeyInfo>();
        await using var rows = await session.Query($"SELECT {Columns} FROM passkey WHERE {which}", values);
        while (await rows.Read())
        {
            var body = JsonSerializer.Deserialize<Body>(rows.Text(4)!)!;
            found.Add(new(Base64Url.DecodeFromChars(rows.Text(0)!), body.PublicKey, DateTimeOffset.UnixEpoch.AddTicks(rows.Int64(2) * TimeSpan.TicksPerMicrosecond), (uint)rows.Int64(3), body.Transports,
                body.IsUserVerified, body.IsBackupEligible, body.IsBackedUp, body.AttestationObject, body.ClientDataJson) { Name = rows.Text(1) });
        }
        return found;
    }, stop);

    /// <remarks>Of two sign-ins with one count, which only a copied key makes, the second changes nothing and fails.</remarks>
    public async Task AddOrUpdatePasskeyAsync(PasskeyOwner user, UserPasskeyInfo passkey, CancellationToken cancellationToken)
    {
        var id = Base64Url.EncodeToString(passkey.CredentialId);
        var body = JsonSerializer.Serialize(new Body(passkey.PublicKey, passkey.Transports, passkey.IsUserVerified, passkey.IsBackupEligible, passkey.IsBackedUp, passkey.AttestationObject, passkey.ClientDataJson));
        var written = await database.Write(async session =>
        {
            await using (var rows = await session.Query("SELECT 1 FROM passkey WHERE id = $1", id))
                if (!await rows.Read())
                {
                    await rows.DisposeAsync();
                    return await session.Execute("INSERT INTO passkey (id, handle, agent, name, made_us, used_us, sign_count, body) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)",
                        id, user.Handle, user.Agent, passkey.Name ?? "", passkey.CreatedAt.Us(), (long)passkey.SignCount, body);
                }
            return await session.Execute("UPDATE passkey SET used_us = $3, sign_count = $4, body = $5 WHERE id = $1 AND agent = $2 AND (sign_count < $4 OR sign_count = 0 AND $4 = 0)",
                id, user.Agent, clock.NowUs(), (long)passkey.SignCount, body);
        }, cancellationToken);
        if (written == 0) throw new PasskeyException("The passkey has been used with this count, or is somebody else's.");
    }

    public async Task RemovePasskeyAsync(PasskeyOwner user, byte[] credentialId, CancellationToken cancellationToken) =>
        await database.Write(session => session.Execute("DELETE FROM passkey WHERE id = $1 AND agent = $2", Base64Url.EncodeToString(credentialId), user.Agent), cancellationToken);

    public Task<string> GetUserIdAsync(PasskeyOwner user, CancellationToken cancellationToken) => Task.FromResult(user.Handle);
    public Task<string?> GetUserNameAsync(PasskeyOwner user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Agent);
    public Task<string?> GetNormalizedUserNameAsync(PasskeyOwner user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Agent);
    public async Task<PasskeyOwner?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => await FindByAgent(normalizedUserName, cancellationToken);
    public Task SetUserNameAsync(PasskeyOwner user, string? userName, CancellationToken cancellationToken) => throw NoAccounts();
    public Task SetNormalizedUserNameAsync(PasskeyOwner user, string? normalizedName, CancellationToken cancellationToken) => throw NoAccounts();
    public Task<IdentityResult> CreateAsync(PasskeyOwner user, CancellationToken cancellationToken) => throw NoAccounts();
    // Identity calls this after it has changed a passkey.
    public Task<IdentityResult> UpdateAsync(PasskeyOwner user, CancellationToken cancellationToken) => Task.FromResult(IdentityResult.Success);
    public Task<IdentityResult> DeleteAsync(PasskeyOwner user, CancellationToken cancellationToken) => throw NoAccounts();
    public void Dispose() { }

    static NotSupportedException NoAccounts() => new("There are no accounts besides the people of the record.");
}
