using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Care.Clinics;
using Tervik.Records.Model;

namespace Tervik.Care.Questionnaires;

/// <summary>Types of items, as FHIR R4 has them (item-type).</summary>
public enum ItemType
{
    /// <summary>Holds others.</summary>
    Group,
    /// <summary>Text alone.</summary>
    Display,
    /// <summary>Yes or no.</summary>
    Boolean,
    /// <summary>A number.</summary>
    Decimal,
    /// <summary>A whole number.</summary>
    Integer,
    /// <summary>A day, a month or a year.</summary>
    Date,
    /// <summary>A day with a time.</summary>
    DateTime,
    /// <summary>A time of day.</summary>
    Time,
    /// <summary>A line.</summary>
    String,
    /// <summary>Several lines.</summary>
    Text,
    /// <summary>An address.</summary>
    Url,
    /// <summary>Of a list.</summary>
    Choice,
    /// <summary>Of a list, or something else in words.</summary>
    OpenChoice,
    /// <summary>A file: not answered here.</summary>
    Attachment,
    /// <summary>A resource: not answered here.</summary>
    Reference,
    /// <summary>A number with a unit.</summary>
    Quantity,
}

/// <summary>When an item is asked.</summary>
/// <param name="Question">linkId of another question.</param>
/// <param name="Operator"><c>exists</c>, <c>=</c>, <c>!=</c>, <c>&gt;</c>, <c>&lt;</c>, <c>&gt;=</c>, <c>&lt;=</c>.</param>
/// <param name="Answer">What its answer is compared with.</param>
public sealed record Condition(string Question, string Operator, AnswerValue Answer)
{
    /// <summary>Whether the answers of that question fulfil it. <c>=</c> and the orders hold when one of several answers does; <c>!=</c> when none is equal, so also when there is none (R4, questionnaire-enable-operator).</summary>
    public bool Holds(IReadOnlyList<AnswerValue> answers) => Operator switch
    {
        "exists" => answers.Count > 0 == (Answer.Text == "true"),
        "=" => answers.Any(one => one.Matches(Answer)),
        "!=" => !answers.Any(one => one.Matches(Answer)),
        ">" => answers.Any(one => one.Compare(Answer) > 0),
        "<" => answers.Any(one => one.Compare(Answer) < 0),
        ">=" => answers.Any(one => one.Compare(Answer) >= 0),
        "<=" => answers.Any(one => one.Compare(Answer) <= 0),
        _ => false,
    };
}

/// <summary>One of the answers to choose from.</summary>
/// <param name="Value">What is stored.</param>
/// <param name="IsInitial">Chosen to begin with.</param>
public sealed record AnswerOption(AnswerValue Value, bool IsInitial = false);

/// <summary>An item of a Questionnaire.</summary>
/// <param name="LinkId">Names it.</param>
/// <param name="Type">What it is.</param>
/// <param name="Text">What is asked, or said; may be empty.</param>
public sealed record Item(string LinkId, ItemType Type, string Text)
{
    /// <summary>Its number or letter, in front of the text.</summary>
    public string? Prefix { get; init; }
    /// <summary>Has to be answered.</summary>
    public bool IsRequired { get; init; }
    /// <summary>May be answered several times.</summary>
    public bool Repeats { get; init; }
    /// <summary>Shown, and not to be changed.</summary>
    public bool IsReadOnly { get; init; }
    /// <summary>Not shown (extension questionnaire-hidden); what it begins with is stored.</summary>
    public bool IsHidden { get; init; }
    /// <summary>Characters of an answer, at most.</summary>
    public int? MaxLength { get; init; }
    /// <summary>At least (extension minLength).</summary>
    public int? MinLength { get; init; }
    /// <summary>Digits after the point, at most (extension maxDecimalPlaces).</summary>
    public int? DecimalPlaces { get; init; }
    /// <summary>Smallest value (extension minValue).</summary>
    public AnswerValue? Least { get; init; }
    /// <summary>Largest value (extension maxValue).</summary>
    public AnswerValue? Most { get; init; }
    /// <summary>What a text has to look like (extension regex), all of it.</summary>
    public Regex? Pattern { get; init; }
    /// <summary>How to write the answer (extension entryFormat).</summary>
    public string? Format { get; init; }
    /// <summary>Units of a quantity (extensions questionnaire-unit and questionnaire-unitOption).</summary>
    public IReadOnlyList<AnswerValue> Units { get; init; } = [];
    /// <summary>What it begins with.</summary>
    public IReadOnlyList<AnswerValue> Initial { get; init; } = [];
    /// <summary>What of the record it begins with (extension <see cref="Questionnaire.PrefillExtension"/>), or null.</summary>
    public string? Prefill { get; init; }
    /// <summary>Conditions under which it is asked.</summary>
    public IReadOnlyList<Condition> Conditions { get; init; } = [];
    /// <summary>All of them have to hold; else one.</summary>
    public bool NeedsAll { get; init; }
    /// <summary>The answers to choose from; null when it has none, or they are not known here.</summary>
    public IReadOnlyList<AnswerOption>? Options { get; init; }
    /// <summary>Value set of the answers, which is not in the Questionnaire itself; null when there is none.</summary>
    public string? ValueSet { get; init; }
    /// <summary>What is below it.</summary>
    public IReadOnlyList<Item> Items { get; init; } = [];

    /// <summary>Whether it has an answer.</summary>
    public bool IsQuestion => Type is not (ItemType.Group or ItemType.Display);
    /// <summary>Whether it can be answered here.</summary>
    public bool IsAnswerable => IsQuestion && Type is not (ItemType.Attachment or ItemType.Reference);
    /// <summary>Whether several of its options are chosen at once.</summary>
    public bool IsManyOf => Repeats && Options is not null && Items.Count == 0 && Type is ItemType.Choice or ItemType.OpenChoice;

    /// <summary>It and all below it.</summary>
    public IEnumerable<Item> All => Items.SelectMany(item => item.All).Prepend(this);
}

/// <summary>A Questionnaire, FHIR R4, as it is asked here.</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Title">Its title or name.</param>
/// <param name="Items">What it asks.</param>
public sealed record Questionnaire(string Id, string Title, IReadOnlyList<Item> Items)
{
    /// <summary>Of the extension of an item that says what of the record it begins with: <c>name</c>, <c>birth-date</c>, <c>phone</c>, <c>email</c>, <c>medication</c>, <c>allergies</c> (valueCode).</summary>
    public const string PrefillExtension = "urn:tervik:prefill";
    /// <summary>More items, levels and options nobody fills in.</summary>
    public const int MostItems = 1000, Deepest = 10, MostOptions = 500;
    const int LongestPattern = 1000;
    const string Extensions = "http://hl7.org/fhir/StructureDefinition/";
    static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(100);
    static readonly string[] Operators = ["exists", "=", "!=", ">", "<", ">=", "<="];

    /// <summary>What a QuestionnaireResponse names it by: its url, with its version, or <c>Questionnaire/id</c>.</summary>
    public required string Canonical { get; init; }
    /// <summary>What it is for, in words, or null.</summary>
    public string? Description { get; init; }
    /// <summary>Why it cannot be filled in here; empty when it can.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>All items.</summary>
    public IEnumerable<Item> All => Items.SelectMany(item => item.All);

    /// <summary>Reads one. What cannot be filled in stands in <see cref="Faults"/>.</summary>
    public static Questionnaire Read(string id, JsonElement json)
    {
        var (url, version) = (json.TextAt("url"), json.TextAt("version"));
        var reading = new Reading(json);
        var items = reading.Items(json, depth: 1);
        if (json.TextAt("status") == "retired") reading.Faults.Add("It is retired.");
        var known = items.SelectMany(item => item.All).ToLookup(item => item.LinkId);
        foreach (var twice in known.Where(same => same.Count() > 1)) reading.Faults.Add($"{twice.Key}: the linkId occurs more than once.");
        foreach (var item in known.SelectMany(same => same))
        {
            foreach (var condition in item.Conditions.Where(condition => !known.Contains(condition.Question))) reading.Faults.Add($"{item.LinkId}: enableWhen names {condition.Question}, and there is no such item.");
            if (item is { IsRequired: true, IsQuestion: true, IsAnswerable: false }) reading.Faults.Add($"{item.LinkId}: an item of the type {(item.Type == ItemType.Attachment ? "attachment" : "reference")} cannot be answered here, and it is required.");
        }
        return new(id, json.TextAt("title") ?? json.TextAt("name") ?? id, items) { Canonical = url is null ? $"Questionnaire/{id}" : version is null ? url : $"{url}|{version}", Description = json.TextAt("description"), Faults = reading.Faults };
    }

    /// <summary>The same with the options of value sets that are not in it.</summary>
    /// <param name="options">By canonical URL; those that are not known are left out.</param>
    public Questionnaire With(IReadOnlyDictionary<string, IReadOnlyList<AnswerOption>> options)
    {
        Item Filled(Item item) => item with { Options = item.Options ?? (item.ValueSet is { } set ? options.GetValueOrDefault(set) : null), Items = [.. item.Items.Select(Filled)] };
        return this with { Items = [.. Items.Select(Filled)] };
    }

    sealed class Reading(JsonElement questionnaire)
    {
        int count;

        public List<string> Faults { get; } = [];

        public List<Item> Items(JsonElement parent, int depth)
        {
            var items = new List<Item>();
            foreach (var json in parent.ItemsAt("item"))
            {
                if (depth > Deepest || ++count > MostItems)
                {
                    var why = depth > Deepest ? $"Items are nested more than {Deepest} deep." : $"It has more than {MostItems} items.";
                    if (!Faults.Contains(why)) Faults.Add(why);
                    break;
                }
                if (json.TextAt("linkId") is not { } link) Faults.Add("An item has no linkId.");
                else if (TypeOf(json.TextAt("type")) is not { } type) Faults.Add($"{link}: the type {json.TextAt("type")} is not known.");
                else items.Add(One(json, link, type, depth));
            }
            return items;
        }

        Item One(JsonElement json, string link, ItemType type, int depth)
        {
            var set = json.TextAt("answerValueSet");
            List<AnswerOption>? options = json.At("answerOption").Exists()
                ? [.. json.ItemsAt("answerOption").Select(option => (Value: AnswerValue.Read(option), IsInitial: option.TextAt("initialSelected") == "true")).Where(option => option.Value is not null).Select(option => new AnswerOption(option.Value!, option.IsInitial))]
                : set is ['#', ..] ? Contained(set[1..]) : null;
            if (set is ['#', ..] && options is null) Faults.Add($"{link}: the value set {set} is not contained, or does not list its codes.");
            if (options?.Count > MostOptions) Faults.Add($"{link}: there are more than {MostOptions} answers to choose from.");
            return new Item(link, type, json.TextAt("text") ?? "")
            {
                Prefix = json.TextAt("prefix"), IsRequired = json.TextAt("required") == "true", Repeats = json.TextAt("repeats") == "true", IsReadOnly = json.TextAt("readOnly") == "true",
                IsHidden = Extension(json, "questionnaire-hidden").TextAt("valueBoolean") == "true",
                MaxLength = Whole(json.TextAt("maxLength")), MinLength = Whole(Extension(json, "minLength").TextAt("valueInteger")), DecimalPlaces = Whole(Extension(json, "maxDecimalPlaces").TextAt("valueInteger")),
                Least = AnswerValue.Read(Extension(json, "minValue")), Most = AnswerValue.Read(Extension(json, "maxValue")),
                Pattern = Pattern(link, Extension(json, "regex").TextAt("valueString")), Format = Extension(json, "entryFormat").TextAt("valueString"),
                Units = [.. json.Extensions(Extensions + "questionnaire-unit").Concat(json.Extensions(Extensions + "questionnaire-unitOption")).Select(unit => AnswerValue.Read(unit)).OfType<AnswerValue>().DistinctBy(unit => unit.Text)],
                Initial = [.. json.ItemsAt("initial").Select(initial => AnswerValue.Read(initial)).OfType<AnswerValue>()], Prefill = json.Extension(PrefillExtension).TextAt("valueCode"),
                Conditions = [.. json.ItemsAt("enableWhen").Select(condition => Read(condition, link)).OfType<Condition>()], NeedsAll = json.TextAt("enableBehavior") == "all",
                Options = options, ValueSet = set is ['#', ..] ? null : set, Items = type == ItemType.Display ? [] : Items(json, depth + 1),
            };
        }

        Condition? Read(JsonElement json, string link)
        {
            if (json.TextAt("question") is { } question && json.TextAt("operator") is { } how && Operators.Contains(how) && AnswerValue.Read(json, "answer") is { } answer) return new(question, how, answer);
            Faults.Add($"{link}: an enableWhen needs a question, an operator and an answer.");
            return null;
        }

        Regex? Pattern(string link, string? text)
        {
            if (text is null) return null;
            try
            {
                if (text.Length <= LongestPattern) return new($"^(?:{text})$", RegexOptions.CultureInvariant, PatternTime);
            }
            catch (ArgumentException)
            {
                // Said below, with what is too long.
            }
            Faults.Add($"{link}: the regular expression is not understood, or longer than {LongestPattern} characters.");
            return null;
        }

        List<AnswerOption>? Contained(string id)
        {
            foreach (var set in questionnaire.ItemsAt("contained"))
                if (set.TextAt("id") == id && set.TextAt("resourceType") == "ValueSet") return Listed(set);
            return null;
        }

        static JsonElement Extension(JsonElement json, string name) => json.Extension(Extensions + name);
        static int? Whole(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The codes that a ValueSet lists itself, with their words; null when it draws on something else.</summary>
    public static List<AnswerOption>? Listed(JsonElement set)
    {
        var options = new List<AnswerOption>();
        if (set.At("expansion").Exists()) Expanded(set.At("expansion"), options, depth: 0);
        else
        {
            if (set.At("compose").ItemsAt("exclude").Any()) return null;
            foreach (var include in set.At("compose").ItemsAt("include"))
            {
                if (!include.At("concept").Exists() || include.At("valueSet").Exists()) return null;
                options.AddRange(include.ItemsAt("concept").Where(concept => concept.TextAt("code") is not null).Select(concept => new AnswerOption(new("Coding", concept.TextAt("code")!) { System = include.TextAt("system"), Display = concept.TextAt("display") })));
            }
        }
        return options.Count > 0 ? options : null;
    }

    static void Expanded(JsonElement parent, List<AnswerOption> options, int depth)
    {
        if (depth > Deepest) return;
        foreach (var one in parent.ItemsAt("contains"))
        {
            if (one.TextAt("code") is { } code && one.TextAt("abstract") != "true") options.Add(new(new("Coding", code) { System = one.TextAt("system"), Display = one.TextAt("display") }));
            Expanded(one, options, depth + 1);
        }
    }

    static ItemType? TypeOf(string? code) => code switch
    {
        "group" => ItemType.Group, "display" => ItemType.Display, "boolean" => ItemType.Boolean, "decimal" => ItemType.Decimal, "integer" => ItemType.Integer, "date" => ItemType.Date, "dateTime" => ItemType.DateTime, "time" => ItemType.Time,
        "string" => ItemType.String, "text" => ItemType.Text, "url" => ItemType.Url, "choice" => ItemType.Choice, "open-choice" => ItemType.OpenChoice, "attachment" => ItemType.Attachment, "reference" => ItemType.Reference, "quantity" => ItemType.Quantity,
        _ => null,
    };
}
