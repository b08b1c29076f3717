using System.Text.Json.Nodes;
using Tervik.Records.Resources;

namespace Tervik.Care.Hl7;

/// <summary>A resource as a message changes it. What the message does not carry stays; what it carries as <c>""</c> is removed.</summary>
sealed class Edited
{
    readonly JsonObject? before;

    Edited(string type, string id, JsonObject resource) => (Type, Id, Resource) = (type, id, resource);

    Edited(StoredResource stored, JsonObject before) : this(stored.Type, stored.Id, before.DeepClone().AsObject()) => (this.before, Stored) = (before, stored);

    /// <summary>A resource that there is not yet.</summary>
    public static Edited New(string type, string id) => new(type, id, new() { ["resourceType"] = type, ["id"] = id });
    /// <summary>One that is stored.</summary>
    public static Edited Of(StoredResource stored) => new(stored, JsonNode.Parse(stored.Body)!.AsObject());

    public string Type { get; }
    public string Id { get; }
    /// <summary>As it was; null when it is new.</summary>
    public StoredResource? Stored { get; }
    public JsonObject Resource { get; }
    public bool IsNew => before is null;
    public bool HasChanged => before is null || !JsonNode.DeepEquals(before, Resource);
    public string Reference => $"{Type}/{Id}";

    /// <summary>Sets an element when there is a value.</summary>
    public void Put(string name, JsonNode? value)
    {
        if (value is not null) Resource[name] = value;
    }

    /// <summary>Sets an element from a field: <c>""</c> removes it, nothing leaves it.</summary>
    public void Set(string name, Hl7Field field, Func<JsonNode?> value)
    {
        if (field.IsNull) Resource.Remove(name);
        else if (field.HasValue) Put(name, value());
    }

    /// <summary>The same of a member of an element, such as <c>period.start</c>.</summary>
    public void Set(string name, string member, Hl7Field field, Func<JsonNode?> value)
    {
        if (!field.IsSaid) return;
        var element = Resource[name] as JsonObject ?? [];
        if (field.IsNull) element.Remove(member);
        else if (value() is { } said) element[member] = said;
        if (element.Count == 0) Resource.Remove(name);
        else if (element.Parent is null) Resource[name] = element;
    }

    /// <summary>Replaces items of a list by those of a field: <c>""</c> removes them, nothing leaves them.</summary>
    /// <param name="name">The list.</param>
    /// <param name="field">What says so.</param>
    /// <param name="which">Those that the field speaks of.</param>
    /// <param name="items">What it says.</param>
    public void Replace(string name, Hl7Field field, Func<JsonObject, bool> which, Func<IEnumerable<JsonObject?>> items)
    {
        if (field.IsSaid) Replace(name, which, field.IsNull ? [] : items());
    }

    /// <summary>Replaces items of a list.</summary>
    public void Replace(string name, Func<JsonObject, bool> which, IEnumerable<JsonObject?> items)
    {
        var all = Resource.Items(name).Where(item => !which(item)).Select(item => item.DeepClone().AsObject()).ToList();
        foreach (var item in items)
            if (item is not null && !all.Exists(one => JsonNode.DeepEquals(one, item))) all.Add(item);
        if (all.Count == 0) Resource.Remove(name);
        else Resource[name] = new JsonArray([.. all]);
    }

    /// <summary>Adds to a list what is not in it.</summary>
    public void Add(string name, JsonObject? item) => Replace(name, _ => false, [item]);

    /// <summary>Sets an extension from a field.</summary>
    public void Extension(string url, Hl7Field field, string value, Func<JsonNode?> content) =>
        Replace("extension", field, extension => extension.Text("url") == url, () => [Fhir.Extension(url, value, content())]);

    /// <summary>Adds an identifier; of one that is there already, type and period are renewed.</summary>
    public void Identify(JsonObject? identifier)
    {
        if (identifier is null) return;
        if (Resource.Items("identifier").FirstOrDefault(one => one.Text("system") == identifier.Text("system") && one.Text("value") == identifier.Text("value")) is not { } known)
        {
            Add("identifier", identifier);
            return;
        }
        foreach (var (name, value) in identifier.ToList())
            if (name is not ("system" or "value")) known[name] = value?.DeepClone();
    }
}
