using System.Text;
using System.Text.Json;

namespace Tervik.Records.Rest;

/// <summary>Parts that all bundles have.</summary>
static class BundleText
{
    public static void Link(Utf8JsonWriter json, string relation, string url)
    {
        json.WriteStartObject();
        json.WriteString("relation"u8, relation);
        json.WriteString("url"u8, url);
        json.WriteEndObject();
    }

    /// <summary>The request's address with these parameters; <c>_search</c> of a POST is left out, so that it can be followed with GET.</summary>
    public static string Address(RestRequest request, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var address = new StringBuilder(request.Base);
        foreach (var part in request.Path)
            if (part != "_search") address.Append('/').Append(Uri.EscapeDataString(part));
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            address.Append(separator).Append(Uri.EscapeDataString(name).Replace("%3A", ":", StringComparison.Ordinal)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        return address.ToString();
    }
}
