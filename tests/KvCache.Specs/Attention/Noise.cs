namespace KvCache.Specs.Attention;

/// <summary>Numbers that look random and depend on nothing but a name of three parts.</summary>
internal struct Noise(int seed, int row, int position)
{
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;
    private ulong _state = Mix(Mix(Mix((uint)seed + Step) + (uint)row) + (uint)position);

    public ulong Next() => Mix(_state += Step);

    /// <summary>Evenly between −1 and 1.</summary>
    public float NextEven() => ((int)(Next() >> 39) - (1 << 24) + 0.5f) / (1 << 24);

    public void Fill(Span<float> elements, float amplitude)
    {
        foreach (ref float element in elements)
        {
            element = NextEven() * amplitude;
        }
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
