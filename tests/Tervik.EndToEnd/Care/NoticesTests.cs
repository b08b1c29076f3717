using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Tervik.Care.Notices;
using Tervik.EndToEnd.Portal;
using Tervik.Storage;

namespace Tervik.EndToEnd.Care;

/// <summary>Notices on a node of the tests' own, with a mail server and a webhook on loopback.</summary>
public sealed class NoticesTests : IAsyncLifetime
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Secret = "a secret of the webhook, long enough";

    readonly SmtpServer smtp = new();
    readonly HttpListener hook = new();
    readonly List<(string Body, string Signature)> hooked = [];
    readonly string folder = Directory.CreateTempSubdirectory("tervik-notices-").FullName;
    readonly string secretFile = Path.GetTempFileName();
    Node node = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(secretFile, Secret, Stop);
        using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            hook.Prefixes.Add($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/hook/");
        }
        hook.Start();
        _ = Task.Run(async () =>
        {
            while (hook.IsListening)
                try
                {
                    var call = await hook.GetContextAsync();
                    using var reader = new StreamReader(call.Request.InputStream);
                    lock (hooked) hooked.Add((reader.ReadToEnd(), call.Request.Headers["Tervik-Signature"]!));
                    call.Response.StatusCode = 204;
                    call.Response.Close();
                }
                catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
        }, Stop);
        node = new() { Folder = folder, Others = [$"smtpHost=127.0.0.1", $"smtpPort={smtp.Port}", "smtpTls=none", "smtpFrom=tervik@hospital.example", $"noticeWebhook={hook.Prefixes.First()}", $"noticeWebhookSecretFile={secretFile}"] };
        await node.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        hook.Close();
        smtp.Dispose();
        File.Delete(secretFile);
    }

    static string Appointment(string id, string patient, string status, DateTimeOffset start) =>
        $$$"""{"resourceType":"Appointment","id":"{{{id}}}","status":"{{{status}}}","description":"Secret reason","start":"{{{start.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)}}}","end":"{{{start.AddMinutes(20).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)}}}","participant":[{"actor":{"reference":"Patient/{{{patient}}}"},"status":"accepted"},{"actor":{"reference":"Practitioner/holm"},"status":"accepted"}]}""";

    /// <summary>A patient whose address is confirmed, in Danish, without quiet hours.</summary>
    async Task<PortalPerson> Reachable(string id, string mail)
    {
        await TestPatient.Make(node, id, "Nora", "Notice", $"{id}-1");
        var person = await PortalPerson.SignIn(node, $"Patient/{id}");
        // The appointment that each test patient has is told in the portal before there is an address.
        for (var wait = 0; wait < 100 && !(await person.Get("/notices")).Html.Contains("An appointment was booked", StringComparison.Ordinal); wait++) await Task.Delay(100, Stop);
        const string Page = "/notices/preferences";
        var number = smtp.Mails.Count;
        Assert.Contains("A code was sent", (await person.Fill(Page, $"{Page}/mail", ("act", "ask"), ("mail", mail))).Html, StringComparison.Ordinal);
        var code = Regex.Match((await smtp.Next(number)).Text, "[0-9]{6}(?=\\.)").Value;
        Assert.Contains("not the code", (await person.Fill(Page, $"{Page}/mail", ("act", "confirm"), ("code", code == "111111" ? "222222" : "111111"))).Html, StringComparison.Ordinal);
        Assert.Contains($"You are told at {mail}", (await person.Fill(Page, $"{Page}/mail", ("act", "confirm"), ("code", code))).Html, StringComparison.Ordinal);
        (string, string)[] all = [.. ((string[])["booked", "moved", "cancelled", "reminder", "message"]).SelectMany(kind => ((string, string)[])[($"mail-{kind}", "1"), ($"webhook-{kind}", "1")]), ("before-1440", "1"), ("before-120", "1"), ("quiet-from", "03:00"), ("quiet-to", "03:00"), ("zone", "Europe/Tallinn"), ("language", "da")];
        Assert.Contains("It is saved", (await person.Fill(Page, Page, all)).Html, StringComparison.Ordinal);
        return person;
    }

    async Task<long> Sql(string sql)
    {
        await using var database = await Database.Open(new(Path.Combine(folder, "record.db")), Records.Resources.RecordStore.RecordMigrations, Stop);
        return await database.Write(session => session.Execute(sql), Stop);
    }

    [Fact]
    public async Task What_happens_to_an_appointment_is_told_once_in_the_portal_by_mail_and_by_the_webhook()
    {
        using var nora = await Reachable("nora", "nora@patients.example");
        var start = new DateTimeOffset(DateTimeOffset.UtcNow.Date.AddDays(40).AddHours(9), TimeSpan.Zero);
        await TestPatient.Put(node, "Appointment/n-a", Appointment("n-a", "nora", "booked", start));
        var mail = await smtp.Next(1);
        Assert.Equal(("nora@patients.example", "Du har nyt i Tervik"), (mail.To, mail.Header("Subject")));
        Assert.Contains("/notices/preferences>", mail.Header("List-Unsubscribe"), StringComparison.Ordinal);
        var text = (await MimeKit.MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(mail.Text)), Stop)).TextBody!;
        Assert.Contains($"{node.Address}/notices\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        // Neither who nor what nor where nor when.
        foreach (var hidden in (string[])["Nora", "Notice", "n-a", "Patient", "Secret", "holm", "booked", "bestilt", $"{start:yyyy-MM-dd}"]) Assert.DoesNotContain(hidden, (mail.Text + text).Replace("/notices", "", StringComparison.Ordinal), StringComparison.Ordinal);
        await TestPatient.Put(node, "Appointment/n-a", Appointment("n-a", "nora", "booked", start.AddHours(1)));
        await smtp.Next(2);
        // A change that is none for the patient.
        await TestPatient.Put(node, "Appointment/n-a", Appointment("n-a", "nora", "booked", start.AddHours(1)).Replace("Secret reason", "Other reason", StringComparison.Ordinal));
        await TestPatient.Put(node, "Appointment/n-a", Appointment("n-a", "nora", "cancelled", start.AddHours(1)));
        await smtp.Next(3);
        await Task.Delay(3000, Stop);
        Assert.Equal(4, smtp.Mails.Count);
        Assert.Equal(4, smtp.Mails.Select(one => one.Header("Message-Id")).Distinct().Count());
        var (_, html) = await nora.Get("/notices");
        foreach (var said in (string[])["An appointment was booked", "An appointment was moved", "An appointment was cancelled"]) Assert.Contains(said, html, StringComparison.Ordinal);
        Assert.True(html.IndexOf("was cancelled", StringComparison.Ordinal) < html.IndexOf("was moved", StringComparison.Ordinal));
        Assert.Contains("(4 unread)", html, StringComparison.Ordinal);
        var link = Regex.Match(html, "/notices/[0-9a-f]{32}").Value;
        var (opened, page) = await nora.Get(link);
        Assert.Equal(HttpStatusCode.OK, opened);
        Assert.Contains("Cancelled", page, StringComparison.Ordinal);
        Assert.Contains("(3 unread)", (await nora.Get("/notices")).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("unread)", (await nora.Fill("/notices", "/notices/read")).Html, StringComparison.Ordinal);
        // A notice is its reader's alone.
        await TestPatient.Make(node, "other", "Otto", "Other", "other-1");
        using var otto = await PortalPerson.SignIn(node, "Patient/other");
        Assert.Equal(HttpStatusCode.NotFound, (await otto.Get(link)).Status);
        Assert.DoesNotContain(link, (await otto.Get("/notices")).Html, StringComparison.Ordinal);
        lock (hooked)
        {
            var own = Regex.Matches(html, "/notices/([0-9a-f]{32})").Select(match => match.Groups[1].Value).ToHashSet();
            Assert.Equal(["booked", "booked", "moved", "cancelled"], hooked.Where(one => own.Contains(Regex.Match(one.Body, "\"id\":\"([0-9a-f]+)\"").Groups[1].Value)).Select(one => Regex.Match(one.Body, "\"kind\":\"([a-z]+)\"").Groups[1].Value));
            foreach (var (body, signature) in hooked)
            {
                Assert.Matches("""^\{"kind":"[a-z]+","id":"[0-9a-f]{32}","time":"[0-9T:.-]+Z"\}$""", body);
                var seconds = Regex.Match(signature, "^t=([0-9]+),").Groups[1].Value;
                Assert.Equal($"t={seconds},v1={NoticeWebhook.Sign(Encoding.UTF8.GetBytes(Secret), seconds, Encoding.UTF8.GetBytes(body))}", signature);
            }
        }
    }

    [Fact]
    public async Task Killed_between_sending_and_marking_the_same_mail_goes_out_again_under_the_same_name_and_then_no_more()
    {
        (await Reachable("kill", "kill@patients.example")).Dispose();
        smtp.IsSilent = true;
        await TestPatient.Put(node, "Appointment/k-a", Appointment("k-a", "kill", "booked", DateTimeOffset.UtcNow.AddDays(40)));
        var first = await smtp.Next(1);
        await node.Kill();
        smtp.IsSilent = false;
        // The lease passes.
        Assert.Equal(1, await Sql("UPDATE notice_delivery SET due_us = 1 WHERE state = 0 AND channel = 'mail'"));
        await node.InitializeAsync();
        var second = await smtp.Next(2);
        Assert.Equal(first.Header("Message-Id"), second.Header("Message-Id"));
        await Task.Delay(3000, Stop);
        Assert.Equal(3, smtp.Mails.Count);
        await node.Kill();
        Assert.Equal(0, await Sql("UPDATE notice_delivery SET due_us = 1 WHERE state = 0"));
        await node.InitializeAsync();
        using var again = await PortalPerson.SignIn(node, "Patient/kill");
        Assert.Equal(2, Regex.Count((await again.Get("/notices")).Html, "/notices/[0-9a-f]{32}"));
    }

    [Fact]
    public async Task Reminders_of_a_day_are_one_mail_a_cancelled_visit_is_none_and_quiet_hours_hold_it()
    {
        using var rita = await Reachable("rita", "rita@patients.example");
        var day = new DateTimeOffset(DateTimeOffset.UtcNow.Date.AddDays(2).AddHours(12), TimeSpan.Zero);
        foreach (var (id, hour) in ((string, int)[])[("r-a", 0), ("r-b", 2), ("r-c", 3)]) await TestPatient.Put(node, $"Appointment/{id}", Appointment(id, "rita", "booked", day.AddHours(hour)));
        await smtp.Next(3);
        await node.Kill();
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        // They were booked a month ago, and it is the day before: the record says a time 20 hours ahead.
        await Sql("UPDATE notice_appointment SET next_us = 9223372036854775807");
        await node.InitializeAsync();
        using var back = await PortalPerson.SignIn(node, "Patient/rita");
        var soon = DateTimeOffset.UtcNow.AddHours(20);
        // On one day, whatever the hour it is now.
        if (soon.Date != soon.AddMinutes(30).Date) soon = soon.AddHours(1);
        foreach (var (id, minutes) in ((string, int)[])[("r-a", 0), ("r-b", 10), ("r-c", 20)]) await TestPatient.Put(node, $"Appointment/{id}", Appointment(id, "rita", "booked", soon.AddMinutes(minutes)));
        await smtp.Next(6); // moved
        await TestPatient.Put(node, "Appointment/r-c", Appointment("r-c", "rita", "cancelled", soon.AddMinutes(20)));
        await smtp.Next(7);
        await node.Kill();
        await Sql($"UPDATE notice_appointment SET since_us = 1, next_us = 1 WHERE status = 'booked' AND id IN ('r-a', 'r-b')");
        await node.InitializeAsync();
        await smtp.Next(8);
        await Task.Delay(3000, Stop);
        Assert.Equal(9, smtp.Mails.Count);
        using var third = await PortalPerson.SignIn(node, "Patient/rita");
        Assert.Equal(2, Regex.Count((await third.Get("/notices")).Html, "An appointment is coming up"));
        // In the quiet hours of the reader's zone a mail waits.
        (string, string)[] quiet = [("mail-booked", "1"), ("quiet-from", from.ToString("HH:mm", CultureInfo.InvariantCulture)), ("quiet-to", to.ToString("HH:mm", CultureInfo.InvariantCulture)), ("zone", "UTC"), ("language", "en")];
        await third.Fill("/notices/preferences", "/notices/preferences", quiet);
        await TestPatient.Put(node, "Appointment/r-d", Appointment("r-d", "rita", "booked", day.AddDays(50)));
        await Task.Delay(4000, Stop);
        Assert.Equal(9, smtp.Mails.Count);
        await third.Fill("/notices/preferences", "/notices/preferences", [.. quiet.Select(one => one.Item1 is "quiet-to" ? (one.Item1, quiet[1].Item2) : one)]);
        await node.Kill();
        // Of others that came the server may have been ended before it noted that they did.
        Assert.Equal(1, await Sql("UPDATE notice_delivery SET due_us = 1 WHERE state = 0 AND channel = 'mail' AND notice IN (SELECT id FROM notice WHERE about = 'Appointment/r-d')"));
        await node.InitializeAsync();
        Assert.Equal("You have news in Tervik", (await smtp.Next(9)).Header("Subject"));
    }

    [Fact]
    public async Task A_message_is_told_unless_it_was_read_and_a_server_that_is_away_for_a_while_loses_nothing()
    {
        using var mona = await Reachable("mona", "mona@patients.example");
        const string Thread = """{"resourceType":"Communication","id":"m-thread","meta":{"tag":[{"system":"urn:tervik:message","code":"thread"}TAGS]},"status":"in-progress","subject":{"reference":"Patient/mona"},"topic":{"text":"Results"},"recipient":[{"reference":"Practitioner/holm"},{"reference":"Patient/mona"}],"sender":{"reference":"Practitioner/holm"}}""";
        static string Message(string id, string from, string to) => $$"""{"resourceType":"Communication","id":"{{id}}","partOf":[{"reference":"Communication/m-thread"}],"status":"completed","subject":{"reference":"Patient/mona"},"sent":"2026-11-27T10:00:00Z","sender":{"reference":"{{from}}"},"recipient":[{"reference":"{{to}}"}],"payload":[{"contentString":"Come back."}]}""";
        await TestPatient.Put(node, "Communication/m-thread", Thread.Replace("TAGS", """,{"system":"urn:tervik:unread","code":"Patient/mona"}""", StringComparison.Ordinal));
        smtp.Refusals = 1;
        await TestPatient.Put(node, "Communication/m-1", Message("m-1", "Practitioner/holm", "Patient/mona"));
        // It is tried again after a minute; the test does not wait for it.
        for (var wait = 0; wait < 100 && smtp.Refusals > 0; wait++) await Task.Delay(100, Stop);
        await Task.Delay(1500, Stop);
        await node.Kill();
        Assert.Equal(1, await Sql("UPDATE notice_delivery SET due_us = 1 WHERE state = 0 AND channel = 'mail' AND attempts = 1 AND fault = 'the mail server answered 451'"));
        await node.InitializeAsync();
        await smtp.Next(1);
        using var back = await PortalPerson.SignIn(node, "Patient/mona");
        Assert.Contains("A message has come", (await back.Get("/notices")).Html, StringComparison.Ordinal);
        // What she has read already, and what she wrote herself, is none.
        await TestPatient.Put(node, "Communication/m-thread", Thread.Replace("TAGS", "", StringComparison.Ordinal));
        await TestPatient.Put(node, "Communication/m-2", Message("m-2", "Practitioner/holm", "Patient/mona"));
        await TestPatient.Put(node, "Communication/m-3", Message("m-3", "Patient/mona", "Practitioner/holm"));
        await Task.Delay(4000, Stop);
        Assert.Equal(2, smtp.Mails.Count);
        Assert.Equal(1, Regex.Count((await back.Get("/notices")).Html, "A message has come"));
    }
}
