using KvCache;
using KvCache.Attention;
using KvCache.Cuda;
using KvCache.Cuda.Simulation;
using KvCache.Memory;
using KvCache.Paged;

// What an engine does, published ahead of time: share a prefix, run steps through the view, fork, truncate, check.
using PagedKvAllocator allocator = new(new PagedKvAllocatorOptions
{
    Geometry = KvGeometry.Create(layers: 2, kvHeads: 2, headDim: 8, KvElementType.Float32),
    Device = HostDevice.Instance,
    BlockCount = 16,
    EventCapacity = 64,
});
using CpuAttention attention = new();
int[] system = [.. Enumerable.Range(100, 32)];

KvSequence first = Open([.. system, 1, 2, 3]);
Run(first, mark: 1);
KvSequence second = Open([.. system, 4, 5]);
Run(second, mark: 2);
Expect(second.HitLength == 32, "the second sequence shares the first one's two full blocks");
Expect(ReadKey(second, 0) == 1 && ReadKey(second, 33) == 2, "shared positions hold the first one's keys");

Expect(second.TryFork(second.Length, out KvSequence? fork, out _), "the second sequence can be forked");
Expect(fork!.TryAppend([6], out _), "the fork can be appended to");
Run(fork, mark: 3);
Expect(ReadKey(fork, 33) == 2 && ReadKey(fork, 34) == 3, "the fork copied what it shared before it wrote");
fork.Truncate(20);
Expect(fork is { Length: 20, Capacity: 32 }, "the fork gave back what it no longer needs");

KvUsage usage = allocator.Usage;
Expect(usage is { OwnedBlocks: 4, OpenSequences: 3 }, "two blocks are shared and two are private");
Expect(!allocator.TryOpen(new int[17 * 16], null, 0, out _, out KvRefusal refusal), "too long a prompt is refused");
Expect(refusal == KvRefusal.TooLong, "as too long");
Expect(allocator.Events!.TryRead(out _) && allocator.ListStored().Count == 2, "two blocks were announced");
allocator.CheckIntegrity();
Console.WriteLine(
    $"{allocator.Geometry}: {usage.OpenSequences} sequences on {usage.OwnedBlocks} of {usage.TotalBlocks} blocks, " +
    $"{second.HitLength} tokens shared, books right; attention on {attention.VectorBits}-bit vectors");
Console.WriteLine(CudaDriver.TryLoad(out CudaDriver? driver, out string? reason)
    ? $"CUDA {driver.Version}: {string.Join(", ", driver.GetDevices().Select(device => device.Name))}"
    : reason);
MapOnSimulatedGpu();
return 0;

// The functions of the simulated driver are closures that are called through unmanaged pointers: that must work ahead of time too.
static void MapOnSimulatedGpu()
{
    using SimulatedCudaDriver simulator = new(new SimulatedCudaOptions { MemoryBytes = 80L << 30 });
    using (CudaDevice device = CudaDevice.Open(simulator.Driver))
    using (CudaVirtualMemory memory = new(device))
    {
        Expect(memory.TryReserve(8 * memory.ChunkBytes, out nint address), "addresses can be reserved");
        Expect(memory.TryCreate([0, 1]) && memory.TryMap(address, [0, 1, 0], writable: true), "chunks can be created and mapped");
        simulator.Launch(device.Stream, [new SimulatedRange(address, 3 * memory.ChunkBytes)]);
        memory.RecordFence().Wait();
        memory.Unmap(address, 3);
        Console.WriteLine($"{device.Info.Name} GPU: {simulator.CallCount} driver calls, {simulator.Elapsed.TotalMilliseconds:F1} ms of its time, contract kept");
    }

    simulator.CheckLeaks();
}

KvSequence Open(int[] prompt)
{
    bool opened = allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out KvRefusal reason);
    Expect(opened, $"a sequence can be opened ({reason})");
    return sequence!;
}

void Run(KvSequence sequence, float mark)
{
    using KvStep step = allocator.BeginStep([new KvRow(sequence, sequence.Length - sequence.ComputedLength)]);
    float[] keys = new float[step.TokenCount * 16];
    float[] values = new float[step.TokenCount * 16];
    float[] output = new float[step.TokenCount * 32]; // two query heads share a KV head
    Array.Fill(keys, mark);
    Array.Fill(values, -mark);
    for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
    {
        KvLayerView view = step.Enter(layer);
        attention.Append(view, keys, values);
        attention.Attend(view, new float[output.Length], output);
        step.Leave(layer);
    }

    Expect(output.All(x => x <= -1 && x >= -mark - 1e-6f), "attention is an average of the values so far");
    step.Complete();
}

unsafe float ReadKey(KvSequence sequence, int position)
{
    using KvStep step = allocator.BeginStep([new KvRow(sequence, 0)]);
    KvLayerView view = step.Enter(1);
    (int column, int offset) = Math.DivRem(position, view.TokensPerPage);
    nint page = view.KeyBase + (nint)(view.PageTableRow(0)[column] * view.KeyPageStride);
    return *(float*)(page + (nint)(offset * view.KeyTokenStride) + (nint)view.KeyHeadStride);
}

static void Expect(bool holds, string fact)
{
    if (!holds)
    {
        Console.Error.WriteLine($"Not so: {fact}.");
        Environment.Exit(1);
    }
}
