using KvCache.Attention;
using KvCache.Specs.Attention;

namespace KvCache.Tests.Attention;

/// <summary>The same promises with kernels for every width of vectors that the processor has.</summary>
public abstract class CpuAttentionOnVectorsContractTests : KvAttentionContract
{
    private readonly int _bits;

    protected CpuAttentionOnVectorsContractTests(int bits)
    {
        _bits = bits;
        using CpuAttention known = CpuAttentions.OnVectors(bits); // or the test is skipped here, before it begins
    }

    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => CpuAttentions.OnVectors(_bits);
}

public sealed class CpuAttentionOn128BitsContractTests() : CpuAttentionOnVectorsContractTests(128);

public sealed class CpuAttentionOn256BitsContractTests() : CpuAttentionOnVectorsContractTests(256);

public sealed class CpuAttentionOn512BitsContractTests() : CpuAttentionOnVectorsContractTests(512);
