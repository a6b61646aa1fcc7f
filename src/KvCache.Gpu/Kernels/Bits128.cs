namespace KvCache.Gpu.Kernels;

/// <summary>Sixteen bytes, which a thread loads or stores at once.</summary>
internal struct Bits128
{
    public uint A;
    public uint B;
    public uint C;
    public uint D;

    public Bits128(uint a, uint b, uint c, uint d) => (A, B, C, D) = (a, b, c, d);
}
