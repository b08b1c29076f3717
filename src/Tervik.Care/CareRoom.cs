using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Care.Booking;
using Tervik.Care.Hl7;
using Tervik.Care.Messages;
using Tervik.Care.Notices;
using Tervik.Care.Publication;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Care;

/// <summary>The patient's way through care: appointments, referrals, messages, and what hospital systems send about them.</summary>
public static class CareRoom
{
    /// <summary>Its tables. They lie in the database of the record, so that an appointment and what it takes of calendars are stored in one transaction.</summary>
    public static Migrations Migrations => new("care", typeof(CareRoom).Assembly);

    /// <summary>Registers it (needs a registered record, access control and PublicationSettings).</summary>
    /// <param name="services">Where.</param>
    public static IServiceCollection AddCare(this IServiceCollection services)
    {
        services.AddSingleton(new HoldRules());
        services.AddSingleton<Clinics.Clinics>().AddSingleton<Clinics.Places>();
        services.AddSingleton(provider => new Bookings(provider.GetRequiredService<RecordStore>(), provider.GetRequiredService<HoldRules>(), provider.GetRequiredService<Clinics.Clinics>().CapacityOf, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Offers>();
        services.AddSingleton<BookingDesk>();
        services.AddSingleton<Questionnaires.VisitQuestionnaires>();
        services.AddSingleton<SlotPublication>();
        services.AddHostedService<AppointmentFollower>();
        services.AddSingleton(new WaitingRules());
        services.AddSingleton<WaitingList>().AddHostedService(provider => provider.GetRequiredService<WaitingList>());
        services.AddSingleton<MessageFeed>().AddHostedService(provider => provider.GetRequiredService<MessageFeed>());
        services.AddNotices();
        services.AddSingleton<Referrals.WaitingTimes>();
        services.AddSingleton<Pathways.PathwayTemplates>();
        services.AddHl7();
        return services;
    }

    /// <summary>Maps its interfaces, before the general FHIR routes.</summary>
    public static WebApplication MapCare(this WebApplication app)
    {
        app.MapScheduling();
        app.MapPublication();
        app.MapHl7();
        return app;
    }
}
