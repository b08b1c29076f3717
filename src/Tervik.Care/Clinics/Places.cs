using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Care.Clinics;

/// <summary>A point on the earth (Location.position): WGS 84, degrees.</summary>
/// <param name="Latitude">North of the equator, -90 to 90.</param>
/// <param name="Longitude">East of Greenwich, -180 to 180.</param>
public readonly record struct GeoPosition(double Latitude, double Longitude)
{
    /// <summary>Mean radius of the earth (IUGG).</summary>
    const double RadiusKm = 6371.0088;

    /// <summary>Along the great circle, in km (haversine): within half a percent of the way on the ellipsoid, and shorter than any road.</summary>
    public double KmTo(GeoPosition other)
    {
        static double Radians(double degrees) => degrees * Math.PI / 180;
        static double Square(double value) => value * value;
        var half = Square(Math.Sin(Radians(other.Latitude - Latitude) / 2)) + Math.Cos(Radians(Latitude)) * Math.Cos(Radians(other.Latitude)) * Square(Math.Sin(Radians(other.Longitude - Longitude) / 2));
        return 2 * RadiusKm * Math.Asin(Math.Min(1, Math.Sqrt(half)));
    }

    /// <summary>Of a Location; null when it says none, or one that is not on the earth.</summary>
    public static GeoPosition? Read(JsonElement location)
    {
        static double? Degrees(JsonElement position, string name, double most) => double.TryParse(position.TextAt(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) <= most ? value : null;
        return location.At("position") is var position && Degrees(position, "latitude", 90) is { } latitude && Degrees(position, "longitude", 180) is { } longitude ? new(latitude, longitude) : null;
    }
}

/// <summary>What of a Location says where it is.</summary>
/// <param name="Position">Its own.</param>
/// <param name="PartOf">Reference of the Location that it is part of, or null.</param>
/// <param name="Town">City of its address, or null.</param>
/// <param name="Country">Of its address, or null.</param>
/// <param name="Municipality">Its name, when it is one: a Location with the physicalType <c>jdn</c> (jurisdiction) or <c>area</c>; else null.</param>
public sealed record KnownPlace(GeoPosition? Position, string? PartOf, string? Town, string? Country, string? Municipality)
{
    /// <summary>Reads a Location.</summary>
    public static KnownPlace Read(JsonElement json)
    {
        var address = json.At("address");
        var isArea = json.At("physicalType").ItemsAt("coding").Any(coding => coding.TextAt("code") is "jdn" or "area");
        return new(GeoPosition.Read(json), json.At("partOf").TextAt("reference"), address.TextAt("city"), address.TextAt("country"), isArea ? json.TextAt("name") : null);
    }
}

/// <summary>Where places are, as the record says at a moment.</summary>
/// <param name="AtUs">The newest change it knows.</param>
/// <param name="Places">By reference of the Location.</param>
public sealed record PlaceMap(long AtUs, FrozenDictionary<string, KnownPlace> Places)
{
    /// <summary>A room in a house in a quarter, and no deeper.</summary>
    const int Deepest = 8;

    readonly ILookup<string, KnownPlace> municipalities = Places.Values.Where(place => place is { Municipality: not null, Position: not null }).ToLookup(place => Folded(place.Municipality!));

    static string Folded(string name) => name.Trim().Normalize().ToUpperInvariant();

    /// <summary>Where a Location is: by its own position or that of what it is part of; else in the middle of the municipality of its address. Null when the record does not say.</summary>
    public GeoPosition? Of(string? reference)
    {
        KnownPlace? addressed = null;
        for (var step = 0; step < Deepest && reference is not null && Places.TryGetValue(reference, out var place); step++, reference = place.PartOf)
        {
            if (place.Position is { } position) return position;
            if (place.Town is not null) addressed ??= place;
        }
        return addressed is null ? null : Municipality(addressed.Town, addressed.Country);
    }

    /// <summary>The middle of a municipality; null when there is none of this name, or several.</summary>
    /// <param name="name">As an address says it.</param>
    /// <param name="country">As an address says it; null counts for all.</param>
    public GeoPosition? Municipality(string? name, string? country) =>
        name is null ? null : municipalities[Folded(name)].Where(place => country is null || place.Country is null || Folded(place.Country) == Folded(country)).Take(2).ToList() is [var only] ? only.Position : null;

    /// <summary>The middle of the municipality in which a patient lives: by the city of their address, else its district. Null when the record does not say.</summary>
    public GeoPosition? HomeOf(JsonElement patient)
    {
        foreach (var address in patient.ItemsAt("address").Where(address => address.TextAt("use") is not ("old" or "billing")))
            if ((Municipality(address.TextAt("city"), address.TextAt("country")) ?? Municipality(address.TextAt("district"), address.TextAt("country"))) is { } position) return position;
        return null;
    }
}

/// <summary>Knows where the Locations of the record are, as it is now. Nothing is asked outside of it, and nothing is guessed.</summary>
public sealed class Places(RecordStore store) : IDisposable
{
    static readonly NewestOf NewestPlace = new("Location");

    readonly SemaphoreSlim reading = new(1);
    readonly Dictionary<string, KnownPlace> places = new(StringComparer.Ordinal);
    volatile PlaceMap map = new(0, FrozenDictionary<string, KnownPlace>.Empty);

    /// <summary>As it is now.</summary>
    public async ValueTask<PlaceMap> Now(CancellationToken stop)
    {
        var newest = await store.Database.ReadOnce(NewestPlace.In, stop);
        if (newest <= map.AtUs) return map;
        await reading.WaitAsync(stop);
        try
        {
            if (newest <= map.AtUs) return map;
            var changed = await store.Database.Read(session => store.Changed(session, "Location", map.AtUs, int.MaxValue), stop);
            foreach (var one in changed)
                if (one.IsDeleted) places.Remove($"Location/{one.Id}");
                else places[$"Location/{one.Id}"] = one.Take(KnownPlace.Read);
            return map = new(changed[^1].AtUs, places.ToFrozenDictionary());
        }
        finally
        {
            reading.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();
}
