using System.Numerics;
using ILGPU;
using KvCache.Attention;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Attention;

/// <summary>Makes what kernels take from a view and its operands.</summary>
internal static class DeviceArguments
{
    private const int Alignment = 16;
    private const int OneColumnShift = 31;

    /// <summary>Checks that a device can reach a cache: it is the cache's own device, or knows its memory.</summary>
    /// <exception cref="NotSupportedException">It cannot.</exception>
    public static void CheckMemory(GpuDevice device, KvLayerView view)
    {
        if (ReferenceEquals(view.Device, device))
        {
            return;
        }

        try
        {
            if (view.Device.HasMemory)
            {
                _ = device.View(view.KeyBase, view.TokensPerPage * view.KeyTokenStride);
                _ = device.View(view.ValueBase, view.TokensPerPage * view.ValueTokenStride);
                return;
            }
        }
        catch (ArgumentOutOfRangeException)
        {
        }

        throw new NotSupportedException(
            $"The cache lies on device '{view.Device.Name}', in memory that device '{device.Name}' of this attention does not know.");
    }

    /// <summary>The layer's pages and the step's rows, whose tables are brought to the device if they are not there yet.</summary>
    public static CacheArguments Of(GpuDevice device, KvLayerView view)
    {
        KvLayerGroup shape = view.Shape;
        GpuStepTables tables = device.Upload(view);
        return new CacheArguments
        {
            Keys = ToEnd(device.View(view.KeyBase, view.TokensPerPage * view.KeyTokenStride)),
            Values = ToEnd(device.View(view.ValueBase, view.TokensPerPage * view.ValueTokenStride)),
            PageTable = tables.PageTable,
            Lengths = tables.Lengths,
            QueryOffsets = tables.QueryOffsets,
            KeyPageStride = view.KeyPageStride,
            KeyTokenStride = view.KeyTokenStride,
            KeyHeadStride = view.KeyHeadStride,
            ValuePageStride = view.ValuePageStride,
            ValueTokenStride = view.ValueTokenStride,
            ValueHeadStride = view.ValueHeadStride,
            PageTableRowStride = tables.PageTableRowStride,
            TokensPerPage = view.TokensPerPage,
            PageShift = view.PageTableColumns == 1 ? OneColumnShift : BitOperations.Log2((uint)view.TokensPerPage),
            Rows = view.RowCount,
            KvHeads = shape.KvHeads,
            KeyDim = shape.KeyDim,
            ValueDim = shape.ValueDim,
        };
    }

    /// <summary>An operand that has tokens.</summary>
    /// <exception cref="ArgumentException">The device does not know its memory.</exception>
    public static ArrayView<float> Of(GpuDevice device, KvTensor tensor, string name)
    {
        long bytes = ((tensor.Tokens - 1) * tensor.TokenStride) + ((long)tensor.Heads * tensor.HeadDim * sizeof(float));
        try
        {
            return device.View(tensor.Address, bytes).Cast<float>();
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new ArgumentException($"{name} do not lie in memory of device '{device.Name}': {exception.Message}", name, exception);
        }
    }

    /// <summary>The view of a first page, and of all that follow: a layer's view does not say how many pages there are.</summary>
    private static ArrayView<byte> ToEnd<TView>(TView first)
        where TView : struct, IContiguousArrayView<byte> => new(first.Buffer, first.Index, first.Buffer.LengthInBytes - first.Index);

    /// <summary>Whether pages and heads lie so that they may be read 16 bytes at a time.</summary>
    public static bool IsAligned(KvLayerView view)
    {
        long places = view.KeyBase | view.KeyPageStride | view.KeyTokenStride | view.KeyHeadStride
            | view.ValueBase | view.ValuePageStride | view.ValueTokenStride | view.ValueHeadStride;
        return places % Alignment == 0 && view.Shape.KeyDim % Floats8.Count == 0 && view.Shape.ValueDim % Floats8.Count == 0
            && (view.PageTableColumns == 1 || BitOperations.IsPow2(view.TokensPerPage));
    }

    /// <summary>Whether an operand's heads, of whole eights of elements, begin at multiples of 16 bytes.</summary>
    public static bool IsAligned(KvTensor tensor) => ((long)tensor.Address | tensor.TokenStride) % Alignment == 0;
}
