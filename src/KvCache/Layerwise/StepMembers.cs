namespace KvCache.Layerwise;

/// <summary>Which sequences were in the last step: those that were not are paused, and need no room for layers on their way.</summary>
/// <remarks>A sequence that was opened since counts as a member. O(1) per row.</remarks>
internal sealed class StepMembers
{
    private long _step;
    private int _rows;
    private int _stayed;
    private int _before;

    /// <summary>Gets whether some sequence joined with the last step, or did not go on with it.</summary>
    public bool HaveChanged => _stayed != _rows || _stayed != _before;

    /// <summary>Notes that a step of so many rows begins.</summary>
    public void Begin(int rows)
    {
        _step++;
        (_before, _rows, _stayed) = (_rows, rows, 0);
    }

    /// <summary>Notes one of its rows.</summary>
    public void Add(KeptLayers sequence)
    {
        _stayed += sequence.LastStep == _step - 1 ? 1 : 0;
        sequence.LastStep = _step;
    }

    /// <summary>Takes a sequence for a member before its first step.</summary>
    public void Welcome(KeptLayers sequence) => sequence.LastStep = _step;

    public bool Has(KeptLayers sequence) => sequence.LastStep == _step;
}
