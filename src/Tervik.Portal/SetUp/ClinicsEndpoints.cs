using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tervik.Care.Clinics;
using Tervik.Portal.Calendar;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Portal.SetUp;

/// <summary>What a page of the set-up shows beside its form.</summary>
/// <param name="Clinics">What the reader's units have.</param>
/// <param name="Outside">Appointments that no longer fit: of a page that is read those there are, of a form those that its change would add.</param>
public sealed record SetUpModel(ClinicsModel Clinics, IReadOnlyList<WaitingLine> Outside)
{
    /// <summary>The service; null for a new one, and on other pages.</summary>
    public ServiceLine? Service { get; init; }
    /// <summary>Groups of calendars on the form.</summary>
    public int Needs { get; init; }
    /// <summary>References of calendars to choose from.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];
    /// <summary>The calendar; null on other pages.</summary>
    public CalendarLine? Calendar { get; init; }
    /// <summary>Its hours.</summary>
    public IReadOnlyList<OpeningLine> Openings { get; init; } = [];
    /// <summary>Those that the page is about; null for new ones.</summary>
    public OpeningLine? Opening { get; init; }
    /// <summary>What it would be; null where nothing is shown.</summary>
    public IReadOnlyList<PreviewDay>? Preview { get; init; }
    /// <summary>Whether a form was sent whose change has to be looked at once more before it is saved.</summary>
    public bool AsksAgain { get; init; }
    /// <summary>Whether what is shown is what a form would make of it.</summary>
    public bool IsProposed { get; init; }
}

/// <summary>Hours of a calendar.</summary>
/// <param name="Number">Which of its hours, from 0.</param>
/// <param name="Key">Of what they say: whoever changes them says what they began from.</param>
/// <param name="Pattern">As the form shows them; null for what it cannot show.</param>
/// <param name="Text">Their rule, for those.</param>
public sealed record OpeningLine(int Number, string Key, OpeningPattern? Pattern, string Text);

/// <summary>How a clinic is set up by who leads it: services, calendars, their hours. Each change is looked at before it is saved: the times it gives, and the appointments that no longer fit.</summary>
static class ClinicsEndpoints
{
    const string Services = "/clinics/services", Calendars = "/clinics/calendars", Seen = "seen";
    /// <summary>What the day from which a preview goes is called.</summary>
    public const string PreviewFrom = "preview-from";
    const int LongestName = 200, MostCapacity = 1000, MostOpenings = 50;
    static readonly string[] NewActors = ["Location", "Device"];

    public static void MapClinics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/clinics", ShowAll);
        routes.MapGet(Services + "/new", (HttpContext request, Parts parts, CancellationToken stop) => ShowService(null, request, parts, stop));
        routes.MapPost(Services + "/new", (HttpContext request, Parts parts, CancellationToken stop) => SaveService(null, request, parts, stop)).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet(Services + "/{service}", ShowService);
        routes.MapPost(Services + "/{service}", SaveService).DisableAntiforgery();
        routes.MapGet(Calendars + "/new", NewCalendar);
        routes.MapPost(Calendars + "/new", AddCalendar).DisableAntiforgery();
        routes.MapGet(Calendars + "/{calendar}", ShowCalendar);
        routes.MapPost(Calendars + "/{calendar}", SaveCalendar).DisableAntiforgery();
        routes.MapGet(Calendars + "/{calendar}/hours/{number}", ShowOpening);
        routes.MapPost(Calendars + "/{calendar}/hours/{number}", SaveOpening).DisableAntiforgery();
    }

    /// <summary>What all of these pages need.</summary>
    internal sealed class Parts(Entrance entrance, ClinicsQuery query, RecordQuery record, RecordStore store, RecordWriter writer, Authorship authors)
    {
        public ClinicsQuery Query => query;
        public RecordQuery Record => record;
        public RecordStore Store => store;
        public RecordWriter Writer => writer;
        public Authorship Authors => authors;

        /// <summary>A page that is read: for who leads a unit.</summary>
        public async Task<(Visit Visit, ClinicsModel? Clinics, IResult? Refusal)> Enter(HttpContext request, string type, CancellationToken stop)
        {
            var visit = await entrance.Enter(request, new("search-type", type), stop);
            return await Led(visit, stop);
        }

        /// <summary>A form that was sent: for who leads a unit.</summary>
        public async Task<(Visit Visit, Form Form, ClinicsModel? Clinics, IResult? Refusal)> EnterForm(HttpContext request, string type, CancellationToken stop)
        {
            var (visit, form) = await entrance.EnterForm(request, new("set-up-clinic", type), stop);
            var (_, clinics, refusal) = await Led(visit, stop);
            return (visit, form, clinics, refusal);
        }

        async Task<(Visit, ClinicsModel?, IResult?)> Led(Visit visit, CancellationToken stop)
        {
            if (visit.Refusal is { } refusal) return (visit, null, refusal);
            return await query.Load(visit.Person, visit.Filter, stop) is { } clinics ? (visit, clinics, null) : (visit, null, FaultPage.Of(FaultKind.Forbidden, visit.Frame));
        }

        /// <summary>The page, with its appointments as lines, logged.</summary>
        public async Task<IResult> Page<TPage>(Visit visit, string view, SetUpModel model, Form? form, IReadOnlyList<StoredResource> outside, CancellationToken stop) where TPage : IComponent
        {
            var read = new List<StoredResource>();
            var lines = await AbsencesEndpoints.Lines(outside, visit, record, store, read, stop);
            await visit.Log(view, read, [.. read.SelectMany(store.CompartmentsOf).Distinct()], stop);
            return visit.Page<TPage>(model with { Outside = lines }, form);
        }

        /// <summary>From which day a preview goes: what was asked, or today.</summary>
        public LocalDate From(string text) => CalendarEndpoints.Day(text) is { } day ? LocalDate.FromDateTime(day) : LocalDate.FromDateTime(record.Today);
    }

    static string Address(string folder, string id) => $"{folder}/{Uri.EscapeDataString(id)}";

    /// <summary>Address of a service's page.</summary>
    public static string OfService(string? id) => id is null ? $"{Services}/new" : Address(Services, id);
    /// <summary>Address of a calendar's page.</summary>
    public static string OfCalendar(string? id) => id is null ? $"{Calendars}/new" : Address(Calendars, id);
    /// <summary>Address of the page of some of its hours; null for new ones.</summary>
    public static string OfOpening(string calendar, int? number) => $"{OfCalendar(calendar)}/hours/{(number is { } which ? which.ToString(CultureInfo.InvariantCulture) : "new")}";

    static JsonObject Node(StoredResource stored)
    {
        var json = JsonNode.Parse(stored.Body)!.AsObject();
        json.Remove("meta");
        return json;
    }

    static async Task<IResult> ShowAll(HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, clinics, refusal) = await parts.Enter(request, "HealthcareService", stop);
        if (refusal is not null) return refusal;
        await visit.Log("clinics", [], [], stop);
        return visit.Page<ClinicsPage>(clinics!);
    }

    // ---- services

    static async Task<IResult> ShowService(string? service, HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, clinics, refusal) = await parts.Enter(request, "HealthcareService", stop);
        if (refusal is not null) return refusal;
        var line = service is null ? null : clinics!.Services.FirstOrDefault(one => one.Stored.Id == service);
        if (service is not null && line is null) return await visit.NotFound(stop);
        var form = line is null ? Form.New(request) : Form.Of(request, line.Stored.Version, line.Stored.Take(ServiceForm.Values));
        if (line is null) form.Begin(ServiceForm.New(clinics!.Units[0].Reference));
        var model = Model(clinics!, line, line is null ? null : Node(line.Stored));
        if (line?.Service is { } known) model = model with { Preview = ClinicsQuery.Times(known, clinics!.Setup, parts.From(request.Request.Query[PreviewFrom].ToString()), parts.Record.Now) };
        return await parts.Page<ServicePage>(visit, "clinic-service", model, form, line is null ? [] : await parts.Query.Unfit(line.Stored.Id, clinics!.Setup, stop), stop);
    }

    static SetUpModel Model(ClinicsModel clinics, ServiceLine? line, JsonObject? before) => new(clinics, [])
    {
        Service = line, Needs = line?.Stored.Take(ServiceForm.NeedsOf) ?? ServiceForm.Needs, Choices = [.. ServiceForm.Calendars(before, clinics)],
    };

    static async Task<IResult> SaveService(string? service, HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, form, clinics, refusal) = await parts.EnterForm(request, "HealthcareService", stop);
        if (refusal is not null) return refusal;
        var line = service is null ? null : clinics!.Services.FirstOrDefault(one => one.Stored.Id == service);
        if (service is not null && line is null) return await visit.NotFound(stop);
        var (id, before) = (line?.Stored.Id ?? form.NewId, line is null ? null : Node(line.Stored));
        var written = ServiceForm.Write(form, before, clinics!);
        IReadOnlyList<StoredResource> unfit = [];
        IReadOnlyList<PreviewDay>? preview = null;
        if (form.Errors.Count == 0)
        {
            written["id"] = id;
            var proposed = parts.Query.ServiceOf(id, written);
            var setup = clinics!.Setup.WithService(id, proposed);
            if (proposed is not null) preview = ClinicsQuery.Times(proposed, setup, parts.From(form[PreviewFrom]), parts.Record.Now);
            if (line is not null) unfit = await Added(await parts.Query.Unfit(id, setup, stop), () => parts.Query.Unfit(id, clinics.Setup, stop));
            if (form["act"] == "save" && !form.MustShowAgain && IsSeen(form, unfit)
                && await Save(visit, parts, form, "clinic-service", [new(written, id, line is null ? null : form.Version ?? 0)], current => current.Take(ServiceForm.Values), stop)) return TypedResults.LocalRedirect($"{OfService(id)}?saved=service");
        }
        return await parts.Page<ServicePage>(visit, "clinic-service", Model(clinics!, line, before) with { Preview = preview, IsProposed = true, AsksAgain = AsksAgain(form, unfit) }, form, unfit, stop);
    }

    // ---- calendars

    static async Task<IResult> NewCalendar(HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, clinics, refusal) = await parts.Enter(request, "Schedule", stop);
        if (refusal is not null) return refusal;
        var form = Form.New(request);
        form.Begin(new Dictionary<string, string> { ["unit"] = clinics!.Units[0].Reference, ["capacity"] = "1" });
        await visit.Log("clinic-calendar", [], [], stop);
        return visit.Page<NewCalendarPage>(new SetUpModel(clinics, []), form);
    }

    static async Task<IResult> AddCalendar(HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, form, clinics, refusal) = await parts.EnterForm(request, "Schedule", stop);
        if (refusal is not null) return refusal;
        var unit = clinics!.Units.FirstOrDefault(one => one.Reference == form.Choice("unit", clinics.Units.Select(one => one.Reference)));
        Named[] whose = [.. clinics.People, .. clinics.Places, .. clinics.Devices];
        var chosen = form.Choice("whose", whose.Select(one => one.Reference).Concat(NewActors));
        var name = form.Text("name", LongestName, isRequired: NewActors.Contains(chosen));
        var capacity = ServiceForm.Whole(form, "capacity", 1, MostCapacity);
        if (!form.MustShowAgain)
        {
            var changes = new List<Change>();
            var actor = whose.FirstOrDefault(one => one.Reference == chosen);
            if (actor is null)
            {
                // A room or a device that the record does not know yet; its id comes from the form's key as well, so that it is made once.
                var made = $"{form.NewId[..24]}{(chosen == "Location" ? "-room" : "-device")}";
                var organization = new JsonObject { ["reference"] = unit!.Reference, ["display"] = unit.Name };
                changes.Add(new(chosen == "Location" ? new JsonObject
                {
                    ["resourceType"] = "Location", ["status"] = "active", ["name"] = name, ["mode"] = "instance", ["managingOrganization"] = organization,
                    ["physicalType"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/location-physical-type", ["code"] = "ro", ["display"] = "Room" }) },
                } : new JsonObject { ["resourceType"] = "Device", ["status"] = "active", ["deviceName"] = new JsonArray(new JsonObject { ["name"] = name, ["type"] = "user-friendly-name" }), ["owner"] = organization }, made));
                actor = new($"{chosen}/{made}", name);
            }
            var schedule = new JsonObject
            {
                ["resourceType"] = "Schedule",
                ["extension"] = new JsonArray(new JsonObject { ["url"] = ClinicCalendar.UnitExtension, ["valueReference"] = new JsonObject { ["reference"] = unit!.Reference } }),
                ["active"] = true, ["actor"] = new JsonArray(new JsonObject { ["reference"] = actor.Reference, ["display"] = actor.Name }),
            };
            SetCapacity(schedule, capacity ?? 1);
            changes.Insert(0, new(schedule, form.NewId));
            if (await Save(visit, parts, form, "clinic-calendar", changes, _ => new Dictionary<string, string>(), stop)) return TypedResults.LocalRedirect($"{OfOpening(form.NewId, null)}?saved=calendar");
        }
        await visit.Log("clinic-calendar", [], [], stop);
        return visit.Page<NewCalendarPage>(new SetUpModel(clinics, []), form);
    }

    static void SetCapacity(JsonObject schedule, int capacity)
    {
        var others = (schedule["extension"] as JsonArray ?? []).OfType<JsonObject>().Where(extension => extension["url"]?.GetValue<string>() != ClinicCalendar.CapacityExtension).Select(extension => (JsonNode)extension.DeepClone());
        schedule["extension"] = new JsonArray([.. others, .. capacity == 1 ? (JsonNode[])[] : [new JsonObject { ["url"] = ClinicCalendar.CapacityExtension, ["valuePositiveInt"] = capacity }]]);
        if (schedule["extension"] is JsonArray { Count: 0 }) schedule.Remove("extension");
    }

    static Dictionary<string, string> CalendarValues(JsonElement json) => new(StringComparer.Ordinal) { ["active"] = json.TextAt("active") == "false" ? "no" : "yes", ["capacity"] = json.Extension(ClinicCalendar.CapacityExtension).TextAt("valuePositiveInt") ?? "1" };

    static List<OpeningLine> Openings(StoredResource stored) => stored.Take(json => json.Extensions(ClinicCalendar.Extension).Select((opening, number) => new OpeningLine(number, Key(opening.GetRawText()), OpeningPattern.Read(opening),
        string.Join(" · ", opening.ItemsAt("extension").Select(part => $"{part.TextAt("url")}: {part.TextAt("valueString") ?? part.TextAt("valueCode") ?? part.TextAt("valuePositiveInt") ?? part.At("valueReference").TextAt("reference")}")))).ToList());

    static string Key(string opening) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(opening)))[..16];

    static SetUpModel Model(ClinicsModel clinics, CalendarLine line) => new(clinics, []) { Calendar = line, Openings = Openings(line.Stored) };

    static CalendarLine? Find(ClinicsModel clinics, string calendar) => clinics.Calendars.FirstOrDefault(line => line.Stored.Id == calendar && line.MayChange);

    static async Task<IResult> ShowCalendar(string calendar, HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, clinics, refusal) = await parts.Enter(request, "Schedule", stop);
        if (refusal is not null) return refusal;
        if (Find(clinics!, calendar) is not { } line) return await visit.NotFound(stop);
        var model = Model(clinics!, line) with { Preview = line.Calendar is { } open ? ClinicsQuery.Hours(open, parts.From(request.Request.Query[PreviewFrom].ToString())) : null };
        return await parts.Page<ClinicCalendarPage>(visit, "clinic-calendar", model, Form.Of(request, line.Stored.Version, line.Stored.Take(CalendarValues)), await parts.Query.Outside(line.Actor, clinics!.Setup, stop), stop);
    }

    static async Task<IResult> SaveCalendar(string calendar, HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, form, clinics, refusal) = await parts.EnterForm(request, "Schedule", stop);
        if (refusal is not null) return refusal;
        if (Find(clinics!, calendar) is not { } line) return await visit.NotFound(stop);
        var schedule = Node(line.Stored);
        schedule["active"] = form.Choice("active", ["yes", "no"]) == "yes";
        if (ServiceForm.Whole(form, "capacity", 1, MostCapacity) is { } capacity) SetCapacity(schedule, capacity);
        var (outside, preview, done) = await Change(visit, parts, form, clinics!, line, schedule, "clinic-calendar", form.Version ?? 0, current => current.Take(CalendarValues), stop);
        return done ? TypedResults.LocalRedirect($"{OfCalendar(calendar)}?saved=calendar")
            : await parts.Page<ClinicCalendarPage>(visit, "clinic-calendar", Model(clinics!, line) with { Preview = preview, IsProposed = true, AsksAgain = AsksAgain(form, outside) }, form, outside, stop);
    }

    /// <summary>What a change of a calendar would mean; and makes it, when that is asked and what it means was seen.</summary>
    static async Task<(IReadOnlyList<StoredResource> Outside, IReadOnlyList<PreviewDay>? Preview, bool IsDone)> Change(Visit visit, Parts parts, Form form, ClinicsModel clinics, CalendarLine line, JsonObject schedule, string view, int version, Func<StoredResource, Dictionary<string, string>> values, CancellationToken stop)
    {
        if (form.Errors.Count > 0) return ([], null, false);
        var id = line.Stored.Id;
        var proposed = parts.Query.CalendarOf(id, schedule);
        var setup = clinics.Setup.WithCalendar($"Schedule/{id}", proposed);
        var outside = await Added(await parts.Query.Outside(line.Actor, setup, stop), () => parts.Query.Outside(line.Actor, clinics.Setup, stop));
        var preview = proposed is null ? null : ClinicsQuery.Hours(proposed, parts.From(form[PreviewFrom]));
        var isDone = form["act"] is "save" or "remove" && !form.MustShowAgain && IsSeen(form, outside) && await Save(visit, parts, form, view, [new(schedule, id, version)], values, stop);
        return (outside, preview, isDone);
    }

    // ---- hours

    static async Task<IResult> ShowOpening(string calendar, string number, HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, clinics, refusal) = await parts.Enter(request, "Schedule", stop);
        if (refusal is not null) return refusal;
        if (Find(clinics!, calendar) is not { } line) return await visit.NotFound(stop);
        var model = Model(clinics!, line);
        var opening = Opening(model, number);
        if (number != "new" && opening is null) return await visit.NotFound(stop);
        var form = Form.Of(request, line.Stored.Version, opening is null ? OpeningForm.New(clinics!.Zone, parts.Record.Today) : opening.Pattern is { } pattern ? OpeningForm.Values(pattern) : []);
        return await parts.Page<OpeningPage>(visit, "clinic-hours", model with { Opening = opening, Preview = line.Calendar is { } open ? ClinicsQuery.Hours(open, parts.From(request.Request.Query[PreviewFrom].ToString())) : null }, form, [], stop);
    }

    static OpeningLine? Opening(SetUpModel model, string number) => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var which) ? model.Openings.ElementAtOrDefault(which) : null;

    /// <summary>References of the services that hours may be for: those of the unit, and those they are for already.</summary>
    public static IReadOnlyList<string> ServicesFor(ClinicsModel clinics, OpeningLine? opening) => [.. clinics.Services.Select(one => $"HealthcareService/{one.Stored.Id}").Concat(opening?.Pattern?.Services ?? []).Distinct()];

    static async Task<IResult> SaveOpening(string calendar, string number, HttpContext request, Parts parts, CancellationToken stop)
    {
        var (visit, form, clinics, refusal) = await parts.EnterForm(request, "Schedule", stop);
        if (refusal is not null) return refusal;
        if (Find(clinics!, calendar) is not { } line) return await visit.NotFound(stop);
        var model = Model(clinics!, line);
        var at = Opening(model, number);
        // What the form began from, wherever it stands now: somebody else's change of other hours is no matter.
        var opening = number == "new" ? null : model.Openings.FirstOrDefault(one => one.Key == form["was"]);
        if (number == "new" || opening is not null)
        {
            var isRemoved = opening is not null && form["act"] == "remove";
            var pattern = isRemoved || opening is { Pattern: null } ? null : OpeningForm.Read(form, ServicesFor(clinics!, opening));
            if (!isRemoved && opening is { Pattern: null }) form.Fail("", Words.Of("opening of another system"));
            if (opening is null && model.Openings.Count >= MostOpenings) form.Fail("", Words.Of("opening too many", MostOpenings));
            var schedule = Node(line.Stored);
            if (form.Errors.Count == 0) SetOpening(schedule, opening?.Number, pattern);
            var (outside, preview, done) = await Change(visit, parts, form, clinics!, line, schedule, "clinic-hours", line.Stored.Version, current => Theirs(current, number), stop);
            if (done) return TypedResults.LocalRedirect($"{OfCalendar(calendar)}?saved={(isRemoved ? "hours-removed" : "hours")}");
            return await parts.Page<OpeningPage>(visit, "clinic-hours", model with { Opening = opening, Preview = preview, IsProposed = true, AsksAgain = AsksAgain(form, outside) }, form, outside, stop);
        }
        // Somebody changed or removed these hours meanwhile.
        form.Conflict(line.Stored.Version, Theirs(line.Stored, number), await parts.Authors.Of(null, line.Stored, visit.Filter, stop));
        if (at is null) form.Fail("", Words.Of("gone meanwhile"));
        return await parts.Page<OpeningPage>(visit, "clinic-hours", model with { Opening = at, IsProposed = true }, form, [], stop);
    }

    static Dictionary<string, string> Theirs(StoredResource stored, string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var which) && Openings(stored).ElementAtOrDefault(which)?.Pattern is { } pattern ? OpeningForm.Values(pattern) : [];

    /// <summary>Puts hours in the place of others, adds them where they are new, and takes them out where there are none.</summary>
    static void SetOpening(JsonObject schedule, int? number, OpeningPattern? pattern)
    {
        var (extensions, at) = (new JsonArray(), 0);
        foreach (var extension in (schedule["extension"] as JsonArray ?? []).OfType<JsonObject>())
            if (extension["url"]?.GetValue<string>() != ClinicCalendar.Extension || at++ != number) extensions.Add(extension.DeepClone());
            else if (pattern is not null) extensions.Add((JsonNode)pattern.Write(extension));
        if (number is null && pattern is not null) extensions.Add((JsonNode)pattern.Write());
        schedule["extension"] = extensions;
        if (extensions.Count == 0) schedule.Remove("extension");
    }

    // ---- what they share

    static async Task<IReadOnlyList<StoredResource>> Added(IReadOnlyList<StoredResource> then, Func<Task<IReadOnlyList<StoredResource>>> now)
    {
        if (then.Count == 0) return then;
        var known = (await now()).Select(stored => stored.Id).ToHashSet(StringComparer.Ordinal);
        return [.. then.Where(stored => !known.Contains(stored.Id))];
    }

    static bool IsSeen(Form form, IReadOnlyList<StoredResource> outside) => outside.Count == 0 || form[Seen].Split(' ') is var seen && outside.All(stored => seen.Contains(stored.Id));

    static bool AsksAgain(Form form, IReadOnlyList<StoredResource> outside) => form["act"] is "save" or "remove" && form.Errors.Count == 0 && form.Theirs is null && !IsSeen(form, outside);

    static async Task<bool> Save(Visit visit, Parts parts, Form form, string view, IReadOnlyList<Change> changes, Func<StoredResource, Dictionary<string, string>> values, CancellationToken stop)
    {
        var result = await parts.Writer.Write(visit, null, view, changes, stop);
        if (result.Outcome == Written.Saved) return true;
        if (result.Outcome == Written.Refused) form.Fail("", result.Why);
        else if (result.Current is { } current) form.Conflict(current.Version, values(current), await parts.Authors.Of(null, current, visit.Filter, stop));
        else form.Fail("", Words.Of("gone meanwhile"));
        return false;
    }
}
