using KvCache.Attention;
using KvCache.Paged;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>Vectors that reach beyond an operand or the last page end the process here.</summary>
public sealed class CpuAttentionEdgeTests
{
    // A multiple of the system's page, whatever an element takes: then a pool of one page of so many tokens has no margin.
    private const int PageTokens = 4096;

    public static TheoryData<KvElementType> ElementTypes => [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Nothing_beyond_an_operand_is_touched(KvElementType type)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Guard pages are made as Linux makes them.");
        using CpuAttention attention = new();
        for (int dim = 1; dim <= 68; dim++)
        {
            using AttentionScene scene = new(EdgeSite.Instance, AttentionCase.Of(type, (1, 1 + (dim % 5)), (dim, 69 - dim), "8+1,0+3"));
            OutputComparison.AssertNear(scene.Run(attention), scene.ExpectedOfStored(), 2e-6, "the formula");
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Nothing_beyond_the_cache_is_touched(KvElementType type)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Guard pages are made as Linux makes them.");
        using CpuAttention attention = new();
        foreach (int dim in (int[])[1, 2, 3, 5, 7, 8, 9, 12, 15, 17, 24, 31, 33])
        {
            foreach (int last in (int[])[1, 5, 20])
            {
                FillThePool(attention, type, dim, last);
            }
        }
    }

    /// <summary>One sequence fills a pool of one page; all keys and values are one, and so is the output.</summary>
    private static void FillThePool(CpuAttention attention, KvElementType type, int dim, int last)
    {
        using PagedKvAllocator allocator = new(new PagedKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(1, 1, dim, type),
            Device = new GuardedDevice(),
            BlockTokens = PageTokens,
            BlockCount = 1,
        });
        Assert.True(allocator.TryOpen(new int[PageTokens], null, 0, out KvSequence? sequence, out _));
        foreach (int count in (int[])[PageTokens - last, last])
        {
            using KvStep step = allocator.BeginStep([new KvRow(sequence, count)]);
            KvLayerView view = step.Enter(0);
            Assert.Equal(view.KeyBase + (PageTokens * view.KeyTokenStride), view.ValueBase);
            float[] ones = [.. Enumerable.Repeat(1f, count * dim)];
            attention.Append(view, ones, ones);
            if (count == last)
            {
                float[] output = new float[count * dim * 3];
                attention.Attend(view, [.. ones, .. ones, .. ones], output);
                Assert.All(output, element => Assert.Equal(1, element, 1e-5f));
            }

            step.Complete();
        }
    }
}
