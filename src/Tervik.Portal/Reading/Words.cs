using System.Globalization;
using System.Resources;

namespace Tervik.Portal.Reading;

/// <summary>The words with which values of the record are written (PortalWords.resx), in the reader's language.</summary>
static class Words
{
    static readonly ResourceManager Resources = new("Tervik.Portal.PortalWords", typeof(Words).Assembly);

    /// <summary>A word by its key, with values put in.</summary>
    public static string Of(string key, params ReadOnlySpan<object?> values)
    {
        var word = Resources.GetString(key, CultureInfo.CurrentUICulture) ?? key;
        return values.IsEmpty ? word : string.Format(CultureInfo.CurrentCulture, word, values);
    }
}
