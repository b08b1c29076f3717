using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Trust;

namespace Tervik.Care.Booking;

/// <summary>What became of a wish.</summary>
/// <param name="Outcome">Done, or why not.</param>
public sealed record BookingResult(BookingOutcome Outcome)
{
    /// <summary>The Appointment: of a hold pending and not in the record; of a booking, a change or a cancellation as it is stored.</summary>
    public byte[] Appointment { get; init; } = [];
    /// <summary>Its logical id.</summary>
    public string Id { get; init; } = "";
    /// <summary>As it is stored; null for a hold.</summary>
    public StoredResource? Stored { get; init; }
    /// <summary>When a hold ends.</summary>
    public DateTimeOffset? HeldUntil { get; init; }
    /// <summary>Extensions a hold has left.</summary>
    public int ExtensionsLeft { get; init; }
    /// <summary>What else could be had, when the time is taken.</summary>
    public IReadOnlyList<Offer> Alternatives { get; init; } = [];
    /// <summary>The same had been asked before: nothing was done twice.</summary>
    public bool IsRepeated { get; init; }
    /// <summary>Whether it was done.</summary>
    public bool IsDone => Outcome == BookingOutcome.Done;
}

/// <summary>Holds, books, moves and cancels: calendars and record in one step. Who may is asked before.</summary>
public sealed class BookingDesk(Clinics.Clinics clinics, Offers offers, Bookings bookings, HoldRules rules, RecordStore store, TimeProvider clock)
{
    /// <summary>Of a service that takes one of several rooms, the one that was chosen may be gone: another is tried, so often.</summary>
    const int MostTries = 5;
    const int MostAlternatives = 3;
    /// <summary>Alternatives are looked for within these times, one after the other.</summary>
    static readonly TimeSpan[] Near = [TimeSpan.FromDays(1), TimeSpan.FromDays(14)];

    /// <summary>Why somebody may not book an offer, whoever has its time; null when they may.</summary>
    /// <param name="offer">Which.</param>
    /// <param name="wish">For whom, and for which referral; null to move an appointment that there is.</param>
    /// <param name="isPatient">A patient asks, or somebody who acts for one: staff may book what these may not.</param>
    /// <param name="seen">What the caller may see: a referral that is hidden is none.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<Fault?> WhyNot(OfferId offer, BookingWish? wish, bool isPatient, AccessFilter seen, CancellationToken stop)
    {
        if ((await clinics.Now(stop)).ServicesByKey.GetValueOrDefault(offer.Service) is not { } service || wish is null) return null;
        if (wish.Referral is { } referral && !await IsOpenReferral(referral, wish.Patient, seen, stop)) return new(FaultKind.Unprocessable, "business-rule", "referral-reference", $"{referral} is no open referral of this patient.");
        if (!isPatient) return null;
        return service.By switch
        {
            Clinics.BookableBy.Staff => new(FaultKind.Forbidden, "forbidden", "appointment-reference", $"{service.Name} is booked by the clinic."),
            Clinics.BookableBy.Referral when wish.Referral is null => new(FaultKind.Unprocessable, "business-rule", "referral-reference", $"{service.Name} needs a referral."),
            _ => null,
        };
    }

    async Task<bool> IsOpenReferral(string reference, string patient, AccessFilter seen, CancellationToken stop)
    {
        if (reference.Split('/') is not ["ServiceRequest", { Length: > 0 } id] || await store.Read("ServiceRequest", id, seen, stop) is not { IsDeleted: false } stored) return false;
        using var json = FhirJson.Parse(stored.Body);
        return json.RootElement.At("subject").TextAt("reference") == patient && json.RootElement.TextAt("status") is "active" or "on-hold";
    }

    /// <summary>Keeps the time of an offer free while a form is filled in.</summary>
    /// <param name="offer">Which.</param>
    /// <param name="wish">For whom.</param>
    /// <param name="owner">Who asks; who holds is who may book.</param>
    /// <param name="idempotencyKey">The same key gives the same hold; null for none.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<BookingResult> Hold(OfferId offer, BookingWish wish, string owner, string? idempotencyKey, CancellationToken stop)
    {
        var id = IdOf(owner, idempotencyKey);
        if (idempotencyKey is not null && await bookings.Find(id, stop) is { State: ClaimState.Held } known && known.Proposal == offer.ToString()) return await Held(known, wish, isRepeated: true, stop);
        // The same, asked at the same time, is not in its own way.
        return await Take(offer, id, async found =>
        {
            var answer = await bookings.Ask(new(BookingAct.Hold, id, KeyOf(owner), KeyOf(wish.Referral), found.Spans) { Proposal = found.Id }, stop);
            return answer.IsDone ? await Held(answer.Verdict.Claim!, wish, !answer.HasChanged, stop) : new(answer.Verdict.Outcome);
        }, stop);
    }

    /// <summary>Makes a hold last longer.</summary>
    public async Task<BookingResult> Extend(string id, BookingWish wish, string owner, CancellationToken stop)
    {
        var answer = await bookings.Ask(new(BookingAct.Extend, id, KeyOf(owner), 0, []), stop);
        return answer.IsDone ? await Held(answer.Verdict.Claim!, wish, isRepeated: false, stop) : new(answer.Verdict.Outcome);
    }

    /// <summary>Gives a hold back.</summary>
    public async Task<BookingResult> LetGo(string id, string owner, CancellationToken stop)
    {
        if (await bookings.Find(id, stop) is not { State: ClaimState.Held } hold || hold.Owner != KeyOf(owner)) return new(BookingOutcome.Gone);
        return new((await bookings.Ask(new(BookingAct.Release, id, KeyOf(owner), 0, []), stop)).Verdict.Outcome);
    }

    /// <summary>A hold of this owner as it is; null when there is none.</summary>
    public async Task<(Offer Offer, BookingResult Hold)?> HeldBy(string id, string owner, CancellationToken stop) =>
        await bookings.Find(id, stop) is { State: ClaimState.Held } claim && claim.Owner == KeyOf(owner) && await offers.Of(claim, stop) is { } offer ? (offer, HoldOf(claim)) : null;

    BookingResult HoldOf(Claim claim) => new(BookingOutcome.Done) { Id = claim.Id, HeldUntil = Clock.Time(claim.UntilUs), ExtensionsLeft = rules.MostExtensions - claim.Extended };

    async Task<BookingResult> Held(Claim claim, BookingWish wish, bool isRepeated, CancellationToken stop)
    {
        if (await offers.Of(claim, stop) is not { } offer) return new(BookingOutcome.Gone);
        var until = Clock.Time(claim.UntilUs);
        return HoldOf(claim) with { Appointment = AppointmentJson.Write(offer, claim.Id, "pending", wish, until, null), IsRepeated = isRepeated };
    }

    /// <summary>Books an offer at once.</summary>
    public async Task<BookingResult> Book(OfferId offer, BookingWish wish, string owner, string? idempotencyKey, CancellationToken stop)
    {
        var id = IdOf(owner, idempotencyKey);
        if (idempotencyKey is not null && await Repeated(id, stop) is { } before) return before;
        return await Take(offer, id, found => Book(found, id, wish, owner, found.Spans, stop), stop);
    }

    /// <summary>Books what is held; the same again gives the booking that there is.</summary>
    public async Task<BookingResult> BookHeld(string id, BookingWish wish, string owner, CancellationToken stop)
    {
        if (await bookings.Find(id, stop) is not { } claim || claim.Owner != KeyOf(owner)) return await Repeated(id, stop) ?? new(BookingOutcome.Gone);
        if (claim.State == ClaimState.Booked) return await Repeated(id, stop) ?? new(BookingOutcome.Gone);
        return await offers.Of(claim, stop) is { } offer ? await Book(offer, id, wish, owner, [], stop) : new(BookingOutcome.Gone);
    }

    /// <summary>Books what is held, and the same again each week after: with the same person, at the same time on the wall. Weeks in which that cannot be had are left out. Each is booked by itself: sent again, it goes on where it was.</summary>
    /// <param name="id">Of the hold; it becomes the first of the series.</param>
    /// <param name="wish">For whom. The referral it answers counts for the first: the series is one booking.</param>
    /// <param name="owner">Who holds.</param>
    /// <param name="times">How many; not more than the service allows are booked.</param>
    /// <param name="stop">Stops it between two of them.</param>
    /// <returns>What became of the first, and how many were booked.</returns>
    public async Task<(BookingResult First, int Booked)> BookSeries(string id, BookingWish wish, string owner, int times, CancellationToken stop)
    {
        var offer = await bookings.Find(id, stop) is { } claim && claim.Owner == KeyOf(owner) ? await offers.Of(claim, stop) : null;
        wish = wish with { Series = id };
        var first = await BookHeld(id, wish, owner, stop);
        if (!first.IsDone || offer is null) return (first, first.IsDone ? 1 : 0);
        var booked = 1;
        for (var week = 1; week < Math.Min(times, offer.Service.Series); week++)
        {
            var next = IdOf(owner, $"{id}/{week}");
            if (await Repeated(next, stop) is not null) booked++;
            else if (offer.InWeeks(week) is { } same && await offers.Resolve(same, next, stop) is (var found, true) && (await Book(found, next, wish, owner, found.Spans, stop)).IsDone) booked++;
        }
        return (first, booked);
    }

    async Task<BookingResult> Book(Offer offer, string id, BookingWish wish, string owner, IReadOnlyList<Span> spans, CancellationToken stop)
    {
        var write = Written("POST", AppointmentJson.Write(offer, id, "booked", wish, null, clock.GetUtcNow()), id, expected: 0);
        var answer = await bookings.Ask(new(BookingAct.Book, id, KeyOf(owner), wish.Series is { } series && series != id ? 0 : KeyOf(wish.Referral), spans) { Proposal = offer.Id, Writes = [write] }, stop);
        if (answer.IsDone && answer.Commit is { } commit) return Stored(commit.Results[0]!, isRepeated: false);
        // The same had been asked at the same time.
        return answer.Verdict.Outcome is BookingOutcome.Done or BookingOutcome.IdTaken && await Repeated(id, stop) is { } before ? before : new(answer.Verdict.IsDone ? BookingOutcome.Gone : answer.Verdict.Outcome);
    }

    /// <summary>Moves an appointment: the new time is booked and the old one given back in one step.</summary>
    /// <param name="stored">The Appointment as its reader saw it.</param>
    /// <param name="offer">Where to.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <exception cref="FaultException">It was changed meanwhile.</exception>
    public Task<BookingResult> Move(StoredResource stored, OfferId offer, CancellationToken stop) => Take(offer, stored.Id, async found =>
    {
        var json = JsonNode.Parse(stored.Body)!.AsObject();
        var write = Written("PUT", Encoding.UTF8.GetBytes(AppointmentJson.Moved(json, found).ToJsonString()), stored.Id, stored.Version);
        return Changed(await bookings.Ask(new(BookingAct.Move, stored.Id, 0, 0, found.Spans) { Proposal = found.Id, Writes = [write], KeptFor = KeyOf($"Appointment/{stored.Id}") }, stop));
    }, stop);

    /// <summary>Cancels an appointment and gives its time back.</summary>
    /// <param name="stored">The Appointment as its reader saw it.</param>
    /// <param name="reason">Why: a CodeableConcept; null when nobody said.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <exception cref="FaultException">It was changed meanwhile.</exception>
    public Task<BookingResult> Cancel(StoredResource stored, JsonObject? reason, CancellationToken stop) => Change(stored, json =>
    {
        json["status"] = "cancelled";
        json.Remove("cancelationReason");
        if (reason is not null) json["cancelationReason"] = reason.DeepClone();
    }, gives: true, stop);

    /// <summary>Changes what an Appointment says without its time: that somebody is there, was seen, did not come.</summary>
    /// <param name="stored">The Appointment as its reader saw it.</param>
    /// <param name="change">What is other.</param>
    /// <param name="gives">Whether its time is given back.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <exception cref="FaultException">It was changed meanwhile.</exception>
    public async Task<BookingResult> Change(StoredResource stored, Action<JsonObject> change, bool gives, CancellationToken stop)
    {
        var json = JsonNode.Parse(stored.Body)!.AsObject();
        change(json);
        if (gives) KeptTimes.End(json);
        var write = Written("PUT", Encoding.UTF8.GetBytes(json.ToJsonString()), stored.Id, stored.Version);
        if (gives && await bookings.Find(stored.Id, stop) is not null) return Changed(await bookings.Ask(new(BookingAct.Release, stored.Id, 0, 0, []) { Writes = [write], KeptFor = KeyOf($"Appointment/{stored.Id}") }, stop));
        var commit = await store.Commit([write], [], stop);
        return commit.Outcome == CommitOutcome.Done ? Stored(commit.Results[0]!, isRepeated: false) : throw ChangedMeanwhile();
    }

    /// <summary>Keeps times for an appointment, of which one may be taken instead of its own; times that were kept for it before are let go.</summary>
    /// <param name="stored">The Appointment as its reader saw it.</param>
    /// <param name="times">One to <see cref="HoldRules.MostOfOwner"/>.</param>
    /// <param name="why">Why they are offered.</param>
    /// <param name="until">Until when they are kept.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>What the record says now; <see cref="BookingOutcome.Taken"/> when one of them was taken meanwhile: then none is kept.</returns>
    /// <exception cref="FaultException">It was changed meanwhile.</exception>
    public async Task<BookingResult> Keep(StoredResource stored, IReadOnlyList<Offer> times, KeptWhy why, DateTimeOffset until, CancellationToken stop)
    {
        var (owner, json) = (KeyOf($"Appointment/{stored.Id}"), JsonNode.Parse(stored.Body)!.AsObject());
        KeptTimes.Set(json, times, why, until);
        var write = Written("PUT", Encoding.UTF8.GetBytes(json.ToJsonString()), stored.Id, stored.Version);
        for (var i = 0; ; i++)
        {
            // The first lets go what was kept before, the last is stored together with the Appointment that tells of all.
            var answer = await bookings.Ask(new(BookingAct.Hold, Guid.CreateVersion7().ToString("D"), owner, 0, times[i].Spans) { Proposal = times[i].Id, UntilUs = until.Us(), KeptFor = i == 0 ? owner : 0, Writes = i == times.Count - 1 ? [write] : [] }, stop);
            if (answer.IsDone && i < times.Count - 1) continue;
            if (!answer.IsDone) await bookings.Ask(new(BookingAct.LetGoKept, stored.Id, 0, 0, []) { KeptFor = owner }, stop);
            return Changed(answer);
        }
    }

    /// <summary>Lets go the times that are kept for an appointment; they are not offered to it again.</summary>
    /// <param name="stored">The Appointment as its reader saw it.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <exception cref="FaultException">It was changed meanwhile.</exception>
    public async Task<BookingResult> LetGoKept(StoredResource stored, CancellationToken stop)
    {
        var json = JsonNode.Parse(stored.Body)!.AsObject();
        KeptTimes.Decline(json);
        var write = Written("PUT", Encoding.UTF8.GetBytes(json.ToJsonString()), stored.Id, stored.Version);
        return Changed(await bookings.Ask(new(BookingAct.LetGoKept, stored.Id, 0, 0, []) { Writes = [write], KeptFor = KeyOf($"Appointment/{stored.Id}") }, stop));
    }

    static BookingResult Changed(BookingAnswer answer) => !answer.Verdict.IsDone ? new(answer.Verdict.Outcome)
        : answer.Commit is { Outcome: CommitOutcome.Done } commit ? Stored(commit.Results[0]!, isRepeated: false) : throw ChangedMeanwhile();

    static FaultException ChangedMeanwhile() => new(new Fault(FaultKind.Conflict, "conflict", "Appointment", "The appointment was changed by somebody else meanwhile. Read it again and repeat the change."));

    /// <summary>Finds the offer as it can be had now and takes it; tries another room when the one that was free is gone.</summary>
    async Task<BookingResult> Take(OfferId id, string? but, Func<Offer, Task<BookingResult>> take, CancellationToken stop)
    {
        for (var tries = 0; ; tries++)
        {
            if (await offers.Resolve(id, but, stop) is not var (offer, isFree)) return new(BookingOutcome.Gone);
            var result = isFree ? await take(offer) : new(BookingOutcome.Taken);
            if (result.Outcome != BookingOutcome.Taken) return result;
            if (isFree && offer.Calendars.Count > 1 && tries < MostTries) continue;
            return result with { Alternatives = await Alternatives(offer, but, stop) };
        }
    }

    /// <summary>The next times of the same service: of the day if there are enough, with the same person first.</summary>
    async Task<IReadOnlyList<Offer>> Alternatives(Offer offer, string? but, CancellationToken stop)
    {
        var found = new List<Offer>();
        var from = offer.Time.Start.AddHours(-4);
        foreach (var span in Near)
            foreach (var actors in (string[][])[[offer.Calendars[0].Actor], []])
            {
                var query = new OfferQuery { From = from, To = from + span, Services = [offer.Service.Id], Actors = actors, Count = MostAlternatives, IsStaff = true, But = but };
                found.AddRange((await offers.Find(query, stop)).Offers.Where(one => !found.Exists(other => other.Id == one.Id)));
                if (found.Count >= MostAlternatives) return found[..MostAlternatives];
            }
        return found;
    }

    /// <summary>What a key or a hold was used for before; null for nothing.</summary>
    async Task<BookingResult?> Repeated(string id, CancellationToken stop) =>
        await store.Read("Appointment", id, AccessFilter.Everything, stop) is { IsDeleted: false } stored ? Stored(stored, isRepeated: true) : null;

    static BookingResult Stored(StoredResource stored, bool isRepeated) => new(BookingOutcome.Done) { Id = stored.Id, Stored = stored, Appointment = stored.Body, IsRepeated = isRepeated };

    Write Written(string method, byte[] body, string id, int expected)
    {
        using var json = FhirJson.Parse(body);
        return new() { Method = method, Type = "Appointment", Id = id, Draft = Draft.Of(json.RootElement, id, store.Indexer), ExpectedVersion = expected };
    }

    long KeyOf(string? reference) => reference is null ? 0 : store.Keys.Reference(reference);

    /// <summary>A name that nobody guesses, or the one that belongs to the key of this asker.</summary>
    static string IdOf(string owner, string? idempotencyKey) =>
        idempotencyKey is null ? Guid.CreateVersion7().ToString("D") : new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{owner}\n{idempotencyKey}")).AsSpan(0, 16)).ToString("D");
}
