using KvCache.Attention;
using KvCache.Specs;
using KvCache.Tests.Contract;
using Xunit;

namespace KvCache.Tests.Attention;

public class CpuAttentionMemoryTests
{
    [Fact]
    public void Memory_of_another_processor_is_refused_by_the_name_of_its_device()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup(), new FarDevice(), deduplicate: true);
        Assert.True(allocator.TryOpen([1, 2, 3], null, 0, out KvSequence? sequence, out _));
        using KvStep step = allocator.BeginStep([new KvRow(sequence, 3)]);
        KvLayerView view = step.Enter(0);
        using CpuAttention attention = new();
        float[] keys = new float[3 * 3 * 4];
        float[] values = new float[3 * 3 * 6];
        AssertRefused(() => attention.Append(view, keys, values));
        AssertRefused(() => attention.Attend(view, keys, values));
    }

    private static void AssertRefused(Action call) =>
        Assert.Contains("'far away'", Assert.Throws<NotSupportedException>(call).Message, StringComparison.Ordinal);
}
