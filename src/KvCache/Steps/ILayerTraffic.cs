using KvCache.Memory;

namespace KvCache.Steps;

/// <summary>What moves layers to the device before they are used and away afterwards.</summary>
internal interface ILayerTraffic
{
    /// <summary>Returns when the layer is resident.</summary>
    void Enter(int layer);

    /// <summary>Notes that all work of the step on the layer has been submitted.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="elsewhere">Passes when it has finished, where it was submitted elsewhere than to the allocator's device.</param>
    void Leave(int layer, KvFence? elsewhere);
}
