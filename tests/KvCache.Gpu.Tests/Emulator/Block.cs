namespace KvCache.Gpu.Tests.Emulator;

/// <summary>The threads that share memory, as far as they have come.</summary>
internal sealed class Block
{
    public Block(PtxKernel kernel, in Launch launch, int x, int y, int z)
    {
        Kernel = kernel;
        Launch = launch;
        Threads = launch.Threads;
        Shared = new SharedMemory(this, kernel.Module.SharedBytes + launch.SharedBytes);
        Warps = new Warp[(Threads + Warp.Lanes - 1) / Warp.Lanes];
        for (int index = 0; index < Warps.Length; index++)
        {
            ulong[] registers = kernel.Registers.Create();
            Warp warp = new(this, index, registers, kernel.Module.LocalBytes);
            Warps[index] = warp;
            kernel.Registers.Set(registers, "%tid.x", warp.Thread);
            kernel.Registers.Set(registers, "%laneid", static lane => lane);
            Set(registers, "%tid.y", 0, "%tid.z", 0, "%ntid.x", Threads, "%ntid.y", 1, "%ntid.z", 1);
            Set(registers, "%ctaid.x", x, "%ctaid.y", y, "%ctaid.z", z);
            Set(registers, "%nctaid.x", launch.X, "%nctaid.y", launch.Y, "%nctaid.z", launch.Z);
        }
    }

    public PtxKernel Kernel { get; }

    public Launch Launch { get; }

    public int Threads { get; }

    public SharedMemory Shared { get; }

    public Warp[] Warps { get; }

    /// <summary>Gets how often the block's threads have met.</summary>
    public int Epoch { get; private set; }

    /// <summary>Runs until all threads have ended; answers how many instructions warps took.</summary>
    public long Run()
    {
        long count = 0;
        while (Array.Exists(Warps, static warp => !warp.HasEnded))
        {
            foreach (Warp warp in Warps)
            {
                if (!warp.HasEnded && warp.WaitsAt < 0)
                {
                    count += WarpSchedule.Run(warp);
                }
            }

            Meet();
        }

        return count;
    }

    /// <summary>All warps wait, or have ended: they go on together.</summary>
    private void Meet()
    {
        int[] places = [.. Warps.Where(static warp => warp.WaitsAt >= 0).Select(static warp => warp.WaitsAt).Distinct()];
        if (places.Length > 1)
        {
            throw new PtxFault("Warps of a block wait at different barriers.");
        }

        if (places.Length == 1 && Array.Exists(Warps, static warp => warp.HasEnded))
        {
            throw new PtxFault("A warp waits at the block's barrier that another has left without.");
        }

        Epoch++;
        foreach (Warp warp in Warps)
        {
            warp.WaitsAt = -1;
            warp.Epoch++;
        }
    }

    private void Set(ulong[] registers, params object[] pairs)
    {
        for (int i = 0; i < pairs.Length; i += 2)
        {
            int value = (int)pairs[i + 1];
            Kernel.Registers.Set(registers, (string)pairs[i], _ => value);
        }
    }
}
