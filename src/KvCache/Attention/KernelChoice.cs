using System.Runtime.Intrinsics;

namespace KvCache.Attention;

/// <summary>Chooses kernels by element type and vector width, and keeps them.</summary>
/// <param name="forcedWidth">The bits of the vectors whatever the dims and the hardware, or null.</param>
internal sealed class KernelChoice(int? forcedWidth)
{
    private readonly Dictionary<(KvElementType Type, int Bits), AttentionKernels> _made = [];

    /// <summary>Gets the bits of the widest vectors that are used.</summary>
    public int Widest { get; } = forcedWidth
        ?? (Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128);

    public AttentionKernels For(KvLayerGroup shape)
    {
        (KvElementType, int) key = (shape.ElementType, forcedWidth ?? Width(shape, Widest));
        if (!_made.TryGetValue(key, out AttentionKernels? kernels))
        {
            _made.Add(key, kernels = AttentionKernels.Create(key.Item1, key.Item2));
        }

        return kernels;
    }

    /// <summary>The widest vectors that leave nothing over; where all do, the widest that a head fills.</summary>
    private static int Width(KvLayerGroup shape, int widest)
    {
        for (int bits = widest; bits >= 128; bits /= 2)
        {
            if (shape.KeyDim % (bits / 32) == 0 && shape.ValueDim % (bits / 32) == 0)
            {
                return bits;
            }
        }

        int smaller = Math.Min(shape.KeyDim, shape.ValueDim);
        return smaller * 32 >= widest ? widest : smaller >= 8 && widest >= 256 ? 256 : 128;
    }
}
