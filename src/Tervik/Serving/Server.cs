using System.Globalization;
using System.Net.Security;
using System.Runtime.Versioning;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Tervik.Care;
using Tervik.Portal.Shell;
using Tervik.Records.Rest;
using Tervik.Trust;
using Tervik.Trust.Limits;

namespace Tervik.Serving;

/// <summary>The web server: portal at <c>/</c>, FHIR at <c>/fhir</c>, health at <c>/health</c>.</summary>
static class Server
{
    /// <summary>Requests that are running at SIGTERM have this time to finish.</summary>
    static readonly TimeSpan Drain = TimeSpan.FromSeconds(30);

    /// <summary>Further connections are closed at once: each costs memory and a file handle of the process.</summary>
    const int MostConnections = 20_000;
    /// <summary>All headers come within this time, and the next request of a connection within that: who only holds connections open, holds few.</summary>
    static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(15), KeepAlive = TimeSpan.FromSeconds(90);
    /// <summary>A body that comes or is taken more slowly, after five seconds, is given up.</summary>
    static readonly MinDataRate SlowestBody = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Authenticated encryption with forward secrecy alone.</summary>
    static readonly TlsCipherSuite[] Suites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256, TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    [SupportedOSPlatform("linux")]
    static void Choose(ConnectionContext connection, SslServerAuthenticationOptions options) => options.CipherSuitesPolicy = new(Suites);

    public static WebApplication Build(Settings settings, Installation installation)
    {
        // Without this the folder is watched for changed settings, and each write to a database below it is an event.
        // The environment is always production: no variable of the machine turns on pages with stack traces.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false", "--environment=Production"]);
        builder.WebHost.UseUrls(settings.Listen);
        // For https: the certificate is where Kestrel's own settings say (Kestrel__Certificates__Default__Path and __KeyPath).
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.Rest.LongestBody;
            (kestrel.Limits.MaxConcurrentConnections, kestrel.Limits.RequestHeadersTimeout, kestrel.Limits.KeepAliveTimeout) = (MostConnections, HeaderTime, KeepAlive);
            (kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate) = (SlowestBody, SlowestBody);
            kestrel.ConfigureHttpsDefaults(https =>
            {
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                // Windows and macOS choose by the settings of the system.
                if (OperatingSystem.IsLinux()) https.OnAuthenticate = Choose;
            });
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Drain);
        builder.Logging.ClearProviders().AddJsonConsole(console =>
        {
            (console.IncludeScopes, console.UseUtcTimestamp, console.TimestampFormat) = (false, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        }).SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<RouteOptions>(routes => routes.SetParameterPolicy<RegexInlineRouteConstraint>("regex"));
        AddTelemetry(builder);
        builder.Services.AddRecords(installation.Store, settings.Rest);
        builder.Services.AddTrust(installation.Trust, new TrustSettings { Eid = settings.Eid, Issuer = settings.PublicAddress, SessionIdle = settings.SessionIdle, Folder = settings.Data, Vault = installation.Vault, Witnesses = settings.Witnesses, Limits = settings.Limits, Retention = settings.Retention });
        builder.Services.AddSingleton(settings.Hl7);
        builder.Services.AddSingleton(settings.Notices with { Address = settings.PublicAddress });
        builder.Services.AddSingleton(new Care.Publication.PublicationSettings(settings.PublishSlots, settings.PublicAddress));
        builder.Services.AddCare();
        builder.Services.AddPortal();
        if (settings.Demo) DemoParts.Built?.Add(builder.Services);
        var app = builder.Build();
        app.UseTrustedProxies(settings);
        app.UsePublicAddress(settings);
        app.UsePortal();
        app.UseLimits(PortalRoom.TooMany);
        app.MapHealth(installation);
        app.MapTrust();
        app.MapCare();
        app.MapFhir();
        app.MapPortal();
        if (settings.Demo) DemoParts.Built?.Map(app);
        return app;
    }

    /// <summary>Metrics and traces go where OTEL_EXPORTER_OTLP_ENDPOINT says; without it nothing leaves the process and nothing is collected.</summary>
    static void AddTelemetry(WebApplicationBuilder builder)
    {
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not { Length: > 0 } collector) return;
        if (!Uri.TryCreate(collector, UriKind.Absolute, out var address) || address.Scheme != "https" && !address.IsLoopback) throw new SettingsException($"OTEL_EXPORTER_OTLP_ENDPOINT is {collector}; https://… (or an address on loopback) was expected.");
        builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("tervik"))
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddOtlpExporter())
            // Addresses hold ids and criteria: personal data, which traces must not carry.
            .WithTracing(traces => traces.AddAspNetCoreInstrumentation(options => options.EnrichWithHttpRequest = (activity, _) =>
            {
                activity.SetTag("url.path", null);
                activity.SetTag("url.query", null);
            }).AddOtlpExporter());
    }

    /// <summary>From proxies of the settings, and from nobody else, the address of the client is believed: in limits and in the log.</summary>
    static void UseTrustedProxies(this WebApplication app, Settings settings)
    {
        if (settings.TrustedProxies.Count == 0) return;
        // Through several of them, up to the first that is not ours.
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in settings.TrustedProxies) options.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(options);
    }

    /// <summary>Behind a proxy, the node's address is the one of the settings, whatever a header says: cookies are bound to it, forms must come from it, links lead to it.</summary>
    static void UsePublicAddress(this WebApplication app, Settings settings)
    {
        if (settings.PublicAddress == new Uri(settings.Listen)) return;
        var host = new HostString(settings.PublicAddress.Authority);
        app.Use((request, next) =>
        {
            (request.Request.Scheme, request.Request.Host) = (settings.PublicAddress.Scheme, host);
            return next(request);
        });
    }

    static void MapHealth(this WebApplication app, Installation installation)
    {
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", async (IHostApplicationLifetime lifetime, CancellationToken stop) =>
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested) return Results.Text("draining", statusCode: StatusCodes.Status503ServiceUnavailable);
            try
            {
                await installation.Store.Database.ReadOnce(async session =>
                {
                    await using var rows = await session.Query("SELECT 1");
                    return await rows.Read();
                }, stop);
                return Results.Text("ready");
            }
            catch (Storage.StorageException)
            {
                return Results.Text("the database does not answer", statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });
    }
}
