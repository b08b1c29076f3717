using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using OpenIddict.Client;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Storage.Sealing;
using Tervik.Trust.AuditLog;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Consent;
using Tervik.Trust.Decision;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Eid;
using Tervik.Trust.Identity.OAuth;
using Tervik.Trust.Identity.Passkeys;
using Tervik.Trust.Limits;
using Tervik.Trust.Relations;
using Tervik.Trust.Retention;
using Tervik.Trust.SealedLog;
using Tervik.Trust.Snooping;

namespace Tervik.Trust;

/// <summary>How people and programs are let in.</summary>
public sealed record TrustSettings
{
    /// <summary>The national eID that says who people are; null when none is set.</summary>
    public EidSettings? Eid { get; init; }
    /// <summary>A session ends after this time without a request.</summary>
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromMinutes(30);
    /// <summary>A session ends after this time in any case.</summary>
    public TimeSpan SessionLongest { get; init; } = TimeSpan.FromHours(12);
    /// <summary>Address under which clients reach this node; the issuer of its tokens.</summary>
    public Uri Issuer { get; init; } = new("http://127.0.0.1:8080/");
    /// <summary>Where the key of the sealed log and its newest head lie, outside of the database.</summary>
    public required string Folder { get; init; }
    /// <summary>With whose keys these files are encrypted; null when nothing is.</summary>
    public Vault? Vault { get; init; }
    /// <summary>How much one account, application or network may ask for.</summary>
    public LimitSettings Limits { get; init; } = new();
    /// <summary>How long is kept what is no part of a record.</summary>
    public RetentionSettings Retention { get; init; } = new();
    /// <summary>Who signs the heads of the log besides the node itself.</summary>
    public IReadOnlyList<WitnessPlace> Witnesses { get; init; } = [];
}

/// <summary>The room that knows who asks, decides what they may see, and keeps the log that patients read.</summary>
public static class TrustRoom
{
    /// <summary>Its tables: sessions, tokens and the access log. They lie in a database of their own (or beside the record in PostgreSQL),
    /// so that logging a read never waits for a write to the record.</summary>
    public static Migrations Migrations => new("trust", typeof(TrustRoom).Assembly);

    /// <summary>Registers the access control (needs a registered <see cref="RecordStore"/>).</summary>
    /// <param name="services">Where.</param>
    /// <param name="database">Opened with <see cref="Migrations"/>.</param>
    /// <param name="settings">Sign-in and sessions.</param>
    public static IServiceCollection AddTrust(this IServiceCollection services, Database database, TrustSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(provider => new AccessTokens(database, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Sessions(database, settings, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new AccessLog(database, provider.GetRequiredService<RecordStore>().Keys, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new AccessSeal(database, settings.Folder, provider.GetRequiredService<TimeProvider>(), settings.Vault));
        services.AddSingleton(provider => new Witnesses(provider.GetRequiredService<AccessSeal>(), settings.Witnesses, provider.GetRequiredService<ILogger<Witnesses>>()));
        services.AddHostedService<SealService>();
        services.AddSingleton<SealProofs>();
        services.AddOAuth(database, settings);
        services.AddSingleton(provider => new Credentials(database, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<GoneAccounts>();
        services.AddSingleton<Identification>();
        services.AddSingleton(provider => new EidClient(settings, provider.GetRequiredService<SearchEngine>(), provider.GetRequiredService<StaffRegister>(), provider.GetService<OpenIddictClientService>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new PasskeyDesk(database, settings, provider.GetRequiredService<TimeProvider>()));
        services.AddScoped<IUserStore<PasskeyOwner>>(provider => new PasskeyOwners(database, provider.GetRequiredService<TimeProvider>()));
        services.AddIdentityCore<PasskeyOwner>();
        services.AddScoped<IPasskeyHandler<PasskeyOwner>, PasskeyHandler<PasskeyOwner>>();
        services.Configure<IdentityPasskeyOptions>(options => PasskeyDesk.Configure(options, settings));
        services.AddSingleton(provider => new Sharing(database, provider.GetRequiredService<RecordStore>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ExceptionalAccesses(database, provider.GetRequiredService<RecordStore>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StaffRegister>();
        services.AddSingleton<CareRelations>();
        services.AddSingleton(provider => new ProfessionalAccess(database, provider.GetRequiredService<RecordStore>(), provider.GetRequiredService<CareRelations>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FamilyRelations>();
        services.AddSingleton<AccessCases>();
        services.AddSingleton<AuditView>();
        services.AddSingleton<SnoopingFacts>();
        services.AddSingleton(provider => new Alerts(database, provider.GetRequiredService<StaffRegister>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SnoopingReview(database, provider.GetRequiredService<SnoopingFacts>(), provider.GetRequiredService<Alerts>(), provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<SnoopingService>();
        services.AddSingleton(new LogCompleteness(database));
        services.AddHostedService<CompletenessService>();
        services.AddSingleton(provider => new Retention.Retention(database, settings, provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<RetentionService>();
        services.AddSingleton(settings.Limits);
        services.AddSingleton<RequestLimits>();
        services.AddSingleton<PatientLimit>();
        services.AddHttpContextAccessor();
        services.AddSingleton<IAccessControl, AccessControl>();
        return services;
    }

    /// <summary>Maps the access log as FHIR AuditEvent, and its seal, and the choices of patients as FHIR Consent. Before the general FHIR routes, which serve the AuditEvents and Consents that others brought.</summary>
    public static WebApplication MapTrust(this WebApplication app)
    {
        app.UseCrossOrigin();
        GoneAccounts.Use(app);
        app.MapAuditEvents();
        app.MapConsents();
        app.MapSeal();
        app.MapOAuth();
        return app;
    }
}
