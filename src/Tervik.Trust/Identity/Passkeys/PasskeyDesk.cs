using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Storage;

namespace Tervik.Trust.Identity.Passkeys;

/// <summary>A passkey as its owner sees it.</summary>
/// <param name="Id">Of the credential.</param>
/// <param name="Name">As its owner called it.</param>
/// <param name="MadeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="UsedUs">Likewise; 0 when it was not yet used.</param>
/// <param name="IsBound">It cannot leave its device: only such a one reaches <see cref="Assurance.High"/>.</param>
public sealed record OwnPasskey(string Id, string Name, long MadeUs, long UsedUs, bool IsBound);

/// <summary>What a browser is sent to make or use a passkey.</summary>
/// <param name="Challenge">Names the attempt; comes back with the answer.</param>
/// <param name="Options">PublicKeyCredentialCreationOptions or PublicKeyCredentialRequestOptions, JSON (WebAuthn level 3, section 5.1.8 and 5.1.10).</param>
public sealed record PasskeyAttempt(string Challenge, string Options);

/// <summary>Passkeys (WebAuthn) of professionals and patients: the ceremonies by ASP.NET Core Identity, the challenges and keys in our database.</summary>
/// <remarks>
/// A passkey is made only in a session of high assurance, so it stands for that identification. One that is bound to its device gives high, one that its owner's devices share (a synced one) gives substantial,
/// since NIST SP 800-63B-4 counts it so. Who made the device is not asked (attestation none).
/// </remarks>
public sealed class PasskeyDesk(Database database, TrustSettings settings, TimeProvider clock) : IDisposable
{
    /// <summary>So long somebody has to touch their device.</summary>
    static readonly TimeSpan ChallengeLasts = TimeSpan.FromMinutes(5);
    /// <summary>So many wrong answers of one passkey, and for how long it then rests. Other ways in stay open, so that nobody can lock anybody out.</summary>
    internal const int MostFailures = 10;
    static readonly TimeSpan Rest = TimeSpan.FromMinutes(15);
    const int LongestAnswer = 64 << 10, MostOfOne = 20;

    readonly PasskeyOwners owners = new(database, clock);
    readonly PartitionedRateLimiter<string> failures = PartitionedRateLimiter.Create<string, string>(id => RateLimitPartition.GetFixedWindowLimiter(id, _ => new() { PermitLimit = MostFailures, Window = Rest, QueueLimit = 0, AutoReplenishment = true }));

    /// <summary>Whether browsers let passkeys be used here: they need a name of a host, not a bare address, and https but for localhost.</summary>
    public bool IsOffered => settings.Issuer.HostNameType == UriHostNameType.Dns && (settings.Issuer.Scheme == "https" || settings.Issuer.Host == "localhost");

    /// <summary>Configures the library: who we are, and what is demanded.</summary>
    internal static void Configure(IdentityPasskeyOptions options, TrustSettings settings)
    {
        options.ServerDomain = settings.Issuer.Host;
        options.AuthenticatorTimeout = ChallengeLasts;
        options.UserVerificationRequirement = "required";
        options.ResidentKeyRequirement = "required";
        options.AttestationConveyancePreference = "none";
        var origin = settings.Issuer.GetLeftPart(UriPartial.Authority);
        options.ValidateOrigin = context => ValueTask.FromResult(!context.CrossOrigin && context.TopOrigin is null && context.Origin == origin);
    }

    /// <summary>Begins making one for somebody who is signed in.</summary>
    /// <param name="request">The request.</param>
    /// <param name="agent">Who.</param>
    /// <param name="name">As their device shows them.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<PasskeyAttempt> BeginMaking(HttpContext request, string agent, string name, CancellationToken stop)
    {
        var owner = await owners.FindByAgent(agent, stop) ?? new(agent, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));
        var options = await Handler(request).MakeCreationOptionsAsync(new() { Id = owner.Handle, Name = name, DisplayName = name }, request);
        // The handle of a first one has to be the same when the answer comes.
        return new(await Keep(request, $"{agent} {owner.Handle}\n{options.AttestationState}", stop), options.CreationOptionsJson);
    }

    /// <summary>Takes the answer of the device, and keeps the passkey.</summary>
    /// <returns>Why not; null when it is kept.</returns>
    public async Task<string?> Make(HttpContext request, string agent, string challenge, string answer, string name, CancellationToken stop)
    {
        if (await Take(request, challenge, stop) is not { } kept || kept.Split('\n', 2) is not [var who, var state] || who.Split(' ') is not [var whose, var handle] || whose != agent) return "The challenge is unknown, was used, or has ended.";
        if (answer.Length > LongestAnswer) return "The answer is too long.";
        if (await owners.FindByAgent(agent, stop) is { } known && (await owners.GetPasskeysAsync(known, stop)).Count >= MostOfOne) return "There are too many passkeys.";
        var result = await Handler(request).PerformAttestationAsync(new() { HttpContext = request, CredentialJson = answer, AttestationState = state });
        if (!result.Succeeded) return result.Failure.Message;
        if (!result.Passkey.IsUserVerified) return "The device did not ask for its owner.";
        if (await owners.FindByPasskeyIdAsync(result.Passkey.CredentialId, stop) is not null) return "The passkey is known already.";
        result.Passkey.Name = name;
        await owners.AddOrUpdatePasskeyAsync(new(agent, handle), result.Passkey, stop);
        return null;
    }

    /// <summary>Begins a sign-in: the device chooses whose passkey.</summary>
    public async Task<PasskeyAttempt> BeginSignIn(HttpContext request, CancellationToken stop)
    {
        var options = await Handler(request).MakeRequestOptionsAsync(user: null, request);
        return new(await Keep(request, options.AssertionState ?? "", stop), options.RequestOptionsJson);
    }

    /// <summary>Takes the answer of the device.</summary>
    /// <returns>Who it is and how surely; or why not, and whose passkey it seemed to be (null when nobody's).</returns>
    public async Task<(string? Agent, Identified? By, string? Fault)> SignIn(HttpContext request, string challenge, string answer, CancellationToken stop)
    {
        if (await Take(request, challenge, stop) is not { } state) return (null, null, "The challenge is unknown, was used, or has ended.");
        if (answer.Length > LongestAnswer) return (null, null, "The answer is too long.");
        var id = IdOf(answer);
        var seeming = id is null ? null : await owners.FindByPasskeyIdAsync(id, stop);
        var key = id is null ? "" : Base64Url.EncodeToString(id);
        if (seeming is not null && failures.GetStatistics(key) is { CurrentAvailablePermits: <= 0 }) return (seeming.Agent, null, "The passkey rests after too many wrong answers.");
        var result = await Handler(request).PerformAssertionAsync(new() { HttpContext = request, CredentialJson = answer, AssertionState = state });
        var fault = !result.Succeeded ? result.Failure.Message : !result.Passkey.IsUserVerified ? "The device did not ask for its owner." : null;
        if (fault is null)
        {
            try
            {
                await owners.AddOrUpdatePasskeyAsync(result.User!, result.Passkey!, stop);
                return (result.User!.Agent, new("passkey", result.Passkey!.IsBackupEligible ? Assurance.Substantial : Assurance.High, clock.NowUs(), []), null);
            }
            catch (PasskeyException failed)
            {
                fault = failed.Message;
            }
        }
        if (seeming is not null) failures.AttemptAcquire(key).Dispose();
        return (seeming?.Agent, null, fault);
    }

    /// <summary>Somebody's passkeys, the oldest first.</summary>
    public async Task<IReadOnlyList<OwnPasskey>> Of(string agent, CancellationToken stop)
    {
        var used = await database.ReadOnce(async session =>
        {
            var all = new Dictionary<string, long>(StringComparer.Ordinal);
            await using var rows = await session.Query("SELECT id, used_us FROM passkey WHERE agent = $1", agent);
            while (await rows.Read()) all[rows.Text(0)!] = rows.Int64(1);
            return all;
        }, stop);
        return [.. (await owners.GetPasskeysAsync(new(agent, ""), stop)).Select(one => (Id: Base64Url.EncodeToString(one.CredentialId), One: one))
            .Select(one => new OwnPasskey(one.Id, one.One.Name ?? "", one.One.CreatedAt.Us(), used.GetValueOrDefault(one.Id), !one.One.IsBackupEligible))];
    }

    /// <summary>Removes one of somebody's own: it opens nothing from then on.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> Remove(string id, string agent, CancellationToken stop) =>
        await database.Write(session => session.Execute("DELETE FROM passkey WHERE id = $1 AND agent = $2", id, agent), stop) > 0;

    static IPasskeyHandler<PasskeyOwner> Handler(HttpContext request) => request.RequestServices.GetRequiredService<IPasskeyHandler<PasskeyOwner>>();

    /// <summary>Keeps the state of an attempt for one answer from the same browser.</summary>
    async Task<string> Keep(HttpContext request, string state, CancellationToken stop)
    {
        var (challenge, nowUs) = (Secret.New(), clock.NowUs());
        await database.Write(async session =>
        {
            await session.Execute("DELETE FROM passkey_challenge WHERE ends_us < $1", nowUs);
            return await session.Execute("INSERT INTO passkey_challenge (id, browser, state, ends_us) VALUES ($1, $2, $3, $4)", Secret.Hash(challenge), Browser(request), state, nowUs + (long)ChallengeLasts.TotalMicroseconds);
        }, stop);
        return challenge;
    }

    /// <summary>The state, once; null when there is none of this browser.</summary>
    async Task<string?> Take(HttpContext request, string challenge, CancellationToken stop)
    {
        if (Secret.Hash(challenge) is not { } id) return null;
        return await database.Write(async session =>
        {
            string? state = null;
            await using (var rows = await session.Query("SELECT state FROM passkey_challenge WHERE id = $1 AND browser = $2 AND ends_us > $3", id, Browser(request), clock.NowUs()))
                if (await rows.Read()) state = rows.Text(0);
            // Of two that come at once, the one that deletes it goes on.
            return await session.Execute("DELETE FROM passkey_challenge WHERE id = $1", id) == 1 ? state : null;
        }, stop);
    }

    static string Browser(HttpContext request) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FormGuard.TokenFor(request))));

    /// <summary>Which passkey an answer says it is of; null when it says nothing that could be read.</summary>
    static byte[]? IdOf(string answer)
    {
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(answer);
            return json.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object && json.RootElement.TryGetProperty("id", out var id) && id.ValueKind == System.Text.Json.JsonValueKind.String
                && id.GetString() is { Length: <= 2048 } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => failures.Dispose();
}
