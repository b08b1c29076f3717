using System.Globalization;

namespace Tervik.Care.Notices;

/// <summary>A mail server.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Port">587 as a rule.</param>
/// <param name="Tls">How the way there is encrypted.</param>
/// <param name="From">Address of the sender.</param>
/// <param name="User">Who signs in; null without.</param>
/// <param name="Secret">With which secret; null without.</param>
public sealed record SmtpPlace(string Host, int Port, SmtpTls Tls, string From, string? User, string? Secret);

/// <summary>How the way to a mail server is encrypted.</summary>
public enum SmtpTls
{
    /// <summary>STARTTLS, without which nothing is sent.</summary>
    StartTls,
    /// <summary>From the first byte (port 465).</summary>
    Implicit,
    /// <summary>Not: on loopback alone.</summary>
    None,
}

/// <summary>A program that is told of notices.</summary>
/// <param name="Address">https, or loopback.</param>
/// <param name="Secret">Of the signature.</param>
public sealed record WebhookPlace(Uri Address, byte[] Secret);

/// <summary>By which channels a node tells, besides its portal.</summary>
public sealed record NoticeSettings
{
    /// <summary>Shortest secret of a webhook, in bytes: as long as its hash.</summary>
    const int ShortestSecret = 32;

    /// <summary>Mail server; null: no e-mail is sent.</summary>
    public SmtpPlace? Smtp { get; init; }
    /// <summary>Webhook; null: there is none.</summary>
    public WebhookPlace? Webhook { get; init; }
    /// <summary>Address under which people reach the node.</summary>
    public Uri Address { get; init; } = new("http://127.0.0.1:8080/");
    /// <summary>What was begun and not marked as sent is tried again after this time.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(5);
    /// <summary>How long a notice is kept, read or not.</summary>
    public TimeSpan Kept { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Those that are set.</summary>
    internal IReadOnlyList<string> Channels => [.. Smtp is null ? (string[])[] : [NoticeOutbox.Mail], .. Webhook is null ? (string[])[] : [NoticeOutbox.Webhook]];

    /// <summary>Reads the settings of a mail server.</summary>
    /// <param name="host">Host; null or empty for none.</param>
    /// <param name="port">Port.</param>
    /// <param name="tls">starttls, tls or none.</param>
    /// <param name="from">Address of the sender.</param>
    /// <param name="user">User, or null.</param>
    /// <param name="secretFile">File that holds the secret, or null.</param>
    /// <exception cref="FormatException">Something of it cannot be used.</exception>
    public static SmtpPlace? SmtpOf(string? host, string? port, string? tls, string? from, string? user, string? secretFile)
    {
        if (string.IsNullOrEmpty(host)) return null;
        var mode = tls switch { null or "" or "starttls" => SmtpTls.StartTls, "tls" => SmtpTls.Implicit, "none" => SmtpTls.None, _ => throw new FormatException($"smtpTls is {tls}; starttls, tls or none was expected") };
        if (mode == SmtpTls.None && !IsLoopback(host)) throw new FormatException($"smtpTls is none, and {host} is not on loopback: addresses of patients would be readable on the way; starttls or tls was expected");
        var number = string.IsNullOrEmpty(port) ? mode == SmtpTls.Implicit ? 465 : 587 : int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var read) && read is > 0 and < 65536 ? read : throw new FormatException($"smtpPort is {port}; a number from 1 to 65535 was expected");
        if (from is null || !MimeKit.MailboxAddress.TryParse(from, out _)) throw new FormatException($"smtpFrom is {from ?? "not set"}; the address of the sender was expected");
        if (string.IsNullOrEmpty(user) != string.IsNullOrEmpty(secretFile)) throw new FormatException("smtpUser and smtpSecretFile go together; one of them is missing");
        return new(host, number, mode, from, string.IsNullOrEmpty(user) ? null : user, string.IsNullOrEmpty(secretFile) ? null : File.ReadAllText(secretFile).Trim());
    }

    /// <summary>Reads the settings of a webhook.</summary>
    /// <param name="address">Its address; null or empty for none.</param>
    /// <param name="secretFile">File that holds the secret.</param>
    /// <exception cref="FormatException">Something of it cannot be used.</exception>
    public static WebhookPlace? WebhookOf(string? address, string? secretFile)
    {
        if (string.IsNullOrEmpty(address)) return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.Scheme != "https" && !(uri.Scheme == "http" && uri.IsLoopback)) throw new FormatException($"noticeWebhook is {address}; https://… or an address on loopback was expected");
        if (string.IsNullOrEmpty(secretFile)) throw new FormatException("noticeWebhook needs noticeWebhookSecretFile, a file with the secret of its signatures");
        var secret = System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(secretFile).Trim());
        return secret.Length >= ShortestSecret ? new(uri, secret) : throw new FormatException($"the secret of the webhook has {secret.Length} bytes; {ShortestSecret} at least were expected");
    }

    static bool IsLoopback(string host) => host == "localhost" || System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address);
}
