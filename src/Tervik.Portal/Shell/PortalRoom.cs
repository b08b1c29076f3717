using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Portal.Access;
using Tervik.Portal.Account;
using Tervik.Portal.Alerts;
using Tervik.Portal.Allergies;
using Tervik.Portal.Appointments;
using Tervik.Portal.Apps;
using Tervik.Portal.Calendar;
using Tervik.Portal.CareTeam;
using Tervik.Portal.Chart;
using Tervik.Portal.Conditions;
using Tervik.Portal.Details;
using Tervik.Portal.Documents;
using Tervik.Portal.Download;
using Tervik.Portal.Encounters;
using Tervik.Portal.Emergency;
using Tervik.Portal.Entry;
using Tervik.Portal.Explain;
using Tervik.Portal.Family;
using Tervik.Portal.Faults;
using Tervik.Portal.Flowsheet;
using Tervik.Portal.Forms;
using Tervik.Portal.Go;
using Tervik.Portal.Handover;
using Tervik.Portal.Imaging;
using Tervik.Portal.LookUp;
using Tervik.Portal.Medication;
using Tervik.Portal.Messages;
using Tervik.Portal.Notices;
using Tervik.Portal.Overview;
using Tervik.Portal.Pathways;
using Tervik.Portal.Patients;
using Tervik.Portal.Procedures;
using Tervik.Portal.Questionnaires;
using Tervik.Portal.Record;
using Tervik.Portal.Referrals;
using Tervik.Portal.Results;
using Tervik.Portal.Reviews;
using Tervik.Portal.Session;
using Tervik.Portal.SetUp;
using Tervik.Portal.Sharing;
using Tervik.Portal.SignIn;
using Tervik.Portal.Tasks;
using Tervik.Portal.Timeline;
using Tervik.Portal.Today;
using Tervik.Portal.Vaccinations;
using Tervik.Portal.Wishes;
using Tervik.Portal.Writing;
using Tervik.Records;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Shell;

/// <summary>The portal for patients and professionals: server-rendered pages; scripts only add to them.</summary>
public static class PortalRoom
{
    /// <summary>Registers what the pages need; the record and the access control are registered elsewhere.</summary>
    /// <param name="services">Where.</param>
    public static IServiceCollection AddPortal(this IServiceCollection services)
    {
        services.AddSingleton<SignInParts>();
        services.AddSingleton<AccountParts>();
        services.AddSingleton<StaffQuery>();
        services.AddSingleton<AccessQuery>();
        services.AddSingleton<AlertsQuery>();
        services.AddSingleton<SharingQuery>();
        services.AddSingleton<HideQuery>();
        services.AddSingleton<OpenedQuery>();
        services.AddSingleton<FamilyQuery>();
        services.AddRazorComponents();
        services.AddSingleton<Entrance>();
        services.AddSingleton<RecordWriter>();
        services.AddSingleton<Authorship>();
        services.AddSingleton<RecordQuery>();
        services.AddSingleton<ChartQuery>();
        services.AddSingleton<OverviewQuery>();
        services.AddSingleton<AppointmentsQuery>();
        services.AddSingleton<CalendarQuery>();
        services.AddSingleton<CalendarFeedQuery>();
        services.AddSingleton<NumbersQuery>();
        services.AddSingleton<ClinicsQuery>().AddSingleton<ClinicsEndpoints.Parts>();
        services.AddSingleton<QuestionnaireQuery>();
        services.AddSingleton<FlowsheetQuery>();
        services.AddSingleton<DutyQuery>();
        services.AddSingleton<TodayQuery>();
        services.AddSingleton<TasksQuery>();
        services.AddSingleton<GoQuery>();
        services.AddSingleton<Sections>();
        services.AddSingleton<TimelineQuery>();
        services.AddSingleton<PatientsQuery>();
        services.AddSingleton<ResultsQuery>();
        services.AddSingleton<SituationQuery>();
        services.AddSingleton<MedicationQuery>();
        services.AddSingleton<ReferralQuery>();
        services.AddSingleton<PathwayQuery>();
        services.AddSingleton<MessagesQuery>().AddSingleton<Recipients>();
        return services;
    }

    /// <summary>The page for who asked for too much. It looks nothing up.</summary>
    public static IResult TooMany(HttpContext request) => FaultPage.Of(FaultKind.TooMany, new Frame(null, Appearance.Of(request), "/", FormGuard.TokenFor(request)));

    /// <summary>Headers of every answer, and the reader's language. Before everything that answers.</summary>
    public static void UsePortal(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseLanguage();
        app.UseFormReading();
    }

    /// <summary>Maps all pages.</summary>
    public static WebApplication MapPortal(this WebApplication app)
    {
        app.MapSiteFiles();
        app.MapAppearance();
        app.MapLanguage();
        app.MapSignIn();
        app.MapEid();
        app.MapPasskeys();
        app.MapConfirm();
        app.MapToday();
        app.MapPatients();
        app.MapTasks();
        app.MapMessages();
        app.MapGo();
        app.MapRecord();
        app.MapFlowsheet();
        app.MapHandover();
        app.MapTimeline();
        app.MapResults();
        app.MapConditions();
        app.MapAllergies();
        app.MapVaccinations();
        app.MapProcedures();
        app.MapAppointments();
        app.MapCalendar();
        app.MapClinics();
        app.MapCalendarFeeds();
        app.MapNotices();
        app.MapQuestionnaires();
        app.MapEncounters();
        app.MapReferrals();
        app.MapPathways();
        app.MapImaging();
        app.MapCareTeam();
        app.MapDocuments();
        app.MapExplain();
        app.MapEntry();
        app.MapAccess();
        app.MapAlerts();
        app.MapDownload();
        app.MapAccount();
        app.MapWriting();
        app.MapMedication();
        app.MapWishes();
        app.MapDetails();
        app.MapFamily();
        app.MapSharing();
        app.MapHide();
        app.MapApps();
        app.MapEmergency();
        app.MapLookUp();
        app.MapReviews();
        app.MapSession();
        return app;
    }
}
