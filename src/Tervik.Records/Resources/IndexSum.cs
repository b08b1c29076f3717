using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Tervik.Records.Resources;

/// <summary>A number of rows and the sum of their hashes: equal for equal sets of rows, in whatever order they come.</summary>
readonly record struct IndexSum(long Rows, long Sum)
{
    public static IndexSum operator +(IndexSum a, IndexSum b) => new(a.Rows + b.Rows, unchecked(a.Sum + b.Sum));

    public static IndexSum Of<T>(List<T> rows, Func<T, long> hash)
    {
        var sum = 0L;
        foreach (var row in rows) sum = unchecked(sum + hash(row));
        return new(rows.Count, sum);
    }

    public static long Hash(params ReadOnlySpan<long> row) => unchecked((long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(row)));

    public static long Hash(string text, params ReadOnlySpan<long> row) => unchecked((long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text), Hash(row)));
}
