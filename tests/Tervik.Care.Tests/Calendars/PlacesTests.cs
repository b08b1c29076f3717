using System.Collections.Frozen;
using System.Text.Json;
using CsCheck;
using Tervik.Care.Clinics;

namespace Tervik.Care.Tests.Calendars;

/// <summary>Distances along the great circle, and where the record says that something is.</summary>
public sealed class PlacesTests
{
    static readonly GeoPosition Tallinn = new(59.4370, 24.7536), Tartu = new(58.3780, 26.7290);

    [Theory]
    // Distances on the ellipsoid (WGS 84), to the nearest km.
    [InlineData(59.4370, 24.7536, 58.3780, 26.7290, 164), InlineData(55.6761, 12.5683, 56.1629, 10.2039, 157), InlineData(37.5665, 126.9780, 35.1796, 129.0756, 325), InlineData(51.5074, -0.1278, 40.7128, -74.0060, 5585), InlineData(-36.8485, 174.7633, -33.8688, 151.2093, 2156), InlineData(0, 179.5, 0, -179.5, 111)]
    public void Known_pairs_of_cities_are_as_far_as_they_are(double latitude, double longitude, double otherLatitude, double otherLongitude, double km) =>
        Assert.InRange(new GeoPosition(latitude, longitude).KmTo(new(otherLatitude, otherLongitude)), km * 0.99, km * 1.01);

    static readonly Gen<GeoPosition> Anywhere = Gen.Select(Gen.Double[-90, 90], Gen.Double[-180, 180], (latitude, longitude) => new GeoPosition(latitude, longitude));

    [Fact]
    public void It_is_as_far_there_as_back_never_more_than_half_around_and_no_way_is_shorter_than_the_straight_one() => Gen.Select(Anywhere, Anywhere, Anywhere).Sample((a, b, c) =>
        Math.Abs(a.KmTo(b) - b.KmTo(a)) < 1e-6 && a.KmTo(a) == 0 && a.KmTo(b) <= 20_016 && a.KmTo(c) <= a.KmTo(b) + b.KmTo(c) + 1e-6);

    static JsonElement Json(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    static PlaceMap Map(params (string Id, string Json)[] places) => new(1, places.ToFrozenDictionary(one => $"Location/{one.Id}", one => KnownPlace.Read(Json(one.Json))));

    static string Municipality(string name, string country, double latitude, double longitude) =>
        FormattableString.Invariant($$$"""{"name":"{{{name}}}","physicalType":{"coding":[{"code":"jdn"}]},"address":{"country":"{{{country}}}"},"position":{"latitude":{{{latitude}}},"longitude":{{{longitude}}}}}""");

    static readonly PlaceMap Estonia = Map(("tallinn", Municipality("Tallinn", "EE", 59.4370, 24.7536)), ("tartu", Municipality("Tartu", "EE", 58.3780, 26.7290)), ("one", Municipality("Springfield", "US", 39.8, -89.6)), ("two", Municipality("Springfield", "US", 37.2, -93.3)),
        ("house", """{"position":{"latitude":58.3698,"longitude":26.7002}}"""), ("room", """{"partOf":{"reference":"Location/house"}}"""), ("practice", """{"address":{"city":"tartu ","country":"EE"}}"""), ("nowhere", """{"name":"X"}"""),
        ("round", """{"partOf":{"reference":"Location/round"}}"""), ("odd", """{"position":{"latitude":120,"longitude":26.7}}"""));

    [Fact]
    public void A_place_is_where_it_says_or_its_house_or_else_in_the_middle_of_its_municipality()
    {
        Assert.Equal(new GeoPosition(58.3698, 26.7002), Estonia.Of("Location/room"));
        Assert.Equal(Tartu, Estonia.Of("Location/practice"));
        foreach (var unknown in (string?[])["Location/nowhere", "Location/round", "Location/odd", "Location/not-there", null]) Assert.Null(Estonia.Of(unknown));
    }

    [Theory]
    [InlineData("""{"address":[{"city":"Tallinn","country":"EE"}]}""", true), InlineData("""{"address":[{"use":"old","city":"Tartu"},{"city":"TALLINN"}]}""", true), InlineData("""{"address":[{"city":"Nõmme","district":"Tallinn"}]}""", true)]
    [InlineData("""{"address":[{"city":"Tallinn","country":"FI"}]}""", false), InlineData("""{"address":[{"city":"Springfield","country":"US"}]}""", false), InlineData("""{"address":[{"text":"Tallinn"}]}""", false), InlineData("{}", false), InlineData("""{"address":[{"use":"old","city":"Tallinn"}]}""", false)]
    public void A_patient_lives_in_the_municipality_of_their_address_and_nowhere_when_that_is_not_clear(string patient, bool isTallinn) => Assert.Equal(isTallinn ? Tallinn : null, Estonia.HomeOf(Json(patient)));
}
