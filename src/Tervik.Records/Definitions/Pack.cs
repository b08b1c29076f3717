using System.IO.Compression;
using System.Text;

namespace Tervik.Records.Definitions;

/// <summary>Reads a file that <c>pack.mjs</c> wrote: variable-length integers (7 bits a byte, low first) and texts as numbers of a table at its head.</summary>
/// <remarks>Texts are decoded when first asked for. One reader is used by one thread; the table may be shared by several readers.</remarks>
sealed class Pack
{
    readonly byte[] bytes;
    readonly int[] textStarts;
    readonly string?[] texts;

    Pack(byte[] bytes)
    {
        this.bytes = bytes;
        var count = Int();
        textStarts = new int[count + 1];
        texts = new string?[count + 1];
        for (var i = 0; i < count; i++) textStarts[i + 1] = textStarts[i] + Int();
        for (var i = 0; i <= count; i++) textStarts[i] += Position;
        Position = textStarts[count];
    }

    Pack(Pack shared, int position) => (bytes, textStarts, texts, Position) = (shared.bytes, shared.textStarts, shared.texts, position);

    /// <summary>Unpacks an embedded file.</summary>
    public static Pack Open(string name)
    {
        using var stream = typeof(Pack).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The program was built without {name}.");
        using var plain = new BrotliStream(stream, CompressionMode.Decompress);
        using var buffer = new MemoryStream(capacity: 1 << 20);
        plain.CopyTo(buffer);
        return new Pack(buffer.ToArray());
    }

    /// <summary>Where the next value begins.</summary>
    public int Position { get; private set; }

    /// <summary>A reader of the same file that begins at <paramref name="position"/>.</summary>
    public Pack At(int position) => new(this, position);

    public int Int()
    {
        var value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[Position++];
            value |= (b & 127) << shift;
            if (b < 128) return value;
        }
    }

    public bool Flag() => Int() != 0;

    /// <summary>A text, or null where none was given.</summary>
    public string? OptionalText()
    {
        var number = Int();
        if (number == 0) return null;
        var start = textStarts[number - 1];
        return texts[number] ??= Encoding.UTF8.GetString(bytes, start, textStarts[number] - start);
    }

    public string Text() => OptionalText() ?? throw new InvalidOperationException("The packed definitions miss a text.");

    public T[] List<T>(Func<Pack, T> read)
    {
        var count = Int();
        if (count == 0) return [];
        var list = new T[count];
        for (var i = 0; i < count; i++) list[i] = read(this);
        return list;
    }

    public string[] Texts() => List(static pack => pack.Text());
}
