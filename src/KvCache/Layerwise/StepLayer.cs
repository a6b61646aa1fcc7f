using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>What is known of one layer in the open step, and of its page table from step to step.</summary>
internal sealed class StepLayer(int number)
{
    private bool _isSettled;
    private long _step;

    public int Number { get; } = number;

    public PageTable Table { get; } = new();

    public StepLayerState State { get; set; }

    /// <summary>Gets the frames that are here for this step.</summary>
    public List<int> Staged { get; } = [];

    /// <summary>Gets the frames whose copies to the device have not been looked at.</summary>
    public List<int> Arriving { get; } = [];

    /// <summary>Whether the table was right in the step before this one and nothing that it shows has moved since.</summary>
    public bool Follows(long step) => _isSettled && _step == step - 1;

    /// <summary>Notes that the table is right in a step; where frames are only here for it, not beyond.</summary>
    public void Settle(long step)
    {
        _step = step;
        _isSettled = Staged.Count == 0;
    }

    /// <summary>Notes that a page has moved, so that the table is to be written anew.</summary>
    public void Unsettle() => _isSettled = false;
}
