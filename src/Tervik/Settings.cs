using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Tervik.Care.Hl7;
using Tervik.Care.Notices;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Rest;
using Tervik.Serving;
using Tervik.Storage;
using Tervik.Storage.Sealing;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Eid;
using Tervik.Trust.Limits;
using Tervik.Trust.Retention;
using Tervik.Trust.SealedLog;

namespace Tervik;

/// <summary>Settings of a node: from <c>tervik.json</c>, then environment variables <c>TERVIK_…</c>, then flags; the later wins.</summary>
sealed record Settings
{
    static readonly string[] Known =
    [
        "data", "database", "insecureDatabase", "keys", "dataKeys", "requireKeys", "databaseDiskEncrypted", "keepEndedTokens", "keepAnswered", "keepNotices", "keepAccessLog", "listen", "publicAddress", "eidIssuer", "eidClientId", "eidSecret", "eidName", "eidScopes", "eidClaim", "eidSystems", "eidLeast", "behindProxy", "trustedProxies", "demo", "demoPatients", "sessionIdleSeconds", "readers", "cacheMb", "longestBodyMb", "deepestDocument", "mostEntries", "unfitFiles", "malwareScanner",
        "smtpHost", "smtpPort", "smtpTls", "smtpFrom", "smtpUser", "smtpSecretFile", "noticeWebhook", "noticeWebhookSecretFile", "hl7", "hl7Certificate", "hl7CertificateKey", "hl7ClientAuthorities", "hl7Unprotected", "hl7TimeZone", "hl7Systems", "publishSlots", "witnesses", "mostRequestsOfAccount", "mostRequestsOfApplication", "mostRequestsOfAddress", "mostSignInsOfAddress", "mostPatientsPerHour", "mostPatientsPerHourInEmergency", "mostPatientsPerHourOfProgram", "pageSize", "largestPage", "longestQuerySeconds", "mostParameters", "mostValues", "deepestChain", "mostSortKeys", "mostIncluded", "mostCodes",
    ];

    /// <summary>Folder of the embedded database and the blobs.</summary>
    public required string Data { get; init; }
    /// <summary>PostgreSQL connection string; null for SQLite in <see cref="Data"/>.</summary>
    public string? Database { get; init; }
    /// <summary>Whether PostgreSQL on another machine may be reached by a connection that others can read or answer, or with a password.</summary>
    public bool InsecureDatabase { get; init; }
    /// <summary>The institution key, when data is encrypted at rest: <c>file:/path</c> or a PKCS#11 URI; null for plain storage.</summary>
    public string? Keys { get; init; }
    /// <summary>Where the data keys lie, wrapped by the institution key.</summary>
    public required string DataKeys { get; init; }
    /// <summary>Opens the data keys; null when nothing is encrypted.</summary>
    public Vault? OpenVault() => Keys is { } keys ? Vault.Open(keys, DataKeys) : null;
    /// <summary>Whether the node refuses to serve without <see cref="Keys"/>: where others reach it and it is no demonstration, unless the operator says otherwise.</summary>
    public bool RequireKeys { get; init; }
    /// <summary>The operator says that the disk of PostgreSQL is encrypted: its index, log and sessions lie in plain tables.</summary>
    public bool DatabaseDiskEncrypted { get; init; }
    /// <summary>How long is kept what is no part of a record.</summary>
    public RetentionSettings Retention { get; init; } = new();
    /// <summary>Address the portal and the API are served at.</summary>
    public required string Listen { get; init; }
    /// <summary>Address under which others reach the node, when it is another than <see cref="Listen"/> (behind a proxy): the issuer of its tokens.</summary>
    public required Uri PublicAddress { get; init; }
    /// <summary>The national eID people sign in with; null when none is set.</summary>
    public EidSettings? Eid { get; init; }
    /// <summary>Something in front of the node encrypts the way to its clients.</summary>
    public bool BehindProxy { get; init; }
    /// <summary>Who is believed about the address of a client (X-Forwarded-For).</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];
    /// <summary>The demo nation and the demonstration sign-in.</summary>
    public bool Demo { get; init; }
    /// <summary>Patients of the demo nation that an empty demonstration node loads at its first start.</summary>
    public int DemoPatients { get; init; } = 60;
    /// <summary>A session in the browser ends after this time without a request.</summary>
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromMinutes(30);
    /// <summary>Who signs the heads of the log of accesses besides the node itself.</summary>
    public IReadOnlyList<WitnessPlace> Witnesses { get; init; } = [];
    /// <summary>How hospital systems send HL7 v2.</summary>
    public Hl7Settings Hl7 { get; init; } = new();
    /// <summary>By which ways people are told of news outside of the portal.</summary>
    public NoticeSettings Notices { get; init; } = new();
    /// <summary>Whether times that patients may book themselves are published to everybody (<c>/fhir/$bulk-publish</c>).</summary>
    public bool PublishSlots { get; init; } = true;
    /// <summary>How much one account, application or network may ask for.</summary>
    public LimitSettings Limits { get; init; } = new();
    public int Readers { get; init; } = 8;
    public int CacheMb { get; init; } = 64;
    public RestSettings Rest { get; init; } = new();
    public DocumentLimits Documents { get; init; } = new();

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="SettingsException">One is unknown or has no sensible value; the message names it, its source and what was expected.</exception>
    public static Settings Load(string? file, IReadOnlyDictionary<string, string?> flags)
    {
        if (file is not null && !File.Exists(file)) throw new SettingsException($"The settings file {file} does not exist.");
        if (flags.Keys.FirstOrDefault(flag => !Known.Contains(flag, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new SettingsException($"There is no setting {unknown} (flag --set); known are {string.Join(", ", Known)}.");
        var builder = new ConfigurationBuilder();
        try
        {
            var configuration = builder.AddJsonFile(Path.GetFullPath(file ?? "tervik.json"), optional: true).AddEnvironmentVariables("TERVIK_").AddInMemoryCollection(flags.Where(flag => flag.Value is not null)).Build();
            return Read(configuration, file ?? "tervik.json");
        }
        catch (InvalidDataException fault)
        {
            throw new SettingsException($"{file ?? "tervik.json"} is not valid JSON: {fault.InnerException?.Message ?? fault.Message}");
        }
    }

    static Settings Read(IConfigurationRoot configuration, string file)
    {
        foreach (var child in configuration.GetChildren())
            if (!Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase) && configuration.Providers.First().TryGet(child.Key, out _))
                throw new SettingsException($"{file} has a setting {child.Key} that does not exist; known are {string.Join(", ", Known)}.");
        var listen = configuration["listen"] ?? "http://127.0.0.1:8080";
        if (!Uri.TryCreate(listen, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) throw Wrong("listen", listen, "an address such as http://127.0.0.1:8080");
        // A node that is known by another address, or says that a proxy encrypts, has something in front of it that others reach.
        var isBehindProxy = Flag(configuration, "behindProxy", otherwise: false);
        var isAlone = address.IsLoopback && string.IsNullOrEmpty(configuration["publicAddress"]) && !isBehindProxy;
        // Who is reachable from elsewhere does not let anyone in as anyone unless told to.
        var isDemonstration = Flag(configuration, "demo", isAlone && DemoParts.Built is not null);
        if (isDemonstration && DemoParts.Built is null) throw new SettingsException("This program was built without the demonstration (-p:Demonstration=false): demo=true cannot be.");
        if (configuration["keepAccessLog"] is { Length: > 0 } kept && kept != "forever") throw Wrong("keepAccessLog", kept, "forever, the only value: the log is sealed as a whole, and an entry cannot leave it (docs/security/data.md)");
        return new()
        {
            Data = Path.GetFullPath(configuration["data"] ?? "data"),
            Database = configuration["database"] is { Length: > 0 } connection ? connection : null,
            Keys = configuration["keys"] is { Length: > 0 } keys ? keys : null,
            DataKeys = Path.GetFullPath(configuration["dataKeys"] is { Length: > 0 } wrapped ? wrapped : Path.Combine(configuration["data"] ?? "data", "keys.db")),
            InsecureDatabase = Flag(configuration, "insecureDatabase", otherwise: false),
            Listen = listen,
            BehindProxy = isBehindProxy,
            RequireKeys = Flag(configuration, "requireKeys", otherwise: !isAlone && !isDemonstration),
            DatabaseDiskEncrypted = Flag(configuration, "databaseDiskEncrypted", otherwise: false),
            Retention = new() { EndedTokens = TimeSpan.FromDays(Number(configuration, "keepEndedTokens", 30, 1, 3660)), Answered = TimeSpan.FromDays(Number(configuration, "keepAnswered", 1826, 1, 36_600)) },
            TrustedProxies = ProxiesOf(configuration["trustedProxies"] ?? ""),
            PublicAddress = configuration["publicAddress"] is not { Length: > 0 } known ? address
                : Uri.TryCreate(known, UriKind.Absolute, out var other) && other.Scheme is "http" or "https" && other.Query.Length + other.Fragment.Length == 0 ? other : throw Wrong("publicAddress", known, "an address such as https://health.example/"),
            Eid = EidOf(configuration),
            Demo = isDemonstration,
            DemoPatients = Number(configuration, "demoPatients", 60, 1, 1_000_000),
            SessionIdle = TimeSpan.FromSeconds(Number(configuration, "sessionIdleSeconds", 1800, 2, 86_400)),
            Witnesses = WitnessesOf(configuration["witnesses"] ?? ""),
            Hl7 = Hl7Of(configuration),
            Notices = NoticesOf(configuration),
            PublishSlots = Flag(configuration, "publishSlots", otherwise: true),
            Limits = new()
            {
                RequestsOfAccount = Number(configuration, "mostRequestsOfAccount", 100, 1, 10_000_000),
                RequestsOfApplication = Number(configuration, "mostRequestsOfApplication", 1000, 1, 10_000_000),
                RequestsOfAddress = Number(configuration, "mostRequestsOfAddress", 2000, 1, 10_000_000),
                SignInsOfAddress = Number(configuration, "mostSignInsOfAddress", 60, 1, 10_000_000),
                PatientsPerHour = Number(configuration, "mostPatientsPerHour", 500, 1, 10_000_000),
                PatientsPerHourInEmergency = Number(configuration, "mostPatientsPerHourInEmergency", 2000, 1, 10_000_000),
                PatientsPerHourOfProgram = Number(configuration, "mostPatientsPerHourOfProgram", 100_000, 1, 10_000_000),
            },
            Readers = Number(configuration, "readers", 8, 1, 256),
            CacheMb = Number(configuration, "cacheMb", 64, 1, 65536),
            Documents = new(Number(configuration, "longestBodyMb", 64, 1, 1024) << 20, Number(configuration, "deepestDocument", 64, 8, 512)),
            Rest = new()
            {
                LongestBody = Number(configuration, "longestBodyMb", 64, 1, 1024) << 20,
                MostEntries = Number(configuration, "mostEntries", 50_000, 1, 1_000_000),
                Files = new()
                {
                    AcceptsUnfit = UnfitOf(configuration["unfitFiles"]),
                    Scanner = ScannerOf(configuration["malwareScanner"]),
                },
                Search = new()
                {
                    PageSize = Number(configuration, "pageSize", 20, 1, 10000),
                    LargestPage = Number(configuration, "largestPage", 1000, 1, 10000),
                    LongestQuery = TimeSpan.FromSeconds(Number(configuration, "longestQuerySeconds", 30, 1, 3600)),
                    MostParameters = Number(configuration, "mostParameters", 100, 1, 10000),
                    MostValues = Number(configuration, "mostValues", 2000, 1, 100_000),
                    DeepestChain = Number(configuration, "deepestChain", 5, 1, 20),
                    MostSortKeys = Number(configuration, "mostSortKeys", 5, 1, 20),
                    MostIncluded = Number(configuration, "mostIncluded", 5000, 1, 100_000),
                    MostCodes = Number(configuration, "mostCodes", 10_000, 1, 1_000_000),
                },
            },
        };
    }

    static int Number(IConfigurationRoot configuration, string name, int otherwise, int least, int most) => configuration[name] is not { Length: > 0 } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : throw Wrong(name, text, $"a number from {least} to {most}");

    static EidSettings? EidOf(IConfigurationRoot configuration)
    {
        if (configuration["eidIssuer"] is not { Length: > 0 } issuer) return null;
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var address) || address.Scheme != "https" && !(address.Scheme == "http" && address.IsLoopback)) throw Wrong("eidIssuer", issuer, "the https address of a provider of OpenID Connect (http on loopback only)");
        if (configuration["eidClientId"] is not { Length: > 0 } client) throw Wrong("eidClientId", "missing", "our id at the provider");
        // A secret stands in a file of its own, so that it is in no list of processes and no listing of settings.
        if (configuration["eidSecret"] is not { Length: > 0 } secret || !secret.StartsWith("file:", StringComparison.Ordinal) || !File.Exists(secret["file:".Length..])) throw Wrong("eidSecret", "missing, or no file", "file:/path/of/a/file with our secret at the provider");
        var systems = (configuration["eidSystems"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(one => one.Split('=', 2)).ToList();
        if (systems.Count == 0 || systems.Any(one => one is not [_, { Length: > 0 }])) throw Wrong("eidSystems", configuration["eidSystems"] ?? "missing", "pairs such as EE=https://fhir.ee/sid/pid/est/ni;DK=urn:oid:1.2.208.176.1.2: what the claim begins with, and the system of the identifier that follows");
        return new()
        {
            Issuer = address, ClientId = client, ClientSecret = File.ReadAllText(secret["file:".Length..]).Trim(), Name = configuration["eidName"] is { Length: > 0 } name ? name : "eID",
            Scopes = (configuration["eidScopes"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries), Claim = configuration["eidClaim"] is { Length: > 0 } claim ? claim : "sub",
            Systems = [.. systems.Select(one => KeyValuePair.Create(one[0], one[1]))],
            Least = (configuration["eidLeast"] ?? "substantial") switch { "low" => Assurance.Low, "substantial" => Assurance.Substantial, "high" => Assurance.High, var other => throw Wrong("eidLeast", other, "low, substantial or high") },
        };
    }

    static NoticeSettings NoticesOf(IConfigurationRoot configuration)
    {
        try
        {
            return new()
            {
                Smtp = NoticeSettings.SmtpOf(configuration["smtpHost"], configuration["smtpPort"], configuration["smtpTls"], configuration["smtpFrom"], configuration["smtpUser"], configuration["smtpSecretFile"]),
                Webhook = NoticeSettings.WebhookOf(configuration["noticeWebhook"], configuration["noticeWebhookSecretFile"]),
                Kept = TimeSpan.FromDays(Number(configuration, "keepNotices", 365, 1, 3660)),
            };
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Notices cannot be sent: {fault.Message}.");
        }
    }

    static Hl7Settings Hl7Of(IConfigurationRoot configuration)
    {
        string? File(string name) => configuration[name] is not { Length: > 0 } path ? null : System.IO.File.Exists(path) ? Path.GetFullPath(path) : throw Wrong(name, path, "a file in PEM");
        T Parsed<T>(string name, Func<string, T> parse)
        {
            try
            {
                return parse(configuration[name] ?? "");
            }
            catch (Exception fault) when (fault is FormatException or TimeZoneNotFoundException or InvalidTimeZoneException)
            {
                throw new SettingsException($"The setting {name} cannot be used: {fault.Message}.");
            }
        }
        Hl7Settings hl7 = new()
        {
            Mllp = Parsed("hl7", MllpPlace.Parse), Certificate = File("hl7Certificate"), CertificateKey = File("hl7CertificateKey"), ClientAuthorities = File("hl7ClientAuthorities"),
            IsUnprotectedAllowed = Flag(configuration, "hl7Unprotected", otherwise: false), Systems = Parsed("hl7Systems", Hl7Settings.ParseSystems),
            Zone = Parsed("hl7TimeZone", name => name.Length == 0 ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(name)),
        };
        return hl7.WhyNotOpened is { } why ? throw new SettingsException(why) : hl7;
    }

    static bool UnfitOf(string? text) => text switch { null or "" or "refuse" => false, "accept" => true, _ => throw Wrong("unfitFiles", text, "refuse (files whose content does not fit their type) or accept") };

    static ScannerPlace? ScannerOf(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        try
        {
            return ScannerPlace.Parse(text);
        }
        catch (FormatException fault)
        {
            throw new SettingsException($"The setting malwareScanner is {text}; {fault.Message}.");
        }
    }

    /// <summary>What an operator should know at the start; null when there is nothing.</summary>
    public string? Notice => Rest.Files.Scanner is not null || new Uri(Listen).IsLoopback && PublicAddress.IsLoopback ? null
        : "The setting malwareScanner names no scanner (clamd://host:3310 or clamd:///path/of/socket): files that are sent are stored without a look for malware.";

    /// <summary>Why the node must not serve; null when it may: what others could read on the way to its clients is not sent, and records do not lie in clear where they are real.</summary>
    public string? WhyNotServed
    {
        get
        {
            var address = new Uri(Listen);
            return address.Scheme == "https" || address.IsLoopback || BehindProxy || PublicAddress.Scheme == "https" ? WhyNotKept
                : $"{Listen} can be reached from elsewhere and is not encrypted: records would be readable on the way. Listen on https://…, or, where something in front encrypts, set publicAddress to its https:// address or behindProxy=true.";
        }
    }

    string? WhyNotKept => !RequireKeys ? null
        : Keys is null ? "The node would keep records in clear: whoever takes its disk or a backup reads them. Set keys to where the institution key is (file:/elsewhere/institution.key; docs/keys.md), or requireKeys=false where something else encrypts the disk and its backups."
        : Database is not null && !DatabaseDiskEncrypted ? "On PostgreSQL, index, sessions and the log of accesses lie in plain tables. Where its disk and its backups are encrypted, say so with databaseDiskEncrypted=true; requireKeys=false goes without."
        : null;

    /// <summary>What the operator took on themselves about data at rest, for the log of the start; null when nothing.</summary>
    public string? AtRest => !RequireKeys && Keys is null && !Demo ? "At rest: records are not encrypted by the node (no keys; requireKeys is false)."
        : Database is not null && DatabaseDiskEncrypted ? "At rest: the disk of PostgreSQL is encrypted, as the setting databaseDiskEncrypted says; the node has not checked it." : null;

    static IReadOnlyList<IPNetwork> ProxiesOf(string text) =>
    [
        .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one => IPAddress.TryParse(one, out var address) ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
            : IPNetwork.TryParse(one, out var network) ? network : throw Wrong("trustedProxies", text, "addresses and networks such as 10.0.0.7, 10.1.0.0/16")),
    ];

    static IReadOnlyList<WitnessPlace> WitnessesOf(string text)
    {
        try
        {
            return WitnessPlace.Parse(text);
        }
        catch (FormatException fault)
        {
            throw new SettingsException($"The setting witnesses cannot be used: {fault.Message}");
        }
    }

    static bool Flag(IConfigurationRoot configuration, string name, bool otherwise) => configuration[name] is not { Length: > 0 } text ? otherwise
        : bool.TryParse(text, out var flag) ? flag : throw Wrong(name, text, "true or false");

    static SettingsException Wrong(string name, string value, string expected) => new($"The setting {name} (flag --{name}, environment TERVIK_{name.ToUpperInvariant()}, or the settings file) is {value}; {expected} was expected.");

    /// <summary>Where the record lies.</summary>
    public DatabaseOptions Record => new(Database ?? Path.Combine(Data, "record.db"), Readers) { WriterCacheMb = CacheMb, IsUnprotectedAllowed = InsecureDatabase };
    /// <summary>Where sessions, tokens and the access log lie.</summary>
    public DatabaseOptions Trust => new(Database ?? Path.Combine(Data, "trust.db"), 2) { WriterCacheMb = 8, ReaderCacheMb = 2, IsUnprotectedAllowed = InsecureDatabase };
}

/// <summary>A setting that cannot be used; the message is for the operator.</summary>
sealed class SettingsException(string message) : Exception(message);
