namespace Tervik.Demo.Lives;

/// <summary>Random numbers that are the same on every machine and in every version of .NET (SplitMix64).</summary>
sealed class Dice(ulong seed)
{
    ulong state = seed;

    /// <summary>Dice of one thing: <paramref name="topic"/> keeps the dice of a person's name apart from those of the person's life.</summary>
    public static Dice For(long seed, int topic, long number) => new(Mix(Mix(Mix(unchecked((ulong)seed)) ^ unchecked((ulong)topic * 0x9E3779B97F4A7C15)) ^ unchecked((ulong)number)));

    static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }

    /// <summary>From 0 (inclusive) to 1 (exclusive).</summary>
    public double Roll()
    {
        state = unchecked(state + 0x9E3779B97F4A7C15);
        return (Mix(state) >> 11) * (1.0 / (1UL << 53));
    }

    public bool Chance(double probability) => Roll() < probability;

    /// <summary>From <paramref name="from"/> to <paramref name="to"/>, both included.</summary>
    public int Between(int from, int to) => from + (int)(Roll() * (to - from + 1));

    public T Pick<T>(IReadOnlyList<T> among) => among[(int)(Roll() * among.Count)];

    /// <summary>About normal, never further than three deviations from the mean: the sum of four rolls needs no logarithm, whose last digit may differ between machines.</summary>
    public double Normal(double mean, double deviation) => mean + deviation * Math.Clamp((Roll() + Roll() + Roll() + Roll() - 2) * 1.7320508, -3, 3);
}
