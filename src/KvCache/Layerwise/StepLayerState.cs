namespace KvCache.Layerwise;

/// <summary>How far a layer is in the open step.</summary>
internal enum StepLayerState : byte
{
    /// <summary>Its pages are wherever they are.</summary>
    Away,

    /// <summary>Its pages are being given frames.</summary>
    Loading,

    /// <summary>Some pages of the rows were given frames ahead of time; there was no room for the others.</summary>
    Partial,

    /// <summary>All pages of the rows have frames; copies may be under way.</summary>
    Loaded,

    /// <summary>The engine works on it.</summary>
    Entered,
}
