using KvCache.Paged;

namespace KvCache.Layerwise;

/// <summary>How many blocks there are, and how many of their pages fit the device.</summary>
/// <param name="Blocks">Blocks, wherever their layers are.</param>
/// <param name="Frames">Layer-blocks for which the device has room.</param>
/// <param name="IsWhole">Whether the device holds all layers of all blocks, so that nothing ever moves.</param>
internal readonly record struct TierPlan(int Blocks, int Frames, bool IsWhole)
{
    public static TierPlan Of(LayerwiseKvAllocatorOptions options)
    {
        int layers = options.Geometry.LayerCount;
        long pageBytes = checked(options.Geometry.BytesPerToken / layers * options.BlockTokens);
        Throw.IfLessThan(options.DeviceBytes, pageBytes, nameof(options.DeviceBytes), nameof(options.DeviceBytes));
        long frames = Math.Min(options.DeviceBytes / pageBytes, int.MaxValue / 2);
        long whole = frames / layers;
        long tiered = Math.Min(frames / options.StagingBuffers, options.HostBytes / pageBytes / layers);
        long most = Math.Min(PagedKvAllocatorOptions.MaximumBlockCount, Math.Max(whole, tiered));
        if (most == 0 || options.BlockCount > most)
        {
            throw new ArgumentException(
                $"BlockCount: {Math.Max(1, options.BlockCount)} blocks of {options.BlockTokens} tokens need DeviceBytes for all their layers " +
                $"({layers} × {pageBytes} bytes each), or for {options.StagingBuffers} layers (StagingBuffers) and HostBytes for all. " +
                $"DeviceBytes is {options.DeviceBytes} and HostBytes is {options.HostBytes}, which is enough for {most}.",
                nameof(options));
        }

        int blocks = options.BlockCount > 0 ? options.BlockCount : (int)most;
        return new TierPlan(blocks, (int)frames, blocks <= whole);
    }
}
