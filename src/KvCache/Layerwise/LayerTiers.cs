namespace KvCache.Layerwise;

/// <summary>How the device's memory is used at one moment, in layer-blocks: the pages of one block in one layer.</summary>
/// <param name="LayerBlockBytes">Bytes of a layer-block: its keys and its values.</param>
/// <param name="DeviceLayerBlocks">Layer-blocks for which the device has room.</param>
/// <param name="KeptLayerBlocks">Layer-blocks that open sequences mean to keep on the device; one that several share counts for each.</param>
/// <param name="StagingLayerBlocks">Room set aside for layers on their way: staging buffers × blocks of the last step's sequences with a layer on the host.</param>
/// <param name="BytesToDevicePerSecond">The link's measured bandwidth to the device.</param>
/// <param name="BytesToHostPerSecond">The link's measured bandwidth to the host.</param>
public readonly record struct LayerTiers(
    long LayerBlockBytes,
    int DeviceLayerBlocks,
    long KeptLayerBlocks,
    long StagingLayerBlocks,
    double BytesToDevicePerSecond,
    double BytesToHostPerSecond)
{
    /// <summary>Gets the layer-blocks that are neither kept nor set aside; below 0 where layers must leave before the next step.</summary>
    public long FreeLayerBlocks => DeviceLayerBlocks - KeptLayerBlocks - StagingLayerBlocks;
}
