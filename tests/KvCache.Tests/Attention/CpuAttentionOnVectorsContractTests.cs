using KvCache.Attention;
using KvCache.Specs.Attention;

namespace KvCache.Tests.Attention;

/// <summary>The same promises with kernels for every width of vectors that the processor has, each with another number of threads.</summary>
public abstract class CpuAttentionOnVectorsContractTests : KvAttentionContract
{
    private readonly int _bits;
    private readonly int _threads;

    protected CpuAttentionOnVectorsContractTests(int bits, int threads)
    {
        _bits = bits;
        _threads = threads;
        using CpuAttention known = CpuAttentions.OnVectors(bits, threads); // or the test is skipped here, before it begins
    }

    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => CpuAttentions.OnVectors(_bits, _threads);
}

/// <summary>On the calling thread alone.</summary>
public sealed class CpuAttentionOn128BitsContractTests() : CpuAttentionOnVectorsContractTests(bits: 128, threads: 1);

public sealed class CpuAttentionOn256BitsContractTests() : CpuAttentionOnVectorsContractTests(bits: 256, threads: 2);

/// <summary>
/// With the widest vectors that the processor has; where work does not divide evenly among threads, of which there may be more than
/// processors; and where the process ends when anything is touched beyond operands or pages.
/// </summary>
public sealed class CpuAttentionAtTheEdgeContractTests() : CpuAttentionOnVectorsContractTests(new KernelChoice(null).Widest, threads: 3)
{
    protected override AttentionSite Site => EdgeSite.Instance;
}
