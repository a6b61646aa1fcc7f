namespace Generate.Sampling;

/// <summary>A stream of random numbers that is the same on every machine (Steele, Lea and Flood, 2014).</summary>
internal sealed class SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The seed of one of many streams: different streams of one seed have nothing in common.</summary>
    public static ulong Derive(ulong seed, int stream) => new SplitMix64(new SplitMix64(seed).Next() + (ulong)stream).Next();

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to 1, without 1.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1L << 53));
}
