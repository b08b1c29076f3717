using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Tervik.Records.Definitions;

/// <summary>Finds an object by the UTF-8 bytes of its name, without allocation: a small open hash table, several times cheaper to build than a frozen dictionary.</summary>
sealed class NameTable<T> where T : class
{
    /// <summary>No name of FHIR R4 is longer.</summary>
    public const int LongestName = 96;

    public static readonly NameTable<T> Empty = new([], static _ => "");

    readonly T?[] values;
    readonly byte[][] names;

    public NameTable(IReadOnlyList<T> items, Func<T, string> name)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, items.Count * 2));
        values = new T?[size];
        names = new byte[size][];
        foreach (var item in items)
        {
            var utf8 = Encoding.UTF8.GetBytes(name(item));
            var slot = Slot(utf8);
            while (values[slot] is not null) slot = (slot + 1) & (size - 1);
            (values[slot], names[slot]) = (item, utf8);
        }
    }

    public T? Find(ReadOnlySpan<byte> name)
    {
        for (var slot = Slot(name); values[slot] is { } value; slot = (slot + 1) & (values.Length - 1))
            if (name.SequenceEqual(names[slot])) return value;
        return null;
    }

    // First and last eight (or fewer) bytes and the length tell the names of one type apart well enough.
    int Slot(ReadOnlySpan<byte> name) => unchecked((int)((Ends(name) * 0x9E3779B97F4A7C15) >> 40)) & (values.Length - 1);

    static ulong Ends(ReadOnlySpan<byte> name) => unchecked(name.Length switch
    {
        >= 8 => BinaryPrimitives.ReadUInt64LittleEndian(name) * 31 + BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]) + (ulong)name.Length,
        >= 4 => BinaryPrimitives.ReadUInt32LittleEndian(name) * 31UL + BinaryPrimitives.ReadUInt32LittleEndian(name[^4..]) + (ulong)name.Length,
        > 0 => name[0] * 31UL + name[^1] * 17UL + (ulong)name.Length,
        _ => 0,
    });
}
