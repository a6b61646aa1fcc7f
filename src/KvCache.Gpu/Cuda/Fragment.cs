using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Cuda;

/// <summary>A lane's share of four matrices of 8 × 8 numbers of 16 bits.</summary>
internal struct Fragment
{
    public Output<uint> A;
    public Output<uint> B;
    public Output<uint> C;
    public Output<uint> D;
}
