using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Rest;
using Tervik.Records.Validation;

namespace Tervik.Records.Files;

/// <summary>How files are taken in.</summary>
public sealed record FileSettings
{
    /// <summary>Files whose content does not fit their type are stored as they are; else they are refused.</summary>
    public bool AcceptsUnfit { get; init; }
    /// <summary>Who looks for malware in them; null for nobody.</summary>
    public ScannerPlace? Scanner { get; init; }
}

/// <summary>Decides whether files that are sent may be stored. Those that stood in the version before are not asked about again: who marks an old letter as an error must not be stopped by what is inside.</summary>
public sealed partial class FileAdmission(RestSettings settings, ILogger<FileAdmission> logger)
{
    /// <summary>Of one resource; each is a connection to the scanner.</summary>
    const int MostScanned = 500;
    const int MostFaults = 100;

    readonly MalwareScanner? scanner = settings.Files.Scanner is { } place ? new(place) : null;

    /// <summary>Files of what is sent that are not in the version it replaces.</summary>
    /// <param name="before">Stored body.</param>
    public static IReadOnlyList<SentFile> New(IReadOnlyList<SentFile> sent, byte[] before)
    {
        using var json = FhirJson.Parse(before);
        ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants, out var stored);
        if (stored.Count == 0) return sent;
        var known = stored.Select(file => file.Fingerprint).ToHashSet(StringComparer.Ordinal);
        return [.. sent.Where(file => !known.Contains(file.Fingerprint))];
    }

    /// <summary>What does not fit its type; warnings where it is stored all the same.</summary>
    public List<Fault> Unfit(IReadOnlyList<SentFile> files)
    {
        var faults = new List<Fault>();
        foreach (var file in files)
            if (faults.Count < MostFaults && file.WhatIsUnfit() is { } unfit) faults.Add(settings.Files.AcceptsUnfit ? unfit with { Severity = "warning" } : unfit);
        return faults;
    }

    /// <summary>Refuses files whose content does not fit their type, or counts them in the log.</summary>
    public void Check(HttpContext http, IReadOnlyList<SentFile> files)
    {
        var unfit = Unfit(files);
        if (unfit.Count == 0) return;
        if (!settings.Files.AcceptsUnfit) throw new FaultException(unfit);
        LogUnfit(logger, unfit.Count, http.TraceIdentifier);
    }

    /// <summary>Has files scanned, where there is a scanner.</summary>
    /// <exception cref="FaultException">Malware, a file that the scanner does not take, or no answer.</exception>
    public async ValueTask Scan(HttpContext http, Permission permission, IReadOnlyList<SentFile> files)
    {
        if (scanner is null) return;
        if (files.Count > MostScanned) throw new FaultException(new Fault(FaultKind.TooLarge, "too-long", files[0].Where, $"The resource has {files.Count} files, more than the {MostScanned} of one resource that are scanned."));
        foreach (var file in files)
        {
            var result = await Scan(scanner, http, file);
            if (result.Signature is { } signature) SecurityLog.Malware(http, signature, result.SizeBytes, result.Sha256, permission.Agent);
            if (result.WhyRefused(file.Where) is { } refusal) throw new FaultException(refusal);
        }
    }

    async Task<ScanResult> Scan(MalwareScanner asked, HttpContext http, SentFile file)
    {
        try
        {
            return await asked.Scan(file, http.RequestAborted);
        }
        catch (ScannerUnavailableException fault)
        {
            LogUnavailable(logger, fault.Message, http.TraceIdentifier);
            throw new FaultException(new Fault(FaultKind.Unavailable, "transient", file.Where, $"The malware scanner cannot be asked about this file now; nothing was stored. Try again. (Trace {http.TraceIdentifier})"));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} files whose content does not fit their declared type were taken in, since unfitFiles is accept (trace {Trace})")]
    static partial void LogUnfit(ILogger logger, int count, string trace);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} Until it answers, files are refused with 503 (trace {Trace})")]
    static partial void LogUnavailable(ILogger logger, string reason, string trace);
}
