using System.Globalization;
using Tervik.Demo.Lives;
using Tervik.Demo.Personas;

namespace Tervik.Demo.People;

/// <summary>Who patient number k is: first the personas, then the patients of the personas among the staff, then families of four. It depends on seed and number alone.</summary>
sealed class Population(long seed)
{
    /// <summary>Ages are counted from here, so that people stay the same when today moves on.</summary>
    public static readonly DateOnly Epoch = new(2026, 1, 1);

    const int NameTopic = 2;
    const int FamilyTopic = 3;
    /// <summary>Members of a family: a woman, a man, and two who are their children when the age fits.</summary>
    const int FamilySize = 4;
    static readonly int FirstOfFamilies = Cast.Patients.Length + Panels.Size;

    public Person this[int number] => number < Cast.Patients.Length ? Cast.Patients[number] : number < FirstOfFamilies ? OfPanel(number) : OfFamily(number);

    Person OfPanel(int number)
    {
        var dice = Dice.For(seed, NameTopic, number);
        var (country, isFemale, age, shape) = Panels.Place(number - Cast.Patients.Length, dice);
        return Make(number, country, isFemale, age, dice.Pick(country.Families), Home.Find(country, dice), dice) with { Shape = shape };
    }

    Person OfFamily(int number)
    {
        var (family, member) = Math.DivRem(number - FirstOfFamilies, FamilySize);
        var first = FirstOfFamilies + family * FamilySize;
        var shared = Dice.For(seed, FamilyTopic, family);
        var country = shared.Pick(Country.All);
        var home = Home.Find(country, shared);
        var (his, hers) = (shared.Pick(country.Families), shared.Pick(country.Families));
        var isCouple = shared.Chance(0.72);
        // The age of the woman decides what kind of home it is; the spread gives about the ages of a northern European country.
        double womanAge = shared.Between(24, 92), manAge = Math.Clamp(womanAge + shared.Normal(2, 3), 20, 97), childAge = womanAge - 20 - shared.Roll() * 17;
        var dice = Dice.For(seed, NameTopic, number);
        switch (member)
        {
            case 0: return Make(number, country, isFemale: true, womanAge, country.Code == "KR" || !isCouple ? hers : his, home, dice) with { Partner = isCouple ? first + 1 : null };
            case 1: return Make(number, country, isFemale: false, manAge, his, isCouple ? home : Home.Find(country, dice), dice) with { Partner = isCouple ? first : null };
        }
        var age = childAge - (member - 2) * 2.6;
        // Children of old couples have left: in their place stands somebody of any age.
        if (age < 0.1 || womanAge >= 62) return Make(number, country, dice.Chance(0.5), 1 + dice.Roll() * 74, dice.Pick(country.Families), Home.Find(country, dice), dice);
        var child = Make(number, country, dice.Chance(0.49), age, his, age < 20 ? home : Home.Find(country, dice), dice);
        return age < 18 ? child with { Mother = first, Father = isCouple ? first + 1 : null } : child;
    }

    static Person Make(int number, Country country, bool isFemale, double age, Name family, Home home, Dice dice)
    {
        var birth = Epoch.AddDays(-(int)(age * 365.25) - dice.Between(0, 200));
        return new()
        {
            Number = number, Id = Person.IdOf(number), Country = country, IsFemale = isFemale, Birth = birth, Given = dice.Pick(isFemale ? country.Women : country.Men), Family = family,
            City = home.City, Postal = home.Postal, Street = home.Street, Phone = country.PhonePrefix + Digits(dice, country.Code == "KR" ? 8 : 7), NationalId = NationalIds.Of(country, birth, isFemale, dice.Between(0, 99_999)),
        };
    }

    static string Digits(Dice dice, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + dice.Between(0, 9))));

    /// <summary>Where a family lives.</summary>
    readonly record struct Home(string City, string Postal, string Street)
    {
        public static Home Find(Country country, Dice dice)
        {
            var (city, postal, _, _) = dice.Chance(0.55) ? country.Cities[0] : dice.Pick(country.Cities);
            return new(city, postal, string.Create(CultureInfo.InvariantCulture, $"{dice.Pick(country.Streets)} {dice.Between(1, 120)}"));
        }
    }
}
