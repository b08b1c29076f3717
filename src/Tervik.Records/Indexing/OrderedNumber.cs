namespace Tervik.Records.Indexing;

/// <summary>Doubles as integers of the same order, so that one table holds dates, numbers and quantities.</summary>
static class OrderedNumber
{
    public static long Of(double value)
    {
        if (value == 0) value = 0; // -0 and 0 are equal
        var bits = BitConverter.DoubleToInt64Bits(value);
        return bits ^ ((bits >> 63) & long.MaxValue);
    }

    public static double Value(long ordered) => BitConverter.Int64BitsToDouble(ordered ^ ((ordered >> 63) & long.MaxValue));
}
