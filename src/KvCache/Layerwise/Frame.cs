using KvCache.Memory;

namespace KvCache.Layerwise;

/// <summary>What is known of one frame: room on the device for the page of any block in any layer.</summary>
internal struct Frame
{
    public FrameUse Use;

    /// <summary>Whose page; the page knows the frame too, unless it has been given up.</summary>
    public int Layer;

    /// <summary>Whose page.</summary>
    public int Block;

    /// <summary>Neighbours among the frames that are free, or that leave; 0 for none, otherwise the number + 1.</summary>
    public int Before;

    /// <summary>See <see cref="Before"/>.</summary>
    public int After;

    /// <summary>How often the copy under way, or ended and not looked at, has been tried; 0 where there is none.</summary>
    public int Attempts;

    /// <summary>The bytes that had been submitted in its direction, this copy included.</summary>
    public long Mark;

    /// <summary>The step that waits for the copy to the device.</summary>
    public long Arrival;

    /// <summary>The copy: to the device where the frame is kept or staged, to the host where it is leaving.</summary>
    public KvTransfer Copy;

    /// <summary>What must have passed besides before the frame is used again.</summary>
    public KvFence Readers;

    /// <summary>The last step that must have passed before the frame is used again.</summary>
    public long Steps;
}
