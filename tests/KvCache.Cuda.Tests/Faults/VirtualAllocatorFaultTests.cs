using KvCache.Cuda.Simulation;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Cuda.Tests.Faults;

/// <summary>A run of the virtual manager with a fault at each driver call in turn: refused or unchanged, and nothing lost.</summary>
public sealed class VirtualAllocatorFaultTests
{
    private const long ChunkBytes = Simulated.Granularity;

    [Theory]
    [InlineData(CudaError.OutOfMemory)]
    [InlineData(CudaError.Unknown)]
    public void A_fault_at_any_driver_call_refuses_or_changes_nothing(CudaError error) => FaultAtEveryCall.Run(Run, error);

    private static void Run(SimulatedCudaDriver simulator)
    {
        CudaDevice? device = null;
        CudaVirtualMemory? memory = null;
        VirtualKvAllocator? allocator = null;
        try
        {
            device = CudaDevice.Open(simulator.Driver);
            memory = new CudaVirtualMemory(device, new CudaVirtualMemoryOptions { ChunkBytes = ChunkBytes, ChunkCapacity = 48 });
            allocator = new VirtualKvAllocator(new VirtualKvAllocatorOptions
            {
                Geometry = new KvGeometry(new KvLayerGroup(1, 8, 256, 512, KvElementType.Float16)),
                Memory = memory,
                BlockTokens = 4,
                MaxSequences = 8,
                LookaheadTokens = 0,
            });
            Run(allocator);
        }
        catch (Exception exception) when (exception is CudaException { IsSticky: false } or InsufficientMemoryException)
        {
            // Where something is made or a fence is recorded.
        }
        finally
        {
            FaultAtEveryCall.Dispose(allocator);
            FaultAtEveryCall.Dispose(memory);
            FaultAtEveryCall.Dispose(device);
        }
    }

    private static void Run(VirtualKvAllocator allocator)
    {
        List<KvSequence> open = [];
        Open(allocator, open, 0, 45);
        Open(allocator, open, 0, 42);
        Append(allocator, open.FirstOrDefault(), 30);
        if (open.FirstOrDefault() is { } parent && parent.TryFork(parent.Length - 3, out KvSequence? child, out _))
        {
            open.Add(child);
            Append(allocator, child, 5);
        }

        Append(allocator, open.LastOrDefault(), 9);
        open.LastOrDefault()?.Truncate(3);
        Append(allocator, open.LastOrDefault(), 20);
        open.FirstOrDefault()?.Dispose();
        allocator.CheckIntegrity();
        allocator.Trim(allocator.Plan.GroupBytes);
        allocator.CheckIntegrity();
        Open(allocator, open, 700, 50);
        allocator.CheckIntegrity();
    }

    private static void Open(VirtualKvAllocator allocator, List<KvSequence> open, int first, int count)
    {
        KvUsage before = allocator.Usage;
        if (allocator.TryOpen(Enumerable.Range(first, count).ToArray(), null, 0, out KvSequence? sequence, out _))
        {
            open.Add(sequence);
            Compute(allocator, sequence);
            return;
        }

        Assert.Equal((before.OwnedBlocks, before.OpenSequences), (allocator.Usage.OwnedBlocks, allocator.Usage.OpenSequences));
        allocator.CheckIntegrity();
    }

    private static void Append(VirtualKvAllocator allocator, KvSequence? sequence, int count)
    {
        if (sequence is null || sequence.IsDisposed)
        {
            return;
        }

        (int length, int capacity) = (sequence.Length, sequence.Capacity);
        if (sequence.TryAppend(Enumerable.Range(5000, count).ToArray(), out _))
        {
            Compute(allocator, sequence);
            return;
        }

        Assert.Equal((length, capacity), (sequence.Length, sequence.Capacity));
        allocator.CheckIntegrity();
    }

    private static void Compute(VirtualKvAllocator allocator, KvSequence sequence)
    {
        using KvStep step = allocator.BeginStep([new KvRow(sequence, sequence.UncomputedLength)]);
        step.Complete();
    }
}
