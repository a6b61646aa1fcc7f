namespace KvCache.Gpu.Tests.Emulator;

/// <summary>32 threads that go forward together, each with an instruction of its own that is next.</summary>
internal sealed class Warp
{
    public const int Lanes = 32;

    public Warp(Block block, int index, ulong[] registers, int localBytes)
    {
        Block = block;
        Index = index;
        Registers = registers;
        Local = new byte[localBytes * Lanes];
        Array.Fill(Local, SharedMemory.Poison);
        Copies = new CopyQueue(this);
        for (int lane = 0; lane < Lanes; lane++)
        {
            Exited |= (index * Lanes) + lane < block.Threads ? 0 : 1u << lane;
        }
    }

    public Block Block { get; }

    public int Index { get; }

    /// <summary>Gets the registers: [slot][lane].</summary>
    public ulong[] Registers { get; }

    public byte[] Local { get; }

    public CopyQueue Copies { get; }

    /// <summary>Gets the next instruction of every lane.</summary>
    public int[] Next { get; } = new int[Lanes];

    /// <summary>Gets or sets the lanes that have ended.</summary>
    public uint Exited { get; set; }

    public bool HasEnded => Exited == uint.MaxValue;

    /// <summary>Gets or sets the instruction of the block's barrier that the warp waits at; −1 for none.</summary>
    public int WaitsAt { get; set; } = -1;

    /// <summary>Gets or sets how often the warp's lanes have met at a barrier.</summary>
    public int Epoch { get; set; }

    /// <summary>The thread of a lane.</summary>
    public int Thread(int lane) => (Index * Lanes) + lane;
}
