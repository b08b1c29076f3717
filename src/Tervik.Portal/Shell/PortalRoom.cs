using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Portal.Access;
using Tervik.Portal.Account;
using Tervik.Portal.Chart;
using Tervik.Portal.Entry;
using Tervik.Portal.Flowsheet;
using Tervik.Portal.Forms;
using Tervik.Portal.Go;
using Tervik.Portal.Handover;
using Tervik.Portal.Overview;
using Tervik.Portal.Patients;
using Tervik.Portal.Record;
using Tervik.Portal.Results;
using Tervik.Portal.SignIn;
using Tervik.Portal.Tasks;
using Tervik.Portal.Timeline;
using Tervik.Portal.Today;

namespace Tervik.Portal.Shell;

/// <summary>The portal for patients and professionals: server-rendered pages; scripts only add to them.</summary>
public static class PortalRoom
{
    /// <summary>Registers what the pages need; the record and the access control are registered elsewhere.</summary>
    public static IServiceCollection AddPortal(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton<Entrance>();
        services.AddSingleton<RecordWriter>();
        services.AddSingleton<RecordQuery>();
        services.AddSingleton<ChartQuery>();
        services.AddSingleton<OverviewQuery>();
        services.AddSingleton<FlowsheetQuery>();
        services.AddSingleton<DutyQuery>();
        services.AddSingleton<TodayQuery>();
        services.AddSingleton<TasksQuery>();
        services.AddSingleton<GoQuery>();
        services.AddSingleton<TimelineQuery>();
        services.AddSingleton<PatientsQuery>();
        services.AddSingleton<ResultsQuery>();
        return services;
    }

    /// <summary>Maps all pages.</summary>
    public static WebApplication MapPortal(this WebApplication app)
    {
        app.UseLanguage();
        app.MapSiteFiles();
        app.MapAppearance();
        app.MapLanguage();
        app.MapSignIn();
        app.MapToday();
        app.MapPatients();
        app.MapTasks();
        app.MapGo();
        app.MapRecord();
        app.MapFlowsheet();
        app.MapHandover();
        app.MapTimeline();
        app.MapResults();
        app.MapEntry();
        app.MapAccess();
        app.MapAccount();
        return app;
    }
}
