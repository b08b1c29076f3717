using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Demo.Personas;
using Tervik.DemoPortal.SignIn;
using Tervik.DemoPortal.Tour;
using Tervik.Portal.SignIn;

namespace Tervik.DemoPortal;

/// <summary>The pages of the demonstration: signing in as anybody, and the tour. A node that is none does not register them, and a build for production does not hold them.</summary>
public static class DemoPortalRoom
{
    /// <summary>Registers them, after the portal.</summary>
    /// <param name="services">Where.</param>
    public static IServiceCollection AddDemonstration(this IServiceCollection services) =>
        services.AddDemonstration([.. Personas.All.Select(one => new TourPersona(one.Reference, one.Name, one.IsProfessional, () => one.Who(CultureInfo.CurrentUICulture), () => one.Try(CultureInfo.CurrentUICulture)))]);

    /// <summary>Registers them.</summary>
    /// <param name="services">Where.</param>
    /// <param name="personas">Whom the sign-in page offers first.</param>
    public static IServiceCollection AddDemonstration(this IServiceCollection services, IReadOnlyList<TourPersona> personas)
    {
        services.AddSingleton(personas);
        services.AddSingleton<PeopleOfTour>();
        services.AddSingleton<DemoPeople>();
        services.AddSingleton<IDemonstration, DemoSignIn>();
        return services;
    }

    /// <summary>Maps their routes.</summary>
    public static WebApplication MapDemonstration(this WebApplication app)
    {
        app.MapDemoSignIn();
        app.MapTour();
        return app;
    }
}
