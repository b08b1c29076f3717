using System.Globalization;

namespace Tervik.Records.FhirPath;

/// <summary>lowBoundary(), highBoundary() and precision(): the least and greatest value that a written one may stand for.</summary>
static class Boundaries
{
    const int MostDigits = 28, UsualDigits = 8;

    public static List<PathItem> Of(List<PathItem> input, long? precision, bool isLow) => Expression.One(input)?.Simple() switch
    {
        null => [],
        { Kind: ItemKind.Integer or ItemKind.Decimal } number => OfNumber(number.Number, precision, isLow) is { } bound ? [PathItem.Of(bound)] : [],
        { Kind: ItemKind.Quantity } quantity => OfNumber(quantity.Number, precision, isLow) is { } bound ? [quantity with { Number = bound }] : [],
        { Kind: ItemKind.Date } date => OfMoment(date, precision ?? 8, isLow),
        { Kind: ItemKind.DateTime } time => OfMoment(time, precision ?? 17, isLow),
        { Kind: ItemKind.Time } time => OfMoment(time, precision ?? 9, isLow),
        _ => [],
    };

    static decimal? OfNumber(decimal number, long? precision, bool isLow)
    {
        var digits = precision ?? UsualDigits;
        if (digits is < 0 or > MostDigits) return null;
        var half = 0.5m;
        for (var i = 0; i < number.Scale; i++) half /= 10;
        var bound = isLow ? number - half : number + half;
        var step = 1m;
        for (var i = 0; i < digits; i++) step /= 10;
        // Outwards to the precision asked for, with all its digits.
        var scaled = bound / step;
        var rounded = (isLow ? Math.Floor(scaled) : Math.Ceiling(scaled)) * step;
        return rounded + new decimal(0, 0, 0, false, (byte)digits);
    }

    static List<PathItem> OfMoment(PathItem moment, long precision, bool isLow)
    {
        var (isTime, text) = (moment.Kind == ItemKind.Time, moment.Text);
        var zone = "";
        var plain = text;
        if (!isTime && text.IndexOf('T', StringComparison.Ordinal) is var t and >= 0)
        {
            var z = text.AsSpan(t).IndexOfAny('Z', '+', '-');
            if (z >= 0) (plain, zone) = (text[..(t + z)], text[(t + z)..]);
        }
        var full = isTime ? FullTime(plain, isLow) : FullDateTime(plain, isLow);
        int length = (isTime, precision) switch
        {
            (true, 2) => 2, (true, 4) => 5, (true, 6) => 8, (true, 9) => 12,
            (false, 4) => 4, (false, 6) => 7, (false, 8) => 10, (false, 10) => 13, (false, 12) => 16, (false, 14) => 19, (false, 17) => 23,
            _ => 0,
        };
        if (length == 0) return [];
        var cut = full[..length];
        // Without a zone, the boundary is that of the zone farthest away.
        if (!isTime && length > 10) cut += zone.Length > 0 ? zone : isLow ? "+14:00" : "-12:00";
        return [new(isTime ? ItemKind.Time : length > 10 ? ItemKind.DateTime : ItemKind.Date, default, 0, cut)];
    }

    static string FullTime(string text, bool isLow) => text.Length >= 12 ? text : text + (isLow ? "00:00:00.000" : "00:59:59.999")[text.Length..];

    static string FullDateTime(string text, bool isLow)
    {
        if (isLow) return text.Length >= 23 ? text : text + "0000-01-01T00:00:00.000"[text.Length..];
        if (text.Length == 4) text += "-12";
        if (text.Length == 7)
            text += string.Create(CultureInfo.InvariantCulture, $"-{DateTime.DaysInMonth(int.Parse(text.AsSpan(0, 4), CultureInfo.InvariantCulture), int.Parse(text.AsSpan(5, 2), CultureInfo.InvariantCulture)):00}");
        return text.Length >= 23 ? text : text + "0000-12-31T23:59:59.999"[text.Length..];
    }

    public static List<PathItem> Precision(List<PathItem> input) => Expression.One(input)?.Simple() switch
    {
        { Kind: ItemKind.Integer or ItemKind.Decimal } number => [PathItem.Of((long)number.Number.Scale)],
        { Kind: ItemKind.Date or ItemKind.DateTime or ItemKind.Time } moment => [PathItem.Of((long)moment.Text.Split('Z', '+')[0].Count(char.IsAsciiDigit))],
        _ => [],
    };
}
