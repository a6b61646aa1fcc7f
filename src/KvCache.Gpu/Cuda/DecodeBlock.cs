using System.Globalization;

namespace KvCache.Gpu.Cuda;

/// <summary>The make-up of a decode kernel's block, as tables name it.</summary>
/// <param name="Warps">See <see cref="IDecodeBlock.Warps"/>.</param>
/// <param name="Stages">See <see cref="IDecodeBlock.Stages"/>.</param>
internal readonly record struct DecodeBlock(int Warps, int Stages)
{
    /// <summary>Gets those that there are kernels of, for every head dim.</summary>
    public static IReadOnlyList<DecodeBlock> All { get; } = [new(2, 3), new(2, 4), new(4, 2), new(4, 3), new(4, 4), new(8, 2)];

    /// <summary>The one that is used where nothing was measured: 64 to 96 KiB, so that two blocks or more fit on a multiprocessor of compute capability
    /// 8.0 or 9.0, and one on those of 8.6 and 8.9.</summary>
    public static DecodeBlock DefaultOf(int dim) => dim switch
    {
        64 => new(4, 4),
        128 => new(4, 3),
        _ => new(2, 3),
    };

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Warps}×{Stages}");
}
