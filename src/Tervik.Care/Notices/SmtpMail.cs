using System.Globalization;
using System.Resources;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Tervik.Care.Notices;

/// <summary>E-mail (RFC 5321 and 5322). What it says is the same whatever happened: that there is news, and where to sign in. No name, no place, no kind.</summary>
/// <remarks>A mail that was handed over and not marked, because the node was killed in between, is sent again with the same Message-ID: SMTP knows no more than at least once.</remarks>
public sealed class SmtpMail(NoticeSettings settings)
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    static readonly ResourceManager Texts = new("Tervik.Care.Notices.MailWords", typeof(SmtpMail).Assembly);

    static string Said(string key, string language, params ReadOnlySpan<object?> values) => string.Format(CultureInfo.InvariantCulture, Texts.GetString(key, CultureInfo.GetCultureInfo(language)) ?? key, values);

    /// <summary>Tells that there is news.</summary>
    /// <param name="notice">Which; names the mail and is not in it.</param>
    /// <param name="to">Address.</param>
    /// <param name="language">Code.</param>
    /// <param name="stop">Stops it.</param>
    public Task Tell(string notice, string to, string language, CancellationToken stop)
    {
        var preferences = new Uri(settings.Address, "/notices/preferences");
        var mail = Made($"{notice}@{settings.Address.Host}", to, Said("mail subject", language), Said("mail text", language, new Uri(settings.Address, "/notices"), preferences));
        // RFC 2369: to the page on which it is turned off.
        mail.Headers.Add(HeaderId.ListUnsubscribe, $"<{preferences}>");
        return Send(mail, stop);
    }

    /// <summary>Sends the code that confirms an address.</summary>
    public Task SendCode(string code, string to, string language, CancellationToken stop) =>
        Send(Made($"{Guid.NewGuid():N}@{settings.Address.Host}", to, Said("mail code subject", language), Said("mail code text", language, code)), stop);

    MimeMessage Made(string id, string to, string subject, string text)
    {
        var mail = new MimeMessage { Subject = subject, Body = new TextPart("plain") { Text = text }, MessageId = id };
        mail.From.Add(MailboxAddress.Parse(settings.Smtp!.From));
        mail.To.Add(MailboxAddress.Parse(to));
        // No answer of an absent reader (RFC 3834).
        mail.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return mail;
    }

    async Task Send(MimeMessage mail, CancellationToken stop)
    {
        var place = settings.Smtp ?? throw new InvalidOperationException("No mail server is set.");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ending.CancelAfter(Longest);
        using var client = new SmtpClient { Timeout = (int)Longest.TotalMilliseconds };
        await client.ConnectAsync(place.Host, place.Port, place.Tls switch { SmtpTls.Implicit => SecureSocketOptions.SslOnConnect, SmtpTls.None => SecureSocketOptions.None, _ => SecureSocketOptions.StartTls }, ending.Token);
        if (place.User is not null) await client.AuthenticateAsync(place.User, place.Secret!, ending.Token);
        await client.SendAsync(mail, ending.Token);
        // It is taken; whether the server says good-bye changes nothing.
        try
        {
            await client.DisconnectAsync(quit: true, ending.Token);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or SmtpProtocolException)
        {
        }
    }

    /// <summary>Why it failed, without an address; and whether trying again is no use (a reply of 5yz to the recipient).</summary>
    public static (string What, bool IsFinal) Why(Exception fault) => fault switch
    {
        SmtpCommandException { ErrorCode: SmtpErrorCode.RecipientNotAccepted } refused => (string.Create(CultureInfo.InvariantCulture, $"the mail server refused the recipient ({(int)refused.StatusCode})"), (int)refused.StatusCode >= 500),
        SmtpCommandException refused => (string.Create(CultureInfo.InvariantCulture, $"the mail server answered {(int)refused.StatusCode}"), false),
        _ => ($"the mail server could not be used ({fault.GetType().Name})", false),
    };
}
