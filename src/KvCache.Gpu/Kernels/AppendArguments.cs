using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>What an append works on.</summary>
internal struct AppendArguments
{
    public CacheArguments Cache;
    public ArrayView<float> Keys;
    public ArrayView<float> Values;
    public long KeyStride; // floats from a token to the next
    public long ValueStride;
    public int Tokens; // of all rows
}
