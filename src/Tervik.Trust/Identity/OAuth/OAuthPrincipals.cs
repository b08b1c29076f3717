using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using OpenIddict.Abstractions;
using OpenIddict.Validation;
using Tervik.Records.Resources;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>Between the principals of OpenIddict, whose claims lie in tokens, and ours.</summary>
public sealed class OAuthPrincipals(OpenIddictValidationService validation, RecordStore store, TrustSettings settings, TimeProvider clock)
{
    const string PatientClaim = "patient", AuthenticatedClaim = "auth_us", AssuranceClaim = "assurance";

    readonly CredentialCache<Principal> recent = new(clock);

    /// <summary>Address of the FHIR server: what tokens are for.</summary>
    public string Audience => $"{settings.Issuer.ToString().TrimEnd('/')}/fhir";

    /// <summary>What is put into the tokens of somebody or of a program.</summary>
    /// <param name="agent">Who: <c>Patient/1</c>, <c>Practitioner/7</c>, <c>client/name</c>.</param>
    /// <param name="scopes">What was granted.</param>
    /// <param name="patient">The only patient it is about, <c>Patient/id</c>; null for none.</param>
    /// <param name="holder">How surely they were identified; null for a program.</param>
    public ClaimsPrincipal Make(string agent, IEnumerable<string> scopes, string? patient, Principal? holder)
    {
        var identity = new ClaimsIdentity("Tervik", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, agent);
        if (patient is not null) identity.SetClaim(PatientClaim, patient);
        if (holder is not null)
        {
            identity.SetClaim(AssuranceClaim, holder.Assurance.ToString());
            identity.SetClaim(AuthenticatedClaim, holder.AuthenticatedUs.ToString(CultureInfo.InvariantCulture));
            identity.SetClaim("fhirUser", $"{Audience}/{agent}");
        }
        identity.SetScopes(scopes);
        identity.SetResources(Audience);
        // Who it is goes into the ID token; all of it into our own.
        identity.SetDestinations(claim => claim.Type is Claims.Subject || claim.Type == "fhirUser" && identity.HasScope("fhirUser") ? [Destinations.AccessToken, Destinations.IdentityToken] : [Destinations.AccessToken]);
        return new(identity);
    }

    /// <summary>The patient a token is about, as its logical id; null for none.</summary>
    public static string? PatientOf(ClaimsPrincipal principal) => principal.GetClaim(PatientClaim) is { } patient ? patient["Patient/".Length..] : null;

    /// <summary>Who holds an access token; null when it is unknown, ended or revoked. A revocation acts on every node within <see cref="CredentialCache{T}.Lifetime"/>.</summary>
    internal async ValueTask<Principal?> Find(ReadOnlyMemory<char> secret, CancellationToken stop)
    {
        if (Secret.Hash(secret.Span) is not { } hash) return null;
        var text = secret.ToString();
        return await recent.Find(hash, async (_, cancel) => await Read(text, cancel), stop);
    }

    /// <summary>Something was taken back on this node: what was found before may be it.</summary>
    public void Forget() => recent.ForgetAll();

    async ValueTask<Principal?> Read(string token, CancellationToken stop)
    {
        ClaimsPrincipal principal;
        try
        {
            principal = await validation.ValidateAccessTokenAsync(token, stop);
        }
        catch (OpenIddictExceptions.ProtocolException)
        {
            return null;
        }
        if (principal.GetClaim(Claims.Subject) is not { } agent || Principal.KindOf(agent) is not { } kind || !principal.HasAudience(Audience)
            || SmartScopes.Read([.. principal.GetScopes()], store.Indexer.Parameters).Scopes is not { } scopes) return null;
        // A scope of another context than the caller's gives nothing.
        var granted = scopes.Resources.Where(one => (one.Context == "system") == (kind == PrincipalKind.System)).Select(one => one.Scope).ToList();
        // Scopes about one patient without a patient open nothing.
        if (scopes.Resources.Any(one => one.Context == "patient") && principal.GetClaim(PatientClaim) is null) granted.Clear();
        var scope = granted.Aggregate(Scope.None, (all, one) => all | ((one.Actions & (SmartActions.Read | SmartActions.Search)) != 0 ? Scope.Read : Scope.None)
            | ((one.Actions & (SmartActions.Create | SmartActions.Update | SmartActions.Delete)) != 0 ? Scope.Write : Scope.None));
        return new(kind, agent, scope)
        {
            Client = principal.GetClaim(Claims.ClientId), Granted = granted, LaunchPatient = principal.GetClaim(PatientClaim),
            Assurance = Enum.TryParse<Assurance>(principal.GetClaim(AssuranceClaim), out var assurance) ? assurance : Assurance.None,
            AuthenticatedUs = long.TryParse(principal.GetClaim(AuthenticatedClaim), CultureInfo.InvariantCulture, out var us) ? us : 0,
        };
    }
}
