using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>The resource that a form writes.</summary>
/// <param name="Id">Id it has or will have.</param>
/// <param name="Version">Version the form began from; null for a new one.</param>
/// <param name="Resource">What is stored now, to be changed; empty but for its type when nothing is.</param>
/// <param name="Stored">The same as it was read; undefined when nothing is stored.</param>
public sealed record Target(string Id, int? Version, JsonObject Resource, JsonElement Stored)
{
    public Change Change => new(Resource, Id, Version);
}

/// <summary>What a form says: what would be written, and what to think about before.</summary>
/// <param name="Changes">The target's first. Meaningless while the form has errors.</param>
/// <param name="Hints">Also while it has errors, as far as what was typed goes.</param>
public sealed record Outcome(IReadOnlyList<Change> Changes, IReadOnlyList<Hint> Hints);

/// <summary>One kind of entry that professionals write: which fields it has, how a resource fills them and how they fill a resource.</summary>
public abstract class EntryForm
{
    /// <summary>Fields that every form has when it changes an entry.</summary>
    public const string InError = "in-error", Reason = "reason";
    protected const int LongText = 10_000, ShortText = 300;

    /// <summary>In addresses and words: <c>note</c>.</summary>
    public abstract string Key { get; }
    /// <summary>Resource type.</summary>
    public abstract string Type { get; }
    /// <summary>The component with its fields.</summary>
    public abstract Type Fields { get; }

    /// <summary>What the fields of a new entry begin with.</summary>
    public virtual Dictionary<string, string> Begin(Situation situation) => [];

    /// <summary>What the fields show of a stored entry.</summary>
    public abstract Dictionary<string, string> Values(JsonElement stored);

    /// <summary>Reads what was typed, notes errors in the form, and puts the rest into the resource; what the form does not know stays there.</summary>
    public abstract Outcome Read(Form form, Target target, Situation situation);

    /// <summary>All forms, in the order of the menu.</summary>
    public static readonly EntryForm[] All = [new NoteForm(), new DiagnosisForm(), new PrescriptionForm(), new ObservationForm(), new AllergyForm(), new VaccinationForm(), new OrderForm()];

    /// <summary>What a list offers: keys and their words <c>{kind} {key}</c>.</summary>
    internal static IReadOnlyList<(string Value, string Words)> Offer(string kind, IEnumerable<string> keys) => [.. keys.Select(key => (key, Words.Of($"{kind} {key}")))];

    /// <summary>Why it is taken back; null when it is not.</summary>
    protected static string? TakenBack(Form form) => form[InError].Length == 0 ? null : form.Text(Reason, ShortText);

    /// <summary>A date with the precision that is known: a year, a month or a day, not in the future.</summary>
    protected static string? PartialDate(Form form, string name, Situation situation, bool isRequired = false)
    {
        var text = form.Text(name, longest: 10, isRequired);
        if (text.Length == 0) return null;
        var culture = CultureInfo.InvariantCulture;
        string? written =
            DateOnly.TryParseExact(text, ["yyyy-MM-dd", "d.M.yyyy", "d/M/yyyy"], culture, DateTimeStyles.None, out var day) ? day.Written()
            : DateOnly.TryParseExact(text, ["yyyy-MM", "M.yyyy", "M/yyyy"], culture, DateTimeStyles.None, out var month) ? month.ToString("yyyy-MM", culture)
            : DateOnly.TryParseExact(text, "yyyy", culture, DateTimeStyles.None, out var year) ? year.ToString("yyyy", culture) : null;
        if (written is null) form.Fail(name, Words.Of("error no partial date"));
        else if (string.CompareOrdinal(written, situation.Today.Written()[..written.Length]) > 0) form.Fail(name, Words.Of("error in the future"));
        else if (string.CompareOrdinal(written, situation.Born is { } born ? born.Written()[..written.Length] : "1880") < 0) form.Fail(name, Words.Of("error before birth"));
        else return written;
        return null;
    }

    /// <summary>Day and time of day of something that has happened; both begin with now.</summary>
    protected static string? Moment(Form form, string day, string time, Situation situation)
    {
        var earliest = situation.Born ?? new(1880, 1, 1);
        if (form.Day(day, earliest, situation.Today) is not { } date) return null;
        var clock = form[time].Trim();
        if (clock.Length == 0) return date.Written();
        if (!TimeOnly.TryParseExact(clock, ["HH:mm", "H:mm", "HH:mm:ss", "HH.mm", "H.mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
        {
            form.Fail(time, Words.Of("error no time"));
            return null;
        }
        var moment = new DateTimeOffset(date.ToDateTime(at), TimeZoneInfo.Local.GetUtcOffset(date.ToDateTime(at)));
        // A clock that is a little ahead is no mistake of whoever writes.
        if (moment > DateTimeOffset.Parse(situation.Now, CultureInfo.InvariantCulture).AddMinutes(5))
        {
            form.Fail(time, Words.Of("error in the future"));
            return null;
        }
        return moment.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
    }

    /// <summary>A stored moment for the fields of day and time.</summary>
    protected static void PutMoment(Dictionary<string, string> values, string day, string time, JsonElement stored, params ReadOnlySpan<string> names)
    {
        if (FhirDate.Of(stored, names) is not { } date) return;
        var local = date.Text.Length > 10 ? date.Instant.ToLocalTime() : date.Instant;
        values[day] = date.Text.Length >= 10 ? local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : date.Text;
        if (date.Text.Length > 10) values[time] = local.ToString("HH:mm", CultureInfo.InvariantCulture);
    }

    /// <summary>Keeps a stored moment that the fields still show, with its seconds and its place.</summary>
    protected static bool IsSameMoment(string written, JsonElement stored, string name) =>
        FhirDate.Read(stored.TextAt(name)) is { } before && FhirDate.Read(written) is { } now && (before.Text.Length > 10) == (now.Text.Length > 10) && Math.Abs((before.Instant - now.Instant).TotalSeconds) < 60;

    protected static string Today(Situation situation) => situation.Today.Written();
    protected static string TimeNow(Situation situation) => DateTimeOffset.Parse(situation.Now, CultureInfo.InvariantCulture).ToLocalTime().ToString("HH:mm", CultureInfo.InvariantCulture);
    protected static string Raw(JsonElement json, string name) => json.At(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : json.TextAt(name) ?? "";
}
