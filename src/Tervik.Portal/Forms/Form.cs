using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tervik.Portal.Reading;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Forms;

/// <summary>One form of a page: what stands in its fields, what is wrong with it, and what somebody else wrote meanwhile. Nothing that was typed is lost on the way.</summary>
public sealed class Form
{
    /// <summary>Hidden fields of every form: its key, the version it began from, and whether it comes back after a new sign-in and is only to be shown again.</summary>
    public const string KeyField = "form-key", VersionField = "form-version", ReviewField = "form-review";

    /// <summary>More than anyone writes into one field; the page's own limits are smaller.</summary>
    const int LongestField = 100_000;
    static readonly string[] DateForms = ["yyyy-MM-dd", "d.M.yyyy", "d/M/yyyy", "d-M-yyyy"];

    readonly Dictionary<string, string> fields = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> errors = new(StringComparer.Ordinal);

    Form(string key) => Key = key;

    /// <summary>A form that nobody has typed into yet.</summary>
    public static Form New(HttpContext request) => new(FormGuard.NewKey(request));

    /// <summary>A form of an existing resource.</summary>
    /// <param name="request">The request.</param>
    /// <param name="version">Version of the resource that <paramref name="values"/> show.</param>
    /// <param name="values">What the fields begin with.</param>
    public static Form Of(HttpContext request, int version, IReadOnlyDictionary<string, string> values)
    {
        var form = New(request);
        form.Version = version;
        form.Begin(values);
        return form;
    }

    /// <summary>A form as it was posted.</summary>
    public static Form Posted(HttpContext request, IFormCollection posted)
    {
        var known = FormGuard.KeyOf(request, posted[KeyField].ToString()) is not null;
        var form = new Form(known ? posted[KeyField].ToString() : FormGuard.NewKey(request))
        {
            // A key of another session could be anybody's: look at it again before it is written.
            IsReview = !known || posted[ReviewField].Count > 0,
            Version = int.TryParse(posted[VersionField], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null,
        };
        foreach (var (name, value) in posted)
            // Browsers end lines with CR LF; the record keeps LF.
            if (name is not (KeyField or VersionField or ReviewField or FormGuard.Field)) form.fields[name] = value.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
        return form;
    }

    /// <summary>Key of this form, for its hidden field: posting it twice writes once.</summary>
    public string Key { get; }

    /// <summary>Id that a resource written by this form will have.</summary>
    public string NewId => FormGuard.IdOf(Key);

    /// <summary>Version of the resource the form began from; null when it makes a new one.</summary>
    public int? Version { get; private set; }

    /// <summary>The form is to be shown again, not written: it was posted before a new sign-in.</summary>
    public bool IsReview { get; private init; }

    /// <summary>What is wrong, by field, in the reader's words.</summary>
    public IReadOnlyDictionary<string, string> Errors => errors;

    /// <summary>What somebody else stored meanwhile, by field; null when nobody did.</summary>
    public IReadOnlyDictionary<string, string>? Theirs { get; private set; }

    /// <summary>Who did, and when, in words; null when nobody did.</summary>
    public string? TheirsBy { get; private set; }

    /// <summary>Whether the page has to be shown again instead of writing.</summary>
    public bool MustShowAgain => IsReview || errors.Count > 0 || Theirs is not null;

    /// <summary>What stands in a field; empty when nothing does.</summary>
    public string this[string name] => fields.GetValueOrDefault(name, "");

    /// <summary>All fields as they were sent, for a page that is found by what was chosen on it.</summary>
    internal Dictionary<string, Microsoft.Extensions.Primitives.StringValues> Choices() => fields.ToDictionary(field => field.Key, field => new Microsoft.Extensions.Primitives.StringValues(field.Value), StringComparer.Ordinal);

    /// <summary>Puts values into fields that nobody has typed into.</summary>
    public void Begin(IReadOnlyDictionary<string, string> values)
    {
        foreach (var (name, value) in values) fields.TryAdd(name, value);
    }

    /// <summary>Notes what is wrong with a field; the first fault counts.</summary>
    /// <param name="name">The field; empty for the whole form.</param>
    /// <param name="words">In the reader's words.</param>
    public void Fail(string name, string words) => errors.TryAdd(name, words);

    /// <summary>Somebody else changed the resource: shows both side by side. Sending the form once more writes what the reader decided.</summary>
    /// <param name="version">Version that is stored now.</param>
    /// <param name="theirs">What the fields would show of it.</param>
    /// <param name="by">Who wrote it and when, in words, or null.</param>
    public void Conflict(int version, IReadOnlyDictionary<string, string> theirs, string? by) => (Version, Theirs, TheirsBy) = (version, theirs, by);

    /// <summary>Text of a field without spaces around it; empty when it is missing or too long, which is noted.</summary>
    /// <param name="name">The field.</param>
    /// <param name="longest">Characters.</param>
    /// <param name="isRequired">Whether it may be empty.</param>
    public string Text(string name, int longest, bool isRequired = true)
    {
        // FHIR strings hold no control characters but tab, CR and LF, and nothing that XML cannot carry; what a terminal pasted is no reason to lose the rest.
        var text = new string([.. this[name].Where(letter => letter is '\n' or '\t' || !char.IsControl(letter) && letter is not ('\uFFFE' or '\uFFFF'))]).Trim();
        if (text.Length == 0 && isRequired) Fail(name, Words.Of("error required"));
        if (text.Length > Math.Min(longest, LongestField)) Fail(name, Words.Of("error too long", longest, text.Length));
        return text;
    }

    /// <summary>One of the values a list offers; empty when it is missing or another, which is noted.</summary>
    public string Choice(string name, IEnumerable<string> offered, bool isRequired = true)
    {
        var chosen = this[name];
        if (chosen.Length == 0)
        {
            if (isRequired) Fail(name, Words.Of("error choose"));
            return "";
        }
        if (offered.Contains(chosen)) return chosen;
        Fail(name, Words.Of("error choose"));
        return "";
    }

    /// <summary>A day; null when it is missing or none, which is noted.</summary>
    /// <param name="name">The field.</param>
    /// <param name="earliest">First day that makes sense.</param>
    /// <param name="latest">Last day that makes sense.</param>
    /// <param name="isRequired">Whether it may be empty.</param>
    public DateOnly? Day(string name, DateOnly earliest, DateOnly latest, bool isRequired = true)
    {
        var text = this[name].Trim();
        if (text.Length == 0)
        {
            if (isRequired) Fail(name, Words.Of("error required"));
            return null;
        }
        if (!DateOnly.TryParseExact(text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) Fail(name, Words.Of("error no date"));
        else if (day < earliest || day > latest) Fail(name, Words.Of("error date out of range", Written(earliest), Written(latest)));
        else return day;
        return null;
    }

    /// <summary>A number, with a comma or a point; null when it is missing or none, which is noted.</summary>
    /// <param name="name">The field.</param>
    /// <param name="least">Smallest that makes sense.</param>
    /// <param name="most">Largest that makes sense.</param>
    /// <param name="isRequired">Whether it may be empty.</param>
    public decimal? Number(string name, decimal least, decimal most, bool isRequired = true)
    {
        var text = this[name].Trim();
        if (text.Length == 0)
        {
            if (isRequired) Fail(name, Words.Of("error required"));
            return null;
        }
        if (!decimal.TryParse(text.Replace(',', '.'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) Fail(name, Words.Of("error no number"));
        else if (number < least || number > most) Fail(name, Words.Of("error number out of range", least, most));
        else return number;
        return null;
    }

    static string Written(DateOnly day) => day.ToString(Words.Of("format of day"), Shell.Language.Reader);
}
