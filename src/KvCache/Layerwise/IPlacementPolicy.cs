namespace KvCache.Layerwise;

/// <summary>Decides how many layers of a sequence stay on the device; which ones is <see cref="InterleavedLayers"/>' answer.</summary>
/// <remarks>Asked when a sequence is opened, and again when memory has become free. Called on the allocator's owner thread; must not call the allocator.</remarks>
public interface IPlacementPolicy
{
    /// <summary>Answers for one sequence.</summary>
    /// <param name="request">The sequence, the room, the link.</param>
    /// <returns>The range; the allocator clamps it to 0 … layers and to what the device holds.</returns>
    PlacementRange Choose(in PlacementRequest request);
}
