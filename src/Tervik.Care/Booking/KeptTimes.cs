using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Care.Clinics;
using Tervik.Records.Model;

namespace Tervik.Care.Booking;

/// <summary>Why times are kept for an appointment.</summary>
public enum KeptWhy
{
    /// <summary>The patient waits for an earlier one.</summary>
    Earlier,
    /// <summary>The clinic cannot keep its own time.</summary>
    Absence,
}

/// <summary>A time that is kept for an appointment, to be taken instead of its own.</summary>
/// <param name="Offer">Which; <see cref="BookingDesk.Move"/> takes it.</param>
/// <param name="Start">When, with the offset of its wall.</param>
/// <param name="With">With whom, or null.</param>
/// <param name="Until">Until when it is kept.</param>
/// <param name="Why">Why.</param>
public sealed record KeptTime(OfferId Offer, DateTimeOffset Start, string? With, DateTimeOffset Until, KeptWhy Why);

/// <summary>A patient's wish for an earlier time.</summary>
/// <param name="Since">When they said so: who waits longer comes first.</param>
/// <param name="From">The first day on which they can come; null for any.</param>
public sealed record EarlierWish(DateTimeOffset Since, DateOnly? From);

/// <summary>What an Appointment says of times that are kept for it and of the wish for an earlier one: extensions, and tags by which it is found.</summary>
public static class KeptTimes
{
    /// <summary>Of a kept time, up to three: its parts are <c>proposal</c>, <c>start</c>, <c>with</c>, <c>until</c>, <c>why</c>.</summary>
    public const string Extension = "urn:tervik:kept-time";
    /// <summary>Of a proposal that was declined, or not answered in time.</summary>
    public const string DeclinedExtension = "urn:tervik:declined-time";
    /// <summary>Of the wish for an earlier time: <c>since</c>, <c>from</c>.</summary>
    public const string EarlierExtension = "urn:tervik:earlier";
    /// <summary>System of the tags.</summary>
    public const string Tags = "urn:tervik:waiting";
    /// <summary>Tags: waits for an earlier time; times are kept for it; its own time was taken by an absence.</summary>
    public const string EarlierTag = "earlier", OfferedTag = "offered", DisplacedTag = "displaced";
    const int MostDeclined = 50;

    /// <summary>The times that are kept.</summary>
    public static IReadOnlyList<KeptTime> Of(JsonElement appointment)
    {
        var kept = new List<KeptTime>();
        foreach (var one in appointment.Extensions(Extension))
            if (OfferId.Parse(one.Extension("proposal").TextAt("valueString") ?? "") is { } offer && Instant(one, "start") is { } start && Instant(one, "until") is { } until)
                kept.Add(new(offer, start, one.Extension("with").TextAt("valueString"), until, one.Extension("why").TextAt("valueCode") == "absence" ? KeptWhy.Absence : KeptWhy.Earlier));
        return kept;
    }

    /// <summary>Proposals that are not offered again.</summary>
    public static HashSet<string> Declined(JsonElement appointment) => [.. appointment.Extensions(DeclinedExtension).Select(one => one.TextAt("valueString")).OfType<string>()];

    /// <summary>The wish for an earlier time; null when there is none.</summary>
    public static EarlierWish? Earlier(JsonElement appointment) => appointment.Extension(EarlierExtension) is { ValueKind: JsonValueKind.Object } wish && Instant(wish, "since") is { } since
        ? new(since, DateOnly.TryParse(wish.Extension("from").TextAt("valueDate"), CultureInfo.InvariantCulture, out var day) ? day : null) : null;

    /// <summary>Whether an absence took its time.</summary>
    public static bool IsDisplaced(JsonElement appointment) => appointment.At("meta").ItemsAt("tag").Any(tag => tag.TextAt("system") == Tags && tag.TextAt("code") == DisplacedTag);

    /// <summary>Says or takes back the wish for an earlier time.</summary>
    /// <param name="appointment">To change.</param>
    /// <param name="wish">Null to take it back.</param>
    public static void Wish(JsonObject appointment, EarlierWish? wish)
    {
        Remove(appointment, EarlierExtension);
        Tag(appointment, EarlierTag, wish is not null);
        if (wish is null) return;
        var parts = new JsonArray(Part("since", "valueInstant", Text(wish.Since)));
        if (wish.From is { } day) parts.Add(Part("from", "valueDate", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        Extensions(appointment).Add(new JsonObject { ["url"] = EarlierExtension, ["extension"] = parts });
    }

    /// <summary>Says whether an absence took its time.</summary>
    public static void Displace(JsonObject appointment, bool isDisplaced) => Tag(appointment, DisplacedTag, isDisplaced);

    internal static void Set(JsonObject appointment, IReadOnlyList<Offer> times, KeptWhy why, DateTimeOffset until)
    {
        Remove(appointment, Extension);
        foreach (var time in times)
        {
            var parts = new JsonArray(Part("proposal", "valueString", time.Id), Part("start", "valueInstant", Text(time.Time.Start)), Part("until", "valueInstant", Text(until)), Part("why", "valueCode", why == KeptWhy.Absence ? "absence" : "earlier"));
            if (time.Calendars[0].ActorName is { } name) parts.Add(Part("with", "valueString", name));
            Extensions(appointment).Add(new JsonObject { ["url"] = Extension, ["extension"] = parts });
        }
        Tag(appointment, OfferedTag, true);
        if (why == KeptWhy.Absence) Tag(appointment, DisplacedTag, true);
    }

    internal static void Decline(JsonObject appointment)
    {
        var offered = Extensions(appointment).Where(one => one!["url"]?.GetValue<string>() == Extension).SelectMany(one => one!["extension"]!.AsArray()).Where(part => part!["url"]?.GetValue<string>() == "proposal").Select(part => part!["valueString"]!.GetValue<string>()).ToList();
        Remove(appointment, Extension);
        Tag(appointment, OfferedTag, false);
        foreach (var proposal in offered) Extensions(appointment).Add(new JsonObject { ["url"] = DeclinedExtension, ["valueString"] = proposal });
        while (Extensions(appointment).Count(one => one!["url"]?.GetValue<string>() == DeclinedExtension) > MostDeclined) Extensions(appointment).Remove(Extensions(appointment).First(one => one!["url"]?.GetValue<string>() == DeclinedExtension));
    }

    /// <summary>It has another time now, or none: nothing of this is left to say.</summary>
    internal static void End(JsonObject appointment)
    {
        foreach (var url in (string[])[Extension, DeclinedExtension, EarlierExtension]) Remove(appointment, url);
        foreach (var tag in (string[])[EarlierTag, OfferedTag, DisplacedTag]) Tag(appointment, tag, false);
    }

    static JsonArray Extensions(JsonObject appointment) => appointment["extension"] as JsonArray ?? (JsonArray)(appointment["extension"] = new JsonArray());

    static void Remove(JsonObject appointment, string url)
    {
        if (appointment["extension"] is not JsonArray all) return;
        foreach (var one in all.Where(one => one?["url"]?.GetValue<string>() == url).ToList()) all.Remove(one);
        if (all.Count == 0) appointment.Remove("extension");
    }

    static void Tag(JsonObject appointment, string code, bool isSet)
    {
        var meta = appointment["meta"] as JsonObject ?? (JsonObject)(appointment["meta"] = new JsonObject());
        var tags = meta["tag"] as JsonArray ?? (JsonArray)(meta["tag"] = new JsonArray());
        foreach (var tag in tags.Where(tag => tag?["system"]?.GetValue<string>() == Tags && tag["code"]?.GetValue<string>() == code).ToList()) tags.Remove(tag);
        if (isSet) tags.Add(new JsonObject { ["system"] = Tags, ["code"] = code });
        if (tags.Count == 0) meta.Remove("tag");
        if (meta.Count == 0) appointment.Remove("meta");
    }

    static JsonObject Part(string url, string type, string value) => new() { ["url"] = url, [type] = value };

    static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);

    static DateTimeOffset? Instant(JsonElement extension, string part) =>
        DateTimeOffset.TryParse(extension.Extension(part).TextAt("valueInstant"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
