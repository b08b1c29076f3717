using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Appointments;

/// <summary>An appointment as the pages show it.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Version">Of the resource.</param>
/// <param name="Title">What it is.</param>
/// <param name="Start">When; null for one without a time.</param>
/// <param name="End">Until when.</param>
/// <param name="With">Whom to, by name.</param>
/// <param name="Place">Where, or null.</param>
/// <param name="Status">Of FHIR.</param>
public sealed record AppointmentModel(PatientHeader Patient, string Id, int Version, string Title, FhirDate? Start, FhirDate? End, IReadOnlyList<string> With, string? Place, string Status)
{
    /// <summary>Logical id of the service, when it is one that is booked here.</summary>
    public Service? Service { get; init; }
    /// <summary>What was written with it.</summary>
    public string? Comment { get; init; }
    /// <summary>How to prepare.</summary>
    public string? Preparation { get; init; }
    /// <summary>The zone its time is of, where that is known.</summary>
    public string? Zone { get; init; }
    /// <summary>Why it was cancelled.</summary>
    public string? CancelledFor { get; init; }
    /// <summary>Whether it may still be moved or cancelled, by this reader.</summary>
    public bool CanChange { get; init; }
    /// <summary>Whether it is the day to say that one is there.</summary>
    public bool CanArrive { get; init; }
    /// <summary>Times that are kept for it, of which one may be taken instead of its own.</summary>
    public IReadOnlyList<KeptTime> Kept { get; init; } = [];
    /// <summary>Its clinic is away at that time.</summary>
    public bool IsDisplaced { get; init; }
    /// <summary>Whether an earlier time is waited for.</summary>
    public EarlierWish? Earlier { get; init; }
    /// <summary>The place in the list of those who wait, and how many they are; null for one who does not.</summary>
    public (int Place, int All)? Waits { get; init; }
    /// <summary>Whether an earlier time can be waited for.</summary>
    public bool CanWait { get; init; }
    /// <summary>Whether it can be noted that it took place or that nobody came.</summary>
    public bool CanEnd { get; init; }
    /// <summary>What is asked before the visit, where its page shows it.</summary>
    public Questionnaires.QuestionnaireState? Questionnaire { get; init; }
    /// <summary>Later than the clinic wishes to be told.</summary>
    public bool IsLate { get; init; }
    /// <summary>Where it takes place by video.</summary>
    public Uri? VideoRoom { get; init; }
    /// <summary>Whether the room is open: from a quarter of an hour before the start until the end.</summary>
    public bool IsRoomOpen { get; init; }
    /// <summary>Whether it has not begun.</summary>
    public bool IsAhead { get; init; }
    /// <summary>Names the series it is one of.</summary>
    public string? Series { get; init; }
    /// <summary>The others of its series that this reader sees, soonest first; only on its own pages.</summary>
    public IReadOnlyList<AppointmentModel> Others { get; init; } = [];
    /// <summary>Those of them that come after it and can be cancelled with it.</summary>
    public IEnumerable<AppointmentModel> Later => Others.Where(other => other.CanChange && other.Start is { } start && start.Instant > Start?.Instant);
}

/// <summary>The page of appointments.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Coming">Soonest first.</param>
/// <param name="Earlier">Newest first.</param>
/// <param name="CanBook">Whether this reader may book.</param>
public sealed record AppointmentsModel(PatientHeader Patient, IReadOnlyList<AppointmentModel> Coming, IReadOnlyList<AppointmentModel> Earlier, bool CanBook);

/// <summary>What is looked for, as it stands in the form.</summary>
public sealed record Sighting(string Service, string Person, string Place, string From, string Time, string Way, string Language, string Referral)
{
    /// <summary>Not farther than so many km; empty for anywhere.</summary>
    public string Within { get; init; } = "";
    /// <summary><c>near</c> for the nearest first; empty for the earliest.</summary>
    public string Order { get; init; } = "";
}

/// <summary>The page on which an appointment is found.</summary>
/// <param name="Patient">For whom.</param>
/// <param name="Sought">What is looked for.</param>
/// <param name="Services">To choose from.</param>
/// <param name="People">To choose from.</param>
/// <param name="Places">To choose from.</param>
/// <param name="Referrals">Open ones of the patient.</param>
/// <param name="Days">What was found, by day.</param>
/// <param name="Total">Of all.</param>
/// <param name="Next">Address of the next page, or null.</param>
/// <param name="Moving">The appointment that is to be moved, or null.</param>
/// <param name="HasEnded">A hold has ended before it was booked.</param>
public sealed record FindModel(PatientHeader Patient, Sighting Sought, IReadOnlyList<(string Value, string Words)> Services, IReadOnlyList<(string Value, string Words)> People, IReadOnlyList<(string Value, string Words)> Places,
    IReadOnlyList<(string Value, string Words)> Referrals, IReadOnlyList<IGrouping<DateOnly, Offer>> Days, int Total, string? Next, AppointmentModel? Moving, bool HasEnded)
{
    /// <summary>Languages that a service names.</summary>
    public IReadOnlyList<(string Value, string Words)> Languages { get; init; } = [];
    /// <summary>How far places are from the patient's municipality, in km, by reference; empty where the record does not say.</summary>
    public IReadOnlyDictionary<string, double> DistancesKm { get; init; } = new Dictionary<string, double>();
    /// <summary>What was found, by place, the nearest first; empty when it is shown by day.</summary>
    public IReadOnlyList<IGrouping<string, Offer>> Nearest { get; init; } = [];
}

/// <summary>The page of a hold.</summary>
/// <param name="Patient">For whom.</param>
/// <param name="Id">Of the hold.</param>
/// <param name="Offer">What is held.</param>
/// <param name="Until">When it ends.</param>
/// <param name="ExtensionsLeft">How often it may be kept longer.</param>
/// <param name="Now">On the server's clock.</param>
/// <param name="Referral">For which referral.</param>
public sealed record HoldModel(PatientHeader Patient, string Id, Offer Offer, DateTimeOffset Until, int ExtensionsLeft, DateTimeOffset Now, string? Referral);

/// <summary>Reads what the pages of appointments show.</summary>
sealed class AppointmentsQuery(RecordQuery record, RecordStore store, Clinics clinics, Places places, Offers offers, WaitingList waiting)
{
    const int MostShown = 100, PerPage = 40, MostReferrals = 50, MostOfPlace = 6, NearestPlaces = 8;
    /// <summary>Distances to choose from, in km.</summary>
    public static readonly string[] Within = ["10", "25", "50", "100"];
    static readonly TimeSpan LookAhead = TimeSpan.FromDays(42);
    static readonly string[] Open = ["proposed", "pending", "booked", "waitlist"];

    /// <summary>The patient, when the reader may write appointments into their record.</summary>
    public async Task<(PatientHeader Header, StoredResource Stored)?> Writable(string id, Visit visit, CancellationToken stop) =>
        visit.MayBook(id, record.Compartment(id)) ? await record.Patient(id, visit.Filter, stop) : null;

    /// <summary>The appointments of a patient; null when the reader may not see them.</summary>
    public async Task<(AppointmentsModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, Visit visit, CancellationToken stop)
    {
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return null;
        var today = RecordQuery.Day(record.Today);
        var count = ("_count", MostShown.ToString(CultureInfo.InvariantCulture));
        var coming = await record.Find(id, "Appointment", visit.Filter, stop, ("date", $"ge{today}"), ("status", "proposed,pending,booked,arrived,checked-in,waitlist"), ("_sort", "date"), count);
        var earlier = await record.Find(id, "Appointment", visit.Filter, stop, ("date", $"lt{today}"), ("_sort", "-date"), ("_count", "20"));
        var gone = await record.Find(id, "Appointment", visit.Filter, stop, ("date", $"ge{today}"), ("status", "cancelled,noshow,fulfilled"), ("_sort", "date"), ("_count", "20"));
        var setup = await clinics.Now(stop);
        IReadOnlyList<AppointmentModel> Shown(IEnumerable<StoredResource> all) => [.. all.Select(one => Read(one, header, setup, visit))];
        return (new(header, Shown(coming), Shown([.. gone, .. earlier]), visit.MayBook(id, record.Compartment(id))), [patient, .. coming, .. gone, .. earlier]);
    }

    /// <summary>One appointment of a patient; null when there is none that the reader may see.</summary>
    public async Task<(AppointmentModel Model, StoredResource Stored)?> One(string id, string appointment, Visit visit, CancellationToken stop)
    {
        if (await record.Patient(id, visit.Filter, stop) is not var (header, _) || await store.Read("Appointment", appointment, visit.Filter, stop) is not { IsDeleted: false } stored) return null;
        if (!store.CompartmentsOf(stored).Contains(record.Compartment(id))) return null;
        return (Read(stored, header, await clinics.Now(stop), visit), stored);
    }

    /// <summary>With the others of its series, and what was read for it.</summary>
    public async Task<(AppointmentModel Model, IReadOnlyList<StoredResource> Read)> WithSeries(AppointmentModel model, Visit visit, CancellationToken stop)
    {
        if (model.Series is not { } series) return (model, []);
        var all = (await record.Find(model.Patient.Id, "Appointment", visit.Filter, stop, ("identifier", AppointmentReading.SeriesToken(series)), ("_sort", "date"), ("_count", "100"))).Where(one => one.Id != model.Id).ToList();
        var setup = await clinics.Now(stop);
        return (model with { Others = [.. all.Select(one => Read(one, model.Patient, setup, visit))] }, all);
    }

    /// <summary>With the place in the list of those who wait. Of the others their number is told.</summary>
    public async Task<AppointmentModel> WithPlace(AppointmentModel model, CancellationToken stop)
    {
        if (model.Earlier is null || model.Service is not { } service) return model;
        var all = await waiting.Waiting(service.Id, stop);
        var place = all.TakeWhile(one => one.Stored.Id != model.Id).Count();
        return place < all.Count ? model with { Waits = (place + 1, all.Count) } : model;
    }

    AppointmentModel Read(StoredResource stored, PatientHeader patient, ClinicSetup setup, Visit visit) => stored.Take(json =>
    {
        var actors = json.ItemsAt("participant").Select(one => (Reference: one.At("actor").TextAt("reference"), Name: one.At("actor").TextAt("display"))).Where(one => one.Reference is not null).ToList();
        var service = AppointmentReading.ServiceOf(json, setup);
        var (start, end, status) = (FhirDate.Of(json, "start"), FhirDate.Of(json, "end"), json.TextAt("status") ?? "");
        var isAhead = start is { } at && at.Instant > record.Now;
        var mayBook = store.CompartmentsOf(stored).All(compartment => visit.MayBook(patient.Id, compartment));
        return new AppointmentModel(patient, stored.Id, stored.Version, json.TextAt("description") ?? service?.Name ?? Codes.Write(json.FirstAt("serviceType")) ?? Words.Of("booking an appointment"), start, end,
            [.. actors.Where(one => one.Reference!.StartsWith("Practitioner", StringComparison.Ordinal)).Select(one => one.Name ?? setup.Calendars.Values.FirstOrDefault(calendar => calendar.Actor == one.Reference)?.ActorName).OfType<string>()],
            actors.FirstOrDefault(one => one.Reference!.StartsWith("Location/", StringComparison.Ordinal)).Name, status)
        {
            Service = service, Comment = json.TextAt("comment"), Preparation = json.TextAt("patientInstruction"),
            Zone = json.At("_start").FirstAt("extension").TextAt("valueCode"), CancelledFor = status == "cancelled" ? json.At("cancelationReason").TextAt("text") : null,
            CanChange = mayBook && isAhead && Open.Contains(status),
            CanArrive = mayBook && status == "booked" && start is { } day && day.Local.Date == record.Today.Date && day.Instant < record.Now.AddHours(6),
            Kept = isAhead ? KeptTimes.Of(json) : [], IsDisplaced = isAhead && status is "booked" or "pending" && KeptTimes.IsDisplaced(json), Earlier = isAhead ? KeptTimes.Earlier(json) : null,
            CanWait = mayBook && service is not null && status == "booked" && start is { } later && later.Instant > record.Now.AddDays(1),
            CanEnd = mayBook && visit.Person.IsProfessional && status is "booked" or "arrived" or "checked-in" && start is { } begun && begun.Instant <= record.Now,
            VideoRoom = AppointmentReading.Standing.Contains(status) ? AppointmentReading.VideoRoom(json) : null, IsAhead = isAhead, Series = AppointmentReading.Series(json),
            IsRoomOpen = status is "booked" or "arrived" or "checked-in" && start is { } begins && begins.Instant <= record.Now.AddMinutes(15) && end is { } ends && ends.Instant >= record.Now,
            IsLate = service is not null && start is { } soon && soon.Instant < record.Now.AddHours(service.NoticeHours),
        };
    });

    /// <summary>Looks for appointments; null when the reader may not book for this patient.</summary>
    /// <param name="id">The patient.</param>
    /// <param name="moving">The appointment that is to be moved.</param>
    /// <param name="asked">What was chosen.</param>
    /// <param name="visit">Of the page.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<(FindModel Model, IReadOnlyList<StoredResource> Read)?> Find(string id, AppointmentModel? moving, IEnumerable<KeyValuePair<string, StringValues>> asked, Visit visit, CancellationToken stop)
    {
        if (await Writable(id, visit, stop) is not var (header, patient)) return null;
        var chosen = asked.ToDictionary(one => one.Key, one => one.Value.ToString(), StringComparer.Ordinal);
        string Chosen(string name) => chosen.GetValueOrDefault(name, "");
        var setup = await clinics.Now(stop);
        IReadOnlyList<StoredResource> referrals = moving is not null ? [] : await record.Find(id, "ServiceRequest", visit.Filter, stop, ("status", "active,on-hold"), ("_sort", "-authored"), ("_count", MostReferrals.ToString(CultureInfo.InvariantCulture)));
        var isStaff = visit.Person.IsProfessional;
        var referral = referrals.Any(one => $"ServiceRequest/{one.Id}" == Chosen("referral")) ? Chosen("referral") : "";
        var services = setup.Services.Values.Where(service => moving is null ? isStaff || service.By == BookableBy.Patient || service.By == BookableBy.Referral && referral.Length > 0 : service.Id == moving.Service?.Id).OrderBy(service => service.Name, StringComparer.CurrentCulture).ToList();
        var offered = services.SelectMany(service => setup.CalendarsOf(service.Needs[0]).Select(calendar => (service, calendar))).Where(one => Chosen("service").Length == 0 || one.service.Id == Chosen("service")).ToList();
        var sought = new Sighting(moving?.Service?.Id ?? (services.Exists(service => service.Id == Chosen("service")) ? Chosen("service") : ""), Chosen("person"), Chosen("place"), DateOnly.TryParse(Chosen("from"), CultureInfo.InvariantCulture, out var day) ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "",
            Chosen("time") is "morning" or "afternoon" or "evening" ? Chosen("time") : "", Chosen("way") is "video" or "person" ? Chosen("way") : "", Chosen("language"), referral)
            { Within = Within.Contains(Chosen("within")) ? Chosen("within") : "", Order = Chosen("order") == "near" ? "near" : "" };
        var (map, far) = (await places.Now(stop), new Dictionary<string, double>(StringComparer.Ordinal));
        if (patient.Take(json => map.HomeOf(json)) is { } home)
            foreach (var place in services.Select(service => service.Place).OfType<string>().Distinct())
                if (map.Of(place) is { } there) far[place] = home.KmTo(there);
        double? Distance(Service service) => service is { IsVideo: false, Place: { } place } && far.TryGetValue(place, out var km) ? km : null;
        var knowsFar = sought.Way != "video" && far.Count > 0;
        var (isNear, within) = (knowsFar && sought.Order.Length > 0, knowsFar && sought.Within.Length > 0 ? double.Parse(sought.Within, CultureInfo.InvariantCulture) : (double?)null);
        // The nearest few: all times of a country would be too many to look through.
        var nearest = far.Where(one => within is null || one.Value <= within).OrderBy(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal).Take(NearestPlaces).Select(one => one.Key).ToHashSet();
        var near = sought is { Service: "", Person: "", Place: "" } && (isNear || within is not null) ? services.Where(service => !service.IsVideo && service.Place is { } place && nearest.Contains(place)) : services;
        // Nothing is looked for before it is said what: all times of all clinics help nobody.
        var page = sought.Service.Length == 0 && sought.Person.Length == 0 && sought.Place.Length == 0 && (!isNear && within is null || !near.Any()) ? new OfferPage([], 0, false) : await offers.Find(new OfferQuery
        {
            From = sought.From.Length > 0 ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), record.Now.Offset) : record.Now, To = (sought.From.Length > 0 ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), record.Now.Offset) : record.Now) + LookAhead,
            Services = sought.Service.Length > 0 ? [sought.Service] : [.. near.Select(service => service.Id)], Actors = sought.Person.Length > 0 ? [sought.Person] : [], Places = sought.Place.Length > 0 ? [sought.Place] : [],
            Languages = sought.Language.Length > 0 ? [sought.Language] : [], IsVideo = sought.Way switch { "video" => true, "person" => false, _ => null }, IsStaff = isStaff || moving is not null, HasReferral = referral.Length > 0,
            TimeOfDay = sought.Time switch { "morning" => (0, 12 * 60), "afternoon" => (12 * 60, 17 * 60), "evening" => (17 * 60, 24 * 60), _ => (0, 24 * 60) },
            Count = PerPage, After = isNear ? null : OfferId.Parse(Chosen("after")), But = moving?.Id,
            DistanceKm = Distance, WithinKm = within, IsNearestFirst = isNear, MostOfPlace = isNear ? MostOfPlace : int.MaxValue,
        }, stop);
        (string, string)[] kept = [("service", moving is null ? sought.Service : ""), ("person", sought.Person), ("place", sought.Place), ("from", sought.From), ("time", sought.Time), ("way", sought.Way), ("language", sought.Language), ("referral", referral), ("within", sought.Within), ("order", sought.Order)];
        var query = string.Join('&', kept.Where(one => one.Item2.Length > 0).Select(one => $"{one.Item1}={Uri.EscapeDataString(one.Item2)}"));
        var model = new FindModel(header, sought, [.. services.Select(service => (service.Id, service.Name))],
            [.. offered.Where(one => one.calendar.Actor.StartsWith("Practitioner", StringComparison.Ordinal)).Select(one => (one.calendar.Actor, one.calendar.ActorName ?? one.calendar.Actor)).Distinct().OrderBy(one => one.Item2, StringComparer.CurrentCulture)],
            [.. services.Where(service => service.Place is not null).Select(service => (service.Place!, service.PlaceName ?? service.Place!)).DistinctBy(one => one.Item1).OrderBy(one => far.GetValueOrDefault(one.Item1, double.MaxValue)).ThenBy(one => one.Item2, StringComparer.CurrentCulture).Select(one => (one.Item1, far.TryGetValue(one.Item1, out var km) ? $"{one.Item2} ({FindPage.Km(km)})" : one.Item2))],
            [.. referrals.Select(one => ($"ServiceRequest/{one.Id}", one.Take(json => Codes.Write(json.At("code")) ?? Words.Of("booking a referral"))))],
            isNear ? [] : [.. page.Offers.GroupBy(offer => DateOnly.FromDateTime(offer.Time.Start.DateTime))], page.Total, page.HasMore && !isNear ? $"?{query}&after={page.Offers[^1].Id}" : null, moving, chosen.ContainsKey("ended"))
        {
            DistancesKm = far, Nearest = isNear ? [.. page.Offers.GroupBy(offer => offer.Service.IsVideo ? "" : offer.Service.Place ?? "")] : [],
            Languages = [.. services.SelectMany(service => service.Languages).Distinct().Order(StringComparer.Ordinal).Select(code => (code, Language.NameOf(code)))],
        };
        return (model, [patient, .. referrals]);
    }
}
