using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Model;

namespace Tervik.Care.Questionnaires;

/// <summary>What is wrong with an answer.</summary>
/// <param name="Code">Which rule: <c>required</c>, <c>type</c>, <c>option</c>, <c>too-long</c>, <c>too-short</c>, <c>too-small</c>, <c>too-large</c>, <c>decimal-places</c>, <c>pattern</c>, <c>unit</c>, <c>several</c>, <c>too-many</c>, <c>not-asked</c>, <c>unknown</c>, <c>order</c>, <c>place</c>.</param>
/// <param name="LinkId">Of which item.</param>
/// <param name="Field">Name of the place (<see cref="Place.Name"/>).</param>
/// <param name="Expected">What was expected, in English, for the API.</param>
/// <param name="Limit">The number or text of the rule, where it has one.</param>
public sealed record AnswerFault(string Code, string LinkId, string Field, string Expected, string? Limit = null);

/// <summary>A place on the sheet: a group as often as it was filled in, a question for each of its answers, and one where there is none yet.</summary>
public sealed class Place
{
    readonly List<Place> places = [];

    internal Place(Item item, Place? parent, int number, AnswerValue? value) => (Item, Parent, Number, Value) = (item, parent, number, value);

    /// <summary>What is asked.</summary>
    public Item Item { get; }
    /// <summary>The group, or the answer, below which it is asked; null at the top.</summary>
    public Place? Parent { get; }
    /// <summary>Which time, from 0.</summary>
    public int Number { get; }
    /// <summary>The answer; null for none, and for a group.</summary>
    public AnswerValue? Value { get; internal set; }
    /// <summary>What is below it, in the order of the Questionnaire.</summary>
    public IReadOnlyList<Place> Places => places;
    /// <summary>Whether it is asked, after what was answered elsewhere.</summary>
    public bool IsAsked { get; internal set; } = true;

    /// <summary>Name of its field in a form: what it is and which time. It stays the same when items are added to the Questionnaire or change their order.</summary>
    public string Name => NameOf(Item, Parent) + (Item.Repeats && !Item.IsManyOf ? $"-{Number.ToString(CultureInfo.InvariantCulture)}" : "");

    internal void Add(Place place) => places.Add(place);

    /// <summary>Whether there is an answer in it.</summary>
    public bool IsAnswered => Item.IsQuestion ? Value is not null : places.Exists(place => place.IsAsked && place.IsAnswered);

    /// <summary>Name of an item below a place, without the number of the time.</summary>
    public static string NameOf(Item item, Place? parent)
    {
        var name = new StringBuilder("q-");
        // Letters and digits stand for themselves; whatever else a linkId may hold is written as its number.
        foreach (var letter in item.LinkId)
            if (char.IsAsciiLetterOrDigit(letter)) name.Append(letter);
            else name.Append('_').Append(((int)letter).ToString("x", CultureInfo.InvariantCulture)).Append('_');
        var numbers = new List<int>();
        for (var at = parent; at is not null; at = at.Parent)
            if (at.Item.Repeats) numbers.Add(at.Number);
        for (var i = numbers.Count - 1; i >= 0; i--) name.Append('-').Append(numbers[i].ToString(CultureInfo.InvariantCulture));
        return name.ToString();
    }
}

/// <summary>A Questionnaire with the answers of one patient: knows what is asked, what is wrong, and how it is written as a QuestionnaireResponse. Pure: values in, values out.</summary>
/// <remarks>Source: FHIR R4, Questionnaire (enableWhen, item types, extensions) and QuestionnaireResponse (5.2 to 5.4, how the two belong together).</remarks>
public sealed class AnswerSheet
{
    /// <summary>More answers and repetitions nobody writes.</summary>
    public const int MostPlaces = 5000, MostTimes = 50;
    /// <summary>Characters of a line and of a text where the Questionnaire does not say.</summary>
    public const int LongestLine = 500, LongestText = 10_000;

    readonly List<Place> places = [];
    readonly Dictionary<string, List<Place>> byLink = new(StringComparer.Ordinal);
    int count;

    AnswerSheet(Questionnaire questionnaire) => Questionnaire = questionnaire;

    /// <summary>What is asked.</summary>
    public Questionnaire Questionnaire { get; }
    /// <summary>The outermost places, in the order of the Questionnaire.</summary>
    public IReadOnlyList<Place> Places => places;
    /// <summary>All places.</summary>
    public IEnumerable<Place> All => byLink.Values.SelectMany(same => same);

    /// <summary>A sheet that nobody has written on: with what the Questionnaire begins with.</summary>
    /// <param name="questionnaire">What is asked.</param>
    /// <param name="prefilled">What else a question begins with, by its linkId.</param>
    public static AnswerSheet Begin(Questionnaire questionnaire, IReadOnlyDictionary<string, AnswerValue>? prefilled = null) =>
        Fill(questionnaire, (item, _) => prefilled?.GetValueOrDefault(item.LinkId) is { } own ? [own] : item.Initial.Count > 0 ? [.. item.Initial] : item.Options is { } options ? [.. options.Where(option => option.IsInitial).Select(option => option.Value)] : [], (_, _) => 1);

    /// <summary>A sheet with the answers that a form gives.</summary>
    /// <param name="questionnaire">What is asked.</param>
    /// <param name="answers">The answers of a question below a place; null for an answer that is empty or none.</param>
    /// <param name="times">How often a group below a place is filled in.</param>
    public static AnswerSheet Fill(Questionnaire questionnaire, Func<Item, Place?, IReadOnlyList<AnswerValue?>> answers, Func<Item, Place?, int> times)
    {
        var sheet = new AnswerSheet(questionnaire);
        sheet.Fill(questionnaire.Items, parent: null, answers, times);
        sheet.Settle();
        return sheet;
    }

    void Fill(IReadOnlyList<Item> items, Place? parent, Func<Item, Place?, IReadOnlyList<AnswerValue?>> answers, Func<Item, Place?, int> times)
    {
        foreach (var item in items)
        {
            var values = item.IsQuestion ? answers(item, parent) : [];
            var number = item.Type == ItemType.Group && item.Repeats ? Math.Clamp(times(item, parent), 1, MostTimes) : Math.Max(1, Math.Min(values.Count, TimesOf(item)));
            for (var i = 0; i < number && count < MostPlaces; i++) Fill(item.Items, Put(item, parent, i, i < values.Count ? values[i] : null), answers, times);
        }
    }

    static int TimesOf(Item item) => item.IsManyOf ? Questionnaire.MostOptions : item.Repeats ? MostTimes : 1;

    Place Put(Item item, Place? parent, int number, AnswerValue? value)
    {
        count++;
        var place = new Place(item, parent, number, value);
        if (parent is null) places.Add(place);
        else parent.Add(place);
        if (!byLink.TryGetValue(item.LinkId, out var same)) byLink[item.LinkId] = same = [];
        same.Add(place);
        return place;
    }

    /// <summary>Reads a QuestionnaireResponse.</summary>
    /// <param name="questionnaire">What was asked.</param>
    /// <param name="response">The QuestionnaireResponse.</param>
    /// <param name="faults">Receives what does not belong to the Questionnaire, and is left out.</param>
    public static AnswerSheet Read(Questionnaire questionnaire, JsonElement response, List<AnswerFault> faults)
    {
        var sheet = new AnswerSheet(questionnaire);
        sheet.Read(questionnaire.Items, response, parent: null, faults);
        sheet.Settle();
        return sheet;
    }

    void Read(IReadOnlyList<Item> items, JsonElement json, Place? parent, List<AnswerFault> faults)
    {
        var given = new Dictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        var (last, order) = (-1, items.Select((item, i) => (item.LinkId, i)).DistinctBy(item => item.LinkId).ToDictionary(item => item.LinkId, item => item.i, StringComparer.Ordinal));
        foreach (var one in json.ItemsAt("item"))
        {
            var link = one.TextAt("linkId") ?? "";
            if (!order.TryGetValue(link, out var at)) faults.Add(new("unknown", link, "", $"An item of the Questionnaire below {parent?.Item.LinkId ?? "its root"}."));
            else
            {
                if (at < last) faults.Add(new("order", link, Place.NameOf(items[at], parent), "Items in the order of the Questionnaire."));
                last = Math.Max(last, at);
                if (!given.TryGetValue(link, out var same)) given[link] = same = [];
                same.Add(one);
            }
        }
        foreach (var item in items)
        {
            var (field, found, number) = (Place.NameOf(item, parent), given.GetValueOrDefault(item.LinkId) ?? [], 0);
            if (item.Type == ItemType.Group)
            {
                if (found.Count > 1 && !item.Repeats) faults.Add(new("several", item.LinkId, field, "The group once."));
                if (found.Exists(one => one.At("answer").Exists())) faults.Add(new("place", item.LinkId, field, "No answer of a group."));
                foreach (var one in found.Take(item.Repeats ? MostTimes : 1))
                    if (count < MostPlaces) Read(item.Items, one, Put(item, parent, number++, null), faults);
                if (found.Count > MostTimes) faults.Add(new("too-many", item.LinkId, field, $"At most {MostTimes} times.", MostTimes.ToString(CultureInfo.InvariantCulture)));
            }
            else
            {
                if (found.Count > 1) faults.Add(new("several", item.LinkId, field, "One item with all answers of the question."));
                if (found.Exists(one => one.At("item").Exists())) faults.Add(new("place", item.LinkId, field, "Items below the answer of a question."));
                var answers = found.SelectMany(one => one.ItemsAt("answer")).ToList();
                if (item.Type == ItemType.Display && answers.Count > 0) faults.Add(new("place", item.LinkId, field, "No answer of a text."));
                // A question that is answered too often keeps its answers, and is told so.
                var most = item.IsManyOf ? Questionnaire.MostOptions : MostTimes;
                if (answers.Count > most) faults.Add(new("too-many", item.LinkId, field, $"At most {most} answers.", most.ToString(CultureInfo.InvariantCulture)));
                foreach (var answer in item.IsQuestion ? answers.Take(most) : [])
                    if (count < MostPlaces) Read(item.Items, answer, Put(item, parent, number++, AnswerValue.Read(answer)), faults);
            }
            // What is not there yet can be written there.
            if (number == 0 && count < MostPlaces) Read(item.Items, default, Put(item, parent, 0, null), faults);
        }
        if (count >= MostPlaces && !faults.Exists(fault => fault.Code == "too-many" && fault.LinkId.Length == 0)) faults.Add(new("too-many", "", "", $"At most {MostPlaces} answers and repetitions in all.", MostPlaces.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Finds out what is asked.</summary>
    void Settle()
    {
        var known = new Dictionary<Place, bool?>();
        foreach (var place in All) place.IsAsked = IsAsked(place, known);
    }

    bool IsAsked(Place place, Dictionary<Place, bool?> known)
    {
        if (known.TryGetValue(place, out var asked)) return asked ?? false; // A circle asks nothing.
        known[place] = null;
        var isAsked = place.Parent is not { } parent
            // What is below a question belongs to its answer.
            || IsAsked(parent, known) && (!parent.Item.IsQuestion || parent.Value is not null);
        if (isAsked && place.Item.Conditions is { Count: > 0 } conditions)
            isAsked = place.Item.NeedsAll ? conditions.All(condition => condition.Holds(AnswersOf(condition.Question, place, known))) : conditions.Any(condition => condition.Holds(AnswersOf(condition.Question, place, known)));
        known[place] = isAsked;
        return isAsked;
    }

    // The nearest of several places: an ancestor, else those in the smallest place around.
    List<AnswerValue> AnswersOf(string question, Place from, Dictionary<Place, bool?> known)
    {
        if (!byLink.TryGetValue(question, out var all)) return [];
        for (var around = from.Parent; around is not null; around = around.Parent)
        {
            if (around.Item.LinkId == question) return Answers([around], known);
            if (all.FindAll(place => IsWithin(place, around)) is { Count: > 0 } near) return Answers(near, known);
        }
        return Answers(all, known);
    }

    List<AnswerValue> Answers(List<Place> from, Dictionary<Place, bool?> known) => [.. from.Where(place => place.Value is not null && IsAsked(place, known)).Select(place => place.Value!)];

    static bool IsWithin(Place place, Place around)
    {
        for (var at = place.Parent; at is not null; at = at.Parent)
            if (at == around) return true;
        return false;
    }

    /// <summary>What is wrong with the answers.</summary>
    /// <param name="isComplete">They are to be handed in: what has to be answered is missed. Unfinished ones may lack anything.</param>
    public IReadOnlyList<AnswerFault> Check(bool isComplete)
    {
        var faults = new List<AnswerFault>();
        Check(places, isComplete, faults);
        return faults;
    }

    static void Check(IReadOnlyList<Place> places, bool isComplete, List<AnswerFault> faults)
    {
        foreach (var same in places.GroupBy(place => place.Item, ReferenceEqualityComparer.Instance))
        {
            var item = same.First().Item;
            foreach (var place in same.Where(place => !place.IsAsked && place.Value is not null)) faults.Add(Fault(place, "not-asked", "No answer: the question is not asked after the other answers."));
            var asked = same.Where(place => place.IsAsked).ToList();
            if (asked.Count == 0) continue;
            // A hidden question cannot be answered; what it begins with is there or not.
            if (isComplete && item.IsRequired && !item.IsHidden && item.Type != ItemType.Display && !asked.Exists(place => place.IsAnswered)) faults.Add(Fault(asked[0], "required", "An answer."));
            if (item.IsQuestion && !item.Repeats && asked.Count(place => place.Value is not null) > 1) faults.Add(Fault(asked[1], "several", "One answer."));
            if (item.Repeats && item.IsQuestion && asked.Where(place => place.Value is { Kind: "Coding" }).GroupBy(place => place.Value!.Key).Any(twice => twice.Count() > 1)) faults.Add(Fault(asked[0], "several", "Each answer of the list once."));
            foreach (var place in asked)
            {
                if (place.Value is { } value && Fault(place, value) is { } fault) faults.Add(fault);
                Check(place.Places, isComplete, faults);
            }
        }
    }

    static AnswerFault Fault(Place place, string code, string expected, string? limit = null) => new(code, place.Item.LinkId, place.Name, expected, limit);

    static AnswerFault? Fault(Place place, AnswerValue value)
    {
        var item = place.Item;
        if (!HasType(item, value)) return Fault(place, "type", item.Type switch
        {
            ItemType.Boolean => "true or false", ItemType.Decimal => "A number.", ItemType.Integer => "A whole number.", ItemType.Date => "A date, such as 2026-11-25.", ItemType.DateTime => "A date and a time, such as 2026-11-25T08:30:00+01:00.", ItemType.Time => "A time of day, such as 08:30:00.",
            ItemType.Url => "An address, such as https://example.org.", ItemType.Quantity => "A Quantity with a number.", ItemType.Choice => "One of the list.", ItemType.OpenChoice => "One of the list, or a text.", _ => $"A value of the type {item.Type}.",
        });
        if (item.Options is { } options && item.Type is ItemType.Choice or ItemType.OpenChoice && !options.Any(option => option.Value.Matches(value)) && !(item.Type == ItemType.OpenChoice && value.Kind == "String")) return Fault(place, "option", "One of the list.");
        if (item.Options is { } list && item.Type is ItemType.Integer or ItemType.Date or ItemType.Time or ItemType.String && !list.Any(option => option.Value.Matches(value))) return Fault(place, "option", "One of the list.");
        if (value.Kind is "String" or "Uri")
        {
            var longest = item.MaxLength ?? (item.Type == ItemType.Text ? LongestText : LongestLine);
            if (value.Text.Length > longest) return Fault(place, "too-long", $"At most {longest} characters.", longest.ToString(CultureInfo.InvariantCulture));
            if (item.MinLength is { } shortest && value.Text.Length < shortest) return Fault(place, "too-short", $"At least {shortest} characters.", shortest.ToString(CultureInfo.InvariantCulture));
        }
        if (item.Least is { } least && value.Compare(least) < 0) return Fault(place, "too-small", $"Not below {least.Words}.", least.Words);
        if (item.Most is { } most && value.Compare(most) > 0) return Fault(place, "too-large", $"Not above {most.Words}.", most.Words);
        if (item.DecimalPlaces is { } digits && value.Number is { } number && decimal.Round(number, Math.Min(digits, 28)) != number) return Fault(place, "decimal-places", $"At most {digits} digits after the point.", digits.ToString(CultureInfo.InvariantCulture));
        if (item.Units.Count > 0 && value.Kind == "Quantity" && !item.Units.Any(unit => unit.Text == (value.Code ?? value.Display))) return Fault(place, "unit", $"One of the units {string.Join(", ", item.Units.Select(unit => unit.Text))}.");
        return item.Pattern is { } pattern && value.Kind is not ("Coding" or "Boolean") && !Fits(pattern, value.Text) ? Fault(place, "pattern", $"What fits {pattern}.", item.Format) : null;
    }

    static bool Fits(System.Text.RegularExpressions.Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (System.Text.RegularExpressions.RegexMatchTimeoutException)
        {
            // Who wrote the pattern is to blame, not who answers.
            return true;
        }
    }

    static bool HasType(Item item, AnswerValue value) => item.Type switch
    {
        ItemType.Boolean => value is { Kind: "Boolean", Text: "true" or "false" },
        ItemType.Decimal => value.Kind is "Decimal" or "Integer" && value.Number is not null,
        ItemType.Integer => value.Kind == "Integer" && int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        ItemType.Date => value.Kind == "Date" && IsDate(value.Text),
        ItemType.DateTime => value.Kind == "DateTime" && (IsDate(value.Text) || value.Text.Length > 16 && value.Text[10] == 'T' && DateTimeOffset.TryParse(value.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)),
        ItemType.Time => value.Kind == "Time" && value.Text.Length >= 8 && TimeOnly.TryParseExact(value.Text, ["HH:mm:ss", "HH:mm:ss.FFFFFFF"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ItemType.String or ItemType.Text => value.Kind == "String" && !string.IsNullOrWhiteSpace(value.Text),
        ItemType.Url => value.Kind == "Uri" && Uri.TryCreate(value.Text, UriKind.Absolute, out _) && !value.Text.Any(char.IsWhiteSpace),
        ItemType.Choice => value.Kind == "Coding" && (value.Text.Length > 0 || value.Display is not null) || item.Options?.Any(option => option.Value.Kind == value.Kind) == true,
        ItemType.OpenChoice => value.Kind == "Coding" && (value.Text.Length > 0 || value.Display is not null) || value.Kind == "String" && !string.IsNullOrWhiteSpace(value.Text) || item.Options?.Any(option => option.Value.Kind == value.Kind) == true,
        ItemType.Quantity => value.Kind == "Quantity" && value.Number is not null,
        ItemType.Attachment => value.Kind == "Attachment",
        ItemType.Reference => value.Kind == "Reference",
        _ => false,
    };

    static bool IsDate(string text) => DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM", "yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <summary>The answers as <c>item</c> of a QuestionnaireResponse: what is asked and answered, with the words of the questions.</summary>
    public JsonArray Write() => Write(places);

    static JsonArray Write(IReadOnlyList<Place> places)
    {
        var items = new JsonArray();
        foreach (var same in places.Where(place => place.IsAsked && place.IsAnswered).GroupBy(place => place.Item, ReferenceEqualityComparer.Instance))
        {
            var item = same.First().Item;
            if (item.Type == ItemType.Group)
                foreach (var place in same)
                {
                    var group = Named(item);
                    if (Write(place.Places) is { Count: > 0 } inside) group["item"] = inside;
                    items.Add(group);
                }
            else
            {
                var answers = new JsonArray();
                foreach (var place in same.Where(place => place.Value is not null))
                {
                    var answer = new JsonObject();
                    place.Value!.Write(answer);
                    if (Write(place.Places) is { Count: > 0 } below) answer["item"] = below;
                    answers.Add(answer);
                }
                if (answers.Count == 0) continue;
                var question = Named(item);
                question["answer"] = answers;
                items.Add(question);
            }
        }
        return items;
    }

    static JsonObject Named(Item item)
    {
        var named = new JsonObject { ["linkId"] = item.LinkId };
        if (item.Text.Length > 0) named["text"] = item.Text;
        return named;
    }
}
