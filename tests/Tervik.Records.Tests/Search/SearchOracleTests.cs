using System.Globalization;
using CsCheck;
using Tervik.Records.Access;
using Tervik.Records.Search;
using Tervik.Storage;

namespace Tervik.Records.Tests.Search;

/// <summary>Random searches over random resources find exactly what a naive reading of the specification, evaluated in memory, finds.</summary>
public sealed class SearchOracleTests
{
    static readonly string[] Codes = ["a", "b", "c"], Systems = ["urn:x", "urn:y"], Statuses = ["final", "amended", "preliminary"], Genders = ["male", "female"];
    static readonly string[] Families = ["Tamm", "Tammsaare", "Öpik", "tamm", "Saar"];
    static readonly string[] Dates = ["2023", "2024-02", "2024-02-29", "2024-03-01T10:00:00Z", "2024-03-01T12:00:00+02:00", "2024-03-01T10:00:30.5Z", "2024-12-31"];
    static readonly decimal[] Amounts = [0.5m, 1m, 1.5m, 2.50m, 500m, 1500m];

    sealed record Person(string Id, string? Gender, string? Birth, string[] Names);
    sealed record Reading(string Id, string Status, (string? System, string Code)[] Codes, Person? Who, string? From, string? To, decimal? Value, string Unit, (string Code, decimal Value)[] Parts);
    sealed record Clause<T>(string Text, Func<T, bool> Holds);

    /// <summary>Microseconds from and to (both included) of a date with its precision.</summary>
    static (decimal From, decimal To) Span(string date)
    {
        string[] shapes = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.fK"];
        var shape = Array.FindIndex(shapes, shape => DateTimeOffset.TryParseExact(date, shape, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _));
        var from = DateTimeOffset.ParseExact(date, shapes[shape], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcDateTime;
        var to = shape switch { 0 => from.AddYears(1), 1 => from.AddMonths(1), 2 => from.AddDays(1), 3 => from.AddSeconds(1), _ => from.AddMilliseconds(100) };
        return ((from - DateTime.UnixEpoch).Ticks / 10m, (to - DateTime.UnixEpoch).Ticks / 10m - 1);
    }

    static bool Compare(string prefix, (decimal From, decimal To) it, (decimal From, decimal To) asked) => prefix switch
    {
        "" or "eq" => it.From >= asked.From && it.To <= asked.To,
        "ne" => it.From < asked.From || it.To > asked.To,
        "gt" => it.To > asked.To,
        "lt" => it.From < asked.From,
        "ge" => it.To >= asked.From,
        "le" => it.From <= asked.To,
        "sa" => it.From > asked.To,
        "eb" => it.To < asked.From,
        _ => throw new ArgumentException(prefix),
    };

    static (decimal, decimal) Time(Reading one) => (one.From is null ? decimal.MinValue : Span(one.From).From, one.To is null ? decimal.MaxValue : Span(one.To).To);

    static Gen<T> AnyOf<T>(params T[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    static string Folded(string text) => text.ToLowerInvariant().Replace('ö', 'o');

    static Person[] People(Random dice) => [.. Enumerable.Range(0, 25).Select(i => new Person($"p{i:00}", dice.Next(3) == 0 ? null : Genders[dice.Next(2)],
        dice.Next(4) == 0 ? null : Dates[dice.Next(3)], [.. Enumerable.Range(0, dice.Next(3)).Select(_ => Families[dice.Next(Families.Length)])]))];

    static Reading[] Readings(Random dice, Person[] people) => [.. Enumerable.Range(0, 90).Select(i =>
    {
        var point = Dates[dice.Next(Dates.Length)];
        var (from, to) = dice.Next(5) switch { 0 => ((string?)null, (string?)null), 1 => ("2023-05", "2024-02-15"), 2 => ("2024-01-15", null), _ => (point, point) };
        return new Reading($"o{i:00}", Statuses[dice.Next(3)], [.. Enumerable.Range(0, 1 + dice.Next(2)).Select(_ => (dice.Next(3) == 0 ? null : Systems[dice.Next(2)], Codes[dice.Next(3)]))],
            dice.Next(6) == 0 ? null : people[dice.Next(people.Length)], from, to, dice.Next(4) == 0 ? null : Amounts[dice.Next(Amounts.Length)], dice.Next(2) == 0 ? "g" : "mg",
            [.. Enumerable.Range(0, dice.Next(3)).Select(_ => (Codes[dice.Next(3)], Amounts[dice.Next(Amounts.Length)]))]);
    })];

    static string Json(Person one) => $$"""
        {"resourceType":"Patient","id":"{{one.Id}}"{{(one.Gender is null ? "" : $",\"gender\":\"{one.Gender}\"")}}{{(one.Birth is null ? "" : $",\"birthDate\":\"{one.Birth}\"")}}
        {{(one.Names.Length == 0 ? "" : $",\"name\":[{string.Join(',', one.Names.Select(name => $"{{\"family\":\"{name}\"}}"))}]")}}}
        """;

    static string Json(Reading one)
    {
        var time = one.From is null && one.To is null ? "" : one.From == one.To ? $",\"effectiveDateTime\":\"{one.From}\""
            : $",\"effectivePeriod\":{{\"start\":\"{one.From}\"{(one.To is null ? "" : $",\"end\":\"{one.To}\"")}}}";
        string Amount(decimal value, string unit) => string.Create(CultureInfo.InvariantCulture, $"\"valueQuantity\":{{\"value\":{value},\"system\":\"http://unitsofmeasure.org\",\"code\":\"{unit}\"}}");
        string Coded((string? System, string Code)[] codes) => $"\"code\":{{\"coding\":[{string.Join(',', codes.Select(code => $"{{{(code.System is null ? "" : $"\"system\":\"{code.System}\",")}\"code\":\"{code.Code}\"}}"))}]}}";
        return $$"""
            {"resourceType":"Observation","id":"{{one.Id}}","status":"{{one.Status}}",{{Coded(one.Codes)}}{{(one.Who is null ? "" : $",\"subject\":{{\"reference\":\"Patient/{one.Who.Id}\"}}")}}{{time}}
            {{(one.Value is { } value ? "," + Amount(value, one.Unit) : "")}}{{(one.Parts.Length == 0 ? "" : $",\"component\":[{string.Join(',', one.Parts.Select(part => $"{{{Coded([(null, part.Code)])},{Amount(part.Value, "mg")}}}"))}]")}}}
            """;
    }

    static bool HasCode(Reading one, string? system, string? code) => one.Codes.Any(it => (code is null || it.Code == code) && (system is null || (it.System ?? "") == system));

    static Gen<Clause<Person>> OfPerson(Reading[] readings, bool deep)
    {
        var gender = AnyOf(Genders).Select(value => new Clause<Person>($"gender={value}", one => one.Gender == value));
        var notGender = AnyOf(Genders).Select(value => new Clause<Person>($"gender:not={value}", one => one.Gender != value));
        var missing = Gen.Bool.Select(value => new Clause<Person>($"birthdate:missing={(value ? "true" : "false")}", one => one.Birth is null == value));
        var born = Gen.Select(AnyOf("", "ne", "gt", "lt", "ge", "le", "sa", "eb"), AnyOf(Dates[..3]), (prefix, date) =>
            new Clause<Person>($"birthdate={prefix}{date}", one => one.Birth is not null && Compare(prefix, Span(one.Birth), Span(date))));
        var family = AnyOf("tam", "TAMM", "öp", "o", "x").Select(value => new Clause<Person>($"family={value}", one => one.Names.Any(name => Folded(name).StartsWith(Folded(value), StringComparison.Ordinal))));
        var exact = AnyOf(Families).Select(value => new Clause<Person>($"family:exact={value}", one => one.Names.Contains(value)));
        var inside = AnyOf("aar", "M", "pik").Select(value => new Clause<Person>($"name:contains={value}", one => one.Names.Any(name => Folded(name).Contains(Folded(value), StringComparison.Ordinal))));
        var ids = Gen.Int[0, 24].Array[1, 3].Select(numbers => new Clause<Person>("_id=" + string.Join(',', numbers.Select(n => $"p{n:00}")), one => numbers.Contains(int.Parse(one.Id[1..], CultureInfo.InvariantCulture))));
        if (!deep) return Gen.OneOf(gender, notGender, missing, born, family, exact, inside, ids);
        var has = OfReading(readings, deep: false).Select(inner => new Clause<Person>($"_has:Observation:patient:{inner.Text}", one => readings.Any(reading => reading.Who == one && inner.Holds(reading))));
        var filter = Gen.Select(AnyOf(Genders), AnyOf("tamm", "saar"), Gen.Bool, (value, name, or) => new Clause<Person>($"_filter=gender eq {value} {(or ? "or" : "and")} not (family eq {name})",
            one => { var (a, b) = (one.Gender == value, !one.Names.Any(it => Folded(it) == name)); return or ? a || b : a && b; }));
        return Gen.OneOf(gender, notGender, missing, born, family, exact, inside, ids, has, filter);
    }

    static Gen<Clause<Reading>> OfReading(Reading[] readings, bool deep)
    {
        var status = AnyOf(Statuses).Array[1, 2].Select(values => new Clause<Reading>($"status={string.Join(',', values)}", one => values.Contains(one.Status)));
        var code = Gen.Select(AnyOf<string?>(null, "", "urn:x", "urn:y"), AnyOf(Codes), Gen.Bool, (system, value, not) =>
            new Clause<Reading>($"code{(not ? ":not" : "")}={(system is null ? "" : system + "|")}{value}", one => HasCode(one, system, value) != not));
        var system = AnyOf(Systems).Select(value => new Clause<Reading>($"code={value}|", one => HasCode(one, value, null)));
        var date = Gen.Select(AnyOf("", "ne", "gt", "lt", "ge", "le", "sa", "eb"), AnyOf(Dates), (prefix, value) =>
            new Clause<Reading>($"date={prefix}{value}", one => (one.From ?? one.To) is not null && Compare(prefix, Time(one), Span(value))));
        var amount = Gen.Select(AnyOf("", "ne", "gt", "lt", "ge", "le"), AnyOf("0.5", "1", "1.50", "2.5", "500", "1.5e3"), AnyOf("g", "mg"), (prefix, value, unit) =>
            new Clause<Reading>($"value-quantity={prefix}{value}|http://unitsofmeasure.org|{unit}", one => one.Value is { } it && Near(prefix, it * (one.Unit == "g" ? 1000 : 1), value, unit == "g" ? 1000 : 1)));
        var part = Gen.Select(AnyOf(Codes), AnyOf("", "gt", "lt", "ge", "le"), AnyOf("0.5", "1", "500"), (name, prefix, value) =>
            new Clause<Reading>($"component-code-value-quantity={name}${prefix}{value}||mg", one => one.Parts.Any(it => it.Code == name && Near(prefix, it.Value, value, 1))));
        var patient = Gen.Int[0, 24].Array[1, 2].Select(numbers => new Clause<Reading>("patient=" + string.Join(',', numbers.Select(n => $"p{n:00}")), one => one.Who is not null && numbers.Contains(int.Parse(one.Who.Id[1..], CultureInfo.InvariantCulture))));
        var orphan = Gen.Bool.Select(value => new Clause<Reading>($"subject:missing={(value ? "true" : "false")}", one => one.Who is null == value));
        if (!deep) return Gen.OneOf(status, code, system, date, amount, part, patient, orphan);
        var chain = OfPerson(readings, deep: false).Select(inner => new Clause<Reading>($"patient.{inner.Text}", one => one.Who is not null && inner.Holds(one.Who)));
        var back = OfReading(readings, deep: false).Select(inner => new Clause<Reading>($"subject:Patient._has:Observation:subject:{inner.Text}", one => one.Who is not null && readings.Any(other => other.Who == one.Who && inner.Holds(other))));
        return Gen.OneOf(status, code, system, date, amount, part, patient, orphan, chain, back);
    }

    static bool Near(string prefix, decimal value, string text, decimal factor)
    {
        var asked = decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        var half = text switch { "0.5" or "2.5" => 0.05m, "1.50" => 0.005m, "1.5e3" => 50m, _ => 0.5m };
        return prefix switch
        {
            "" => value >= (asked - half) * factor && value < (asked + half) * factor,
            "ne" => value < (asked - half) * factor || value >= (asked + half) * factor,
            "gt" => value > asked * factor,
            "lt" => value < asked * factor,
            "ge" => value >= asked * factor,
            _ => value <= asked * factor,
        };
    }

    [Theory]
    [InlineData(Engine.Sqlite, 1)]
    [InlineData(Engine.Sqlite, 2)]
    [InlineData(Engine.PostgreSql, 3)]
    public async Task A_random_search_finds_what_a_naive_evaluation_finds(Engine engine, int seed)
    {
        await using var house = await SearchHouse.Open(engine);
        var dice = new Random(seed);
        var people = People(dice);
        var readings = Readings(dice, people);
        await house.Put(people.Select(Json));
        await house.Put(readings.Select(Json));
        // With so few resources, the second engine takes the ways that are meant for many.
        SearchEngine[] engines = [house.Engine, new(house.Store, new() { ManyMatches = 4 })];
        AccessFilter[] callers = [AccessFilter.Everything, house.Only([.. people.Where((_, i) => i % 2 == 0).Select(one => one.Id)]), house.Only("p03")];
        bool Sees(int caller, Person? one) => caller == 0 || one is not null && (caller == 1 ? int.Parse(one.Id[1..], CultureInfo.InvariantCulture) % 2 == 0 : one.Id == "p03");

        string Run(string search, int way, int caller)
        {
            var found = new List<string>();
            var request = SearchHouse.Request(search);
            for (var page = engines[way].Search(request, callers[caller], TestContext.Current.CancellationToken).GetAwaiter().GetResult(); ;
                page = engines[way].Search(new(null, []) { Cursor = page.NextCursor }, callers[caller], TestContext.Current.CancellationToken).GetAwaiter().GetResult())
            {
                found.AddRange(page.Matches.Select(match => match.Id));
                if (page.NextCursor is null) return string.Join(' ', found.Order(StringComparer.Ordinal));
            }
        }

        var sorts = AnyOf("", "", "&_sort=-date", "&_sort=date", "&_sort=-_lastUpdated", "&_sort=status,-date", "&_sort=value-quantity", "&_sort=patient");
        // What is hidden is no part of a chain or _has either.
        Gen.Select(OfReading([.. readings], deep: true).Array[1, 3], sorts, Gen.Int[0, 1], Gen.Int[0, 0]).Sample((clauses, sort, way, caller) =>
        {
            var search = $"Observation?{string.Join('&', clauses.Select(clause => clause.Text))}{sort}&_count=17";
            var expected = string.Join(' ', readings.Where(one => Array.TrueForAll(clauses, clause => clause.Holds(one))).Select(one => one.Id));
            Assert.Equal((search, expected), (search, Run(search, way, caller)));
        }, iter: 250, threads: 1);
        for (var caller = 1; caller < 3; caller++)
        {
            var mine = readings.Where(one => Sees(caller, one.Who)).ToArray();
            OfReading(mine, deep: true).Array[1, 2].Select(sorts, Gen.Int[0, 1]).Sample((clauses, sort, way) =>
            {
                var search = $"Observation?{string.Join('&', clauses.Select(clause => clause.Text))}{sort}&_count=7";
                var expected = string.Join(' ', mine.Where(one => Array.TrueForAll(clauses, clause => clause.Holds(one))).Select(one => one.Id));
                Assert.Equal((caller, search, expected), (caller, search, Run(search, way, caller)));
            }, iter: 120, threads: 1);
        }
        OfPerson(readings, deep: true).Array[1, 3].Select(AnyOf("", "&_sort=family", "&_sort=-birthdate,gender", "&_sort=-_id"), Gen.Int[0, 1]).Sample((clauses, sort, way) =>
        {
            var search = $"Patient?{string.Join('&', clauses.Select(clause => clause.Text))}{sort}&_count=9";
            var expected = string.Join(' ', people.Where(one => Array.TrueForAll(clauses, clause => clause.Holds(one))).Select(one => one.Id));
            Assert.Equal((search, expected), (search, Run(search, way, 0)));
        }, iter: 250, threads: 1);
    }
}
