namespace Tervik.Tests;

/// <summary>A page of the portal, as somebody of the demo nation sees it.</summary>
/// <param name="Name">Names its pictures.</param>
/// <param name="Who">Who is signed in, by name; null for nobody.</param>
/// <param name="Path">Address.</param>
/// <param name="IsMain">Shown in every language.</param>
public sealed record PortalPage(string Name, string? Who, string Path, bool IsMain = false)
{
    const string Patient = "Mari Tamm", Professional = "Søren Holm", Record = "/patients/p01";

    /// <summary>A script that lists what does not fit: a page wider than its window, text squeezed into a column of letters, what juts out of its card.</summary>
    public const string Misfits = """
        (() => {
          const faults = [], root = document.documentElement;
          if (root.scrollWidth > innerWidth) faults.push(`is ${root.scrollWidth} wide in a window of ${innerWidth}`);
          const name = element => `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;
          for (const element of document.querySelectorAll('body *')) {
            if (element.closest('svg, canvas, [class*=sr-only]') || ![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim().length > 3)) continue;
            const box = element.getBoundingClientRect(), card = element.closest('.ds-card')?.getBoundingClientRect();
            if (box.width > 1 && box.height > 6 * box.width) faults.push(`squeezes ${name(element)}`);
            if (card && box.width > 1 && box.right > card.right + 1 && !element.closest('.scroll, [tabindex="0"]')) faults.push(`lets ${name(element)} jut out of its card`);
          }
          return faults;
        })()
        """;

    /// <summary>Every page of both faces.</summary>
    public static IReadOnlyList<PortalPage> All { get; } =
    [
        new("sign-in", null, "/sign-in", IsMain: true), new("tour", null, "/tour"),
        new("patient-overview", Patient, "/", IsMain: true), new("patient-timeline", Patient, $"{Record}/timeline", IsMain: true), new("patient-timeline-search", Patient, $"{Record}/timeline?q=blood&important=0"),
        new("patient-results", Patient, $"{Record}/results", IsMain: true), new("patient-result", Patient, $"{Record}/results?code=http%3A%2F%2Floinc.org%7C4548-4"),
        new("patient-blood-pressure", Patient, $"{Record}/results?code=http%3A%2F%2Floinc.org%7C8480-6"), new("patient-unusual", Patient, $"{Record}/results?unusual=1&years=3"), new("patient-explain-search", Patient, "/explain?q=sugar"),
        new("patient-conditions", Patient, $"{Record}/conditions"), new("patient-medication", Patient, $"{Record}/medication", IsMain: true), new("patient-allergies", Patient, $"{Record}/allergies"),
        new("patient-vaccinations", Patient, $"{Record}/vaccinations"), new("patient-procedures", Patient, $"{Record}/procedures"), new("patient-imaging", Patient, $"{Record}/imaging"),
        new("patient-documents", Patient, $"{Record}/documents"), new("patient-encounters", Patient, $"{Record}/encounters"), new("patient-referrals", Patient, $"{Record}/referrals"),
        new("patient-appointments", Patient, $"{Record}/appointments", IsMain: true), new("patient-find-appointment", Patient, $"{Record}/appointments/new?service=practice-tartu-1-consultation"),
        new("patient-appointment", Patient, $"{Record}/appointments/p01-appointment"), new("patient-appointment-cancel", Patient, $"{Record}/appointments/p01-appointment/cancel"),
        new("patient-calendar-feeds", Patient, $"{Record}/appointments/calendar"), new("patient-notices", Patient, "/notices"), new("patient-notice-preferences", Patient, "/notices/preferences"), new("professional-notices", Professional, "/notices"),
        new("professional-appointments", Professional, $"{Record}/appointments"), new("professional-find-appointment", Professional, $"{Record}/appointments/new?service=practice-tartu-1-long"),
        new("patient-care-team", Patient, $"{Record}/care-team"), new("patient-access", Patient, $"{Record}/access", IsMain: true), new("patient-sharing", Patient, $"{Record}/sharing"),
        new("patient-family", Patient, $"{Record}/family"), new("parent-child", "Liis Saar", "/patients/p06"), new("patient-wishes", Patient, $"{Record}/wishes"), new("patient-details", Patient, $"{Record}/details"),
        new("patient-download", Patient, $"{Record}/download"), new("patient-entry", Patient, $"{Record}/entry/Appointment/p01-appointment"),
        new("patient-entry-history", Patient, $"{Record}/entry/Appointment/p01-appointment/history"), new("patient-account", Patient, "/account"), new("patient-explain", Patient, "/explain?system=http%3A%2F%2Floinc.org&code=4548-4"),
        new("patient-hide", Patient, $"{Record}/sharing/hide"), new("patient-hide-whom", Patient, $"{Record}/sharing/hide?what=MH"), new("patient-hide-preview", Patient, $"{Record}/sharing/hide?what=period&from=2026-01-01&to=2026-12-31&actor=*"),
        new("patient-apps", Patient, "/apps"), new("patient-seen-as", Patient, $"{Record}/sharing/as?who=Practitioner%2Fholm"), new("not-found", Patient, "/patients/p02"),
        new("professional-today", Professional, "/", IsMain: true), new("professional-patients", Professional, "/patients", IsMain: true), new("professional-tasks", Professional, "/tasks"), new("professional-alerts", Professional, "/alerts"), new("professional-go", Professional, "/go?q=ma"),
        new("professional-calendar", Professional, "/calendar", IsMain: true), new("professional-calendar-week", Professional, "/calendar?of=holm-calendar"), new("professional-waiting", Professional, "/calendar/waiting"), new("professional-clinics", Professional, "/clinics"),
        new("professional-clinic-service", Professional, "/clinics/services/practice-tartu-1-consultation"), new("professional-clinic-new-service", Professional, "/clinics/services/new"), new("professional-clinic-new-calendar", Professional, "/clinics/calendars/new"),
        new("professional-clinic-calendar", Professional, "/clinics/calendars/holm-calendar"), new("professional-clinic-hours", Professional, "/clinics/calendars/holm-calendar/hours/0"),
        new("professional-absences", Professional, $"/calendar/absences?of=holm-calendar&from-day={DateTime.Now.AddDays(7):yyyy-MM-dd}&from-time=08:00&to-day={DateTime.Now.AddDays(8):yyyy-MM-dd}&to-time=12:00&why=Course"),
        new("professional-apps", Professional, $"{Record}/apps"), new("professional-look-up", Professional, "/look-up"), new("professional-reviews", Professional, "/reviews"), new("professional-emergency", Professional, $"{Record}/emergency"), new("professional-not-found", Professional, "/patients/nobody"),
        new("professional-chart", Professional, Record, IsMain: true), new("professional-flowsheet", Professional, $"{Record}/flowsheet", IsMain: true), new("professional-timeline", Professional, $"{Record}/timeline"),
        new("professional-handover", Professional, $"{Record}/handover"), new("professional-results", Professional, $"{Record}/results"), new("professional-conditions", Professional, $"{Record}/conditions"),
        new("professional-medication", Professional, $"{Record}/medication"), new("professional-allergies", Professional, $"{Record}/allergies"), new("professional-vaccinations", Professional, $"{Record}/vaccinations"),
        new("professional-procedures", Professional, $"{Record}/procedures"), new("professional-imaging", Professional, $"{Record}/imaging"), new("professional-documents", Professional, $"{Record}/documents"),
        new("professional-encounters", Professional, $"{Record}/encounters"), new("professional-referrals", Professional, $"{Record}/referrals"), new("professional-care-team", Professional, $"{Record}/care-team"),
        new("professional-wishes", Professional, $"{Record}/wishes"), new("professional-access", Professional, $"{Record}/access"), new("professional-account", Professional, "/account"),
        new("professional-refer", Professional, $"{Record}/referrals/new"), new("professional-referral-inbox", "Anneli Vaher", "/referrals", IsMain: true), new("professional-referral", "Anneli Vaher", "/patients/p07/referrals/p07-new-referral"),
        new("professional-referral-return", "Anneli Vaher", "/patients/p07/referrals/p07-new-referral/return"), new("patient-referral", "Kaja Põder", "/patients/p07/referrals/p07-new-referral", IsMain: true), new("patient-waiting-times", Patient, "/waiting-times"),
        new("patient-pathways", Patient, $"{Record}/pathways"), new("patient-pathway", Patient, $"{Record}/pathways/p01-pathway"), new("patient-pathway-late", "Eha Põder", "/patients/p05/pathways/p05-pathway", IsMain: true), new("professional-pathways", Professional, $"{Record}/pathways"),
        new("professional-pathway-start", Professional, $"{Record}/pathways/new"), new("professional-pathway", Professional, $"{Record}/pathways/p01-pathway"), new("professional-pathway-done", Professional, $"{Record}/pathways/p01-pathway/done?step=exercise"),
        new("professional-pathway-call-off", Professional, $"{Record}/pathways/p01-pathway/call-off"),
        .. ((string[])["note", "diagnosis", "prescription", "observation", "allergy", "vaccination", "order"]).Select(kind => new PortalPage($"professional-new-{kind}", Professional, $"{Record}/new/{kind}", kind == "prescription")),
    ];
}
