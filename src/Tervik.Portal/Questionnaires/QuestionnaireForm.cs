using System.Globalization;
using Tervik.Care.Questionnaires;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Questionnaires;

/// <summary>The answers of a questionnaire as the fields of a form, and back.</summary>
static class QuestionnaireForm
{
    /// <summary>After the name of a place: the time of a dateTime, the unit of a quantity, what is not in the list, how often a question is there, the number of an option.</summary>
    public const string Time = "-t", Unit = "-u", Other = "-other", Times = "-n", Option = "-o";
    /// <summary>Stands for an answer that is not in the list.</summary>
    public const string Else = "*";
    /// <summary>The button that asks for one more; which questions with conditions were shown.</summary>
    public const string Add = "add", Shown = "shown";
    static readonly string[] DateForms = ["yyyy-MM-dd", "d.M.yyyy", "d/M/yyyy", "d-M-yyyy"];

    /// <summary>Whether an item is a field, and not only text.</summary>
    public static bool IsField(Item item) => item is { IsAnswerable: true, IsReadOnly: false, IsHidden: false } && !(item.Type == ItemType.Choice && item.Options is null);

    /// <summary>What stands in the fields of a sheet; empty where nothing was answered.</summary>
    public static Dictionary<string, string> Values(AnswerSheet sheet, TimeZoneInfo zone)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var place in sheet.All.Where(place => IsField(place.Item)))
            if (place.Item.IsManyOf) PutMany(place, fields);
            else Put(place, zone, fields);
        return fields;
    }

    static void PutMany(Place place, Dictionary<string, string> fields)
    {
        var options = place.Item.Options!;
        fields.TryAdd(place.Name + Other, "");
        for (var i = 0; i < options.Count; i++)
        {
            var name = $"{place.Name}{Option}{i.ToString(CultureInfo.InvariantCulture)}";
            if (place.Value?.Matches(options[i].Value) == true) fields[name] = options[i].Value.Key;
            else fields.TryAdd(name, "");
        }
        if (place.Value is { } other && !options.Any(option => option.Value.Matches(other))) fields[place.Name + Other] = other.Words;
    }

    static void Put(Place place, TimeZoneInfo zone, Dictionary<string, string> fields)
    {
        var (name, item, value) = (place.Name, place.Item, place.Value);
        fields[name] = value is null ? "" : Text(item, value, zone);
        if (item.Type == ItemType.DateTime) (fields[name], fields[name + Time]) = value is { Text.Length: > 10 } ? (fields[name][..10], fields[name][11..]) : (fields[name], "");
        if (item.Type == ItemType.Quantity) fields[name + Unit] = value is null ? "" : item.Units.Count > 0 ? value.Code ?? value.Display ?? "" : value.Display ?? value.Code ?? "";
        if (item.Type == ItemType.OpenChoice && item.Options is { } options)
        {
            var isOther = value is not null && !options.Any(option => option.Value.Matches(value));
            (fields[name], fields[name + Other]) = isOther ? (Else, value!.Words) : (fields[name], "");
        }
    }

    /// <summary>A value as its field shows it, and as conditions compare it in the browser.</summary>
    public static string Text(Item item, AnswerValue value, TimeZoneInfo zone) => value.Kind switch
    {
        "Coding" => item.Options?.FirstOrDefault(option => option.Value.Matches(value))?.Value.Key ?? (item.Options is null ? value.Words : value.Key),
        "Time" => value.Text[..Math.Min(5, value.Text.Length)],
        "DateTime" when value.Text.Length > 10 && DateTimeOffset.TryParse(value.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) => TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture),
        _ => value.Text,
    };

    /// <summary>Reads the sheet of a form that was sent. What is no value is noted at its field.</summary>
    /// <param name="questionnaire">What was asked.</param>
    /// <param name="form">What was sent.</param>
    /// <param name="basis">Where the answers come from that are no fields.</param>
    /// <param name="zone">Of times without one.</param>
    public static AnswerSheet Read(Questionnaire questionnaire, Form form, AnswerSheet basis, TimeZoneInfo zone)
    {
        var faults = new Dictionary<string, string>(StringComparer.Ordinal);
        var kept = basis.All.Where(place => place.Item.IsQuestion && !IsField(place.Item)).ToLookup(place => Place.NameOf(place.Item, place.Parent), place => place.Value, StringComparer.Ordinal);
        int Often(Item item, Place? parent) => item.Repeats && Place.NameOf(item, parent) is var name
            ? Math.Clamp((int.TryParse(form[name + Times], NumberStyles.None, CultureInfo.InvariantCulture, out var often) ? often : 1) + (form[Add] == name ? 1 : 0), 1, AnswerSheet.MostTimes) : 1;
        var sheet = AnswerSheet.Fill(questionnaire, (item, parent) =>
        {
            var name = Place.NameOf(item, parent);
            if (!IsField(item)) return [.. kept[name]];
            if (item.IsManyOf) return Many(item, name, form);
            return [.. Enumerable.Range(0, Often(item, parent)).Select(i => item.Repeats ? $"{name}-{i.ToString(CultureInfo.InvariantCulture)}" : name).Select(field => One(item, field, form, zone, faults))];
        }, Often);
        // What is wrong in a question that is not asked keeps nobody from going on.
        foreach (var place in sheet.All.Where(place => place.IsAsked))
            if (faults.TryGetValue(place.Name, out var words)) form.Fail(place.Name, words);
        return sheet;
    }

    static List<AnswerValue?> Many(Item item, string name, Form form)
    {
        var chosen = new List<AnswerValue?>();
        for (var i = 0; i < item.Options!.Count; i++)
            if (form[$"{name}{Option}{i.ToString(CultureInfo.InvariantCulture)}"] == item.Options[i].Value.Key) chosen.Add(item.Options[i].Value);
        if (item.Type == ItemType.OpenChoice && Clean(form[name + Other]) is { Length: > 0 } other) chosen.Add(new("String", other));
        return chosen;
    }

    static AnswerValue? One(Item item, string name, Form form, TimeZoneInfo zone, Dictionary<string, string> faults)
    {
        AnswerValue? Fail(string key)
        {
            faults[name] = Words.Of(key);
            return null;
        }
        var text = Clean(form[name]);
        switch (item.Type)
        {
            case ItemType.DateTime:
                var clock = Clean(form[name + Time]);
                if (text.Length == 0 && clock.Length == 0) return null;
                if (Day(text) is not { } day) return Fail("error no date");
                if (clock.Length == 0) return new("DateTime", day);
                if (!TimeOnly.TryParse(clock, CultureInfo.InvariantCulture, out var hour)) return Fail("questionnaire no time");
                if (day.Length < 10) return Fail("error no date");
                var local = DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToDateTime(hour);
                return new("DateTime", new DateTimeOffset(local, zone.GetUtcOffset(local)).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
            case ItemType.OpenChoice when item.Options is null: return text.Length > 0 ? new("String", text) : null;
            case ItemType.OpenChoice when text == Else:
                var other = Clean(form[name + Other]);
                return other.Length > 0 ? new("String", other) : Fail("questionnaire say what");
        }
        if (text.Length == 0) return null;
        switch (item.Type)
        {
            case ItemType.Boolean: return text is "true" or "false" ? new("Boolean", text) : Fail("error choose");
            case ItemType.Choice or ItemType.OpenChoice: return item.Options!.FirstOrDefault(option => option.Value.Key == text)?.Value ?? Fail("error choose");
            case ItemType.Integer: return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? new("Integer", whole.ToString(CultureInfo.InvariantCulture)) : Fail("questionnaire no whole number");
            case ItemType.Decimal: return Number(text) is { } number ? new("Decimal", number) : Fail("error no number");
            case ItemType.Date: return Day(text) is { } date ? new("Date", date) : Fail("error no date");
            case ItemType.Time: return TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time) ? new("Time", time.ToString("HH:mm:ss", CultureInfo.InvariantCulture)) : Fail("questionnaire no time");
            case ItemType.Url: return new("Uri", text);
            case ItemType.Quantity:
                if (Number(text) is not { } amount) return Fail("error no number");
                var written = Clean(form[name + Unit]);
                var unit = item.Units is [var only] ? only : item.Units.FirstOrDefault(unit => unit.Text == written);
                if (item.Units.Count > 0 && unit is null) return Fail("questionnaire choose a unit");
                return new("Quantity", amount) { System = unit?.System, Code = unit?.Text, Display = unit is null ? written.Length > 0 ? written : null : unit.Words };
            default: return new("String", text);
        }
    }

    // FHIR strings hold no control characters but tab, CR and LF.
    static string Clean(string text) => new string([.. text.Where(letter => letter is '\n' or '\t' || !char.IsControl(letter) && letter is not ('\uFFFE' or '\uFFFF'))]).Trim();

    static string? Number(string text) => decimal.TryParse(text.Replace(',', '.'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number.ToString(CultureInfo.InvariantCulture) : null;

    static string? Day(string text) => DateOnly.TryParseExact(text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : DateOnly.TryParseExact(text, ["yyyy-MM", "yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? text : null;

    /// <summary>The question in words.</summary>
    public static string Label(Item item) => $"{(item.Prefix is { } prefix ? prefix + " " : "")}{(item.Text.Length > 0 ? item.Text : item.LinkId)}";

    /// <summary>What is wrong, in the reader's words.</summary>
    public static string Said(AnswerFault fault, Item? item)
    {
        var question = item is null ? fault.LinkId : Label(item) is { Length: > LongestQuestion } label ? $"{label[..LongestQuestion].TrimEnd()}…" : Label(item);
        return fault.Code == "required" ? Words.Of("answer required", question) : $"{question}: {Words.Of($"answer {fault.Code}", fault.Limit)}";
    }

    const int LongestQuestion = 80;

    /// <summary>Names of the conditional questions that are asked now, as the page says which it showed.</summary>
    public static IEnumerable<string> Conditional(AnswerSheet sheet) => sheet.All.Where(place => place is { IsAsked: true, Item.IsHidden: false } && IsConditional(place) && place.Item.All.Any(IsField)).Select(place => Place.NameOf(place.Item, place.Parent)).Distinct(StringComparer.Ordinal);

    /// <summary>Whether a place is asked only after certain answers.</summary>
    public static bool IsConditional(Place place) => place.Item.Conditions.Count > 0 || place.Parent is { Item.IsQuestion: true };
}
