namespace KvCache.Steps;

/// <summary>What moves layers to the device before they are used and away afterwards.</summary>
internal interface ILayerTraffic
{
    /// <summary>Returns when the layer is resident.</summary>
    void Enter(int layer);

    /// <summary>Notes that all work of the step on the layer has been submitted.</summary>
    void Leave(int layer);
}
