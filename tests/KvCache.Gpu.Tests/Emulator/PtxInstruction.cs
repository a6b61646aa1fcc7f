namespace KvCache.Gpu.Tests.Emulator;

/// <summary>What an instruction does to the lanes of a warp.</summary>
/// <param name="warp">The warp.</param>
/// <param name="lanes">A bit for each lane that takes part.</param>
internal delegate void Effect(Warp warp, uint lanes);

/// <summary>An instruction that is ready to run.</summary>
internal sealed class PtxInstruction(PtxStatement statement, InstructionKind kind, Effect effect)
{
    private int _worstConflict;

    public PtxStatement Statement => statement;

    public InstructionKind Kind => kind;

    public Effect Effect => effect;

    /// <summary>Gets the place of the predicate; −1 for none.</summary>
    public int Guard { get; init; } = -1;

    /// <summary>Gets where a jump goes.</summary>
    public int Target { get; init; } = -1;

    /// <summary>Gets the most words that one bank of shared memory had to give at once.</summary>
    public int WorstConflict => Volatile.Read(ref _worstConflict);

    /// <summary>Notes how many words a bank had to give.</summary>
    public void Conflict(int ways)
    {
        int seen;
        while (ways > (seen = Volatile.Read(ref _worstConflict)))
        {
            Interlocked.CompareExchange(ref _worstConflict, ways, seen);
        }
    }
}
