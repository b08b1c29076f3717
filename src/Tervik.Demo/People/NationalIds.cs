using System.Globalization;

namespace Tervik.Demo.People;

/// <summary>Identifiers built as the countries build theirs, from ranges that are not given to living people.</summary>
/// <remarks>
/// Denmark: ddmmyy and four digits, the last one odd for men; 60 is added to the day, as in the country's own test data. Estonia: century and sex, yymmdd, three digits from 900 up (hospitals
/// hand out lower ones) and a check digit. Korea: yymmdd, century and sex, place 99, three digits and a check digit.
/// </remarks>
static class NationalIds
{
    public static string Of(Country country, DateOnly birth, bool isFemale, int serial) => country.Code switch { "DK" => Danish(birth, isFemale, serial), "EE" => Estonian(birth, isFemale, serial), _ => Korean(birth, isFemale, serial) };

    static string Danish(DateOnly birth, bool isFemale, int serial)
    {
        // The seventh digit tells the century: 0 to 3 are born from 1900 on, 5 to 8 with a year up to 57 from 2000 on.
        var seventh = birth.Year < 2000 ? serial % 4 : 5 + serial % 4;
        var last = serial / 400 % 5 * 2 + (isFemale ? 0 : 1);
        return string.Create(CultureInfo.InvariantCulture, $"{birth.Day + 60:00}{birth:MMyy}{seventh}{serial / 4 % 100:00}{last}");
    }

    static string Estonian(DateOnly birth, bool isFemale, int serial)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"{(birth.Year < 2000 ? 3 : 5) + (isFemale ? 1 : 0)}{birth:yyMMdd}{900 + serial % 100:000}");
        var rest = Weighted(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
        if (rest == 10) rest = Weighted(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
        return digits + rest.ToString(CultureInfo.InvariantCulture);
    }

    static string Korean(DateOnly birth, bool isFemale, int serial)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"{birth:yyMMdd}{(birth.Year < 2000 ? 1 : 3) + (isFemale ? 1 : 0)}99{serial % 1000:000}");
        var check = (11 - Weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
        return string.Create(CultureInfo.InvariantCulture, $"{digits.AsSpan(0, 6)}-{digits.AsSpan(6)}{check}");
    }

    static int Weighted(string digits, ReadOnlySpan<int> weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++) sum += (digits[i] - '0') * weights[i];
        return sum;
    }
}
