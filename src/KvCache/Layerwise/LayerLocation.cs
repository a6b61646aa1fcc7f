namespace KvCache.Layerwise;

/// <summary>Where the keys and values of one layer of a sequence are.</summary>
public enum LayerLocation
{
    /// <summary>All of them are on the device and stay there.</summary>
    Device,

    /// <summary>Some or all of them are on the host; a step that enters the layer brings them.</summary>
    Host,

    /// <summary>A copy in one of the two directions is under way.</summary>
    InTransfer,
}
