using KvCache.Memory.Mapping;
using KvCache.Tests.VirtualMemory;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>What the system says of the process: resident memory, mappings, descriptors.</summary>
[Collection(nameof(VirtualSystemTests))]
[CollectionDefinition(nameof(VirtualSystemTests), DisableParallelization = true)]
public sealed unsafe class VirtualSystemTests
{
    [Fact]
    public void Memory_of_closed_sequences_really_goes_back()
    {
        HostMemory.SkipUnlessLinux();
        KvGeometry geometry = KvGeometry.Create(8, 8, 64, KvElementType.Float32);
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions { Geometry = geometry, MemoryBytes = 512 << 20, MaxSequences = 16 });
        ProcessMappings.Settle();
        long before = ProcessMappings.ProportionalChunks;
        List<KvSequence> open = [];
        for (int i = 0; i < 10; i++)
        {
            Assert.True(allocator.TryOpen(VirtualStage.Run(10_000 * i, 1024), null, 0, out KvSequence? sequence, out _));
            open.Add(sequence);
            Touch(allocator, sequence);
        }

        long full = ProcessMappings.ProportionalChunks - before;
        Assert.True(full > 0.9 * allocator.CommittedBytes, $"{full} bytes are resident of {allocator.CommittedBytes}");
        foreach (KvSequence sequence in open[1..])
        {
            sequence.Dispose();
        }

        allocator.Trim(long.MaxValue);
        long rest = ProcessMappings.ProportionalChunks - before;
        long needed = allocator.Plan.FootprintBytes(open[0].Capacity);
        Assert.Equal(needed, allocator.CommittedBytes);
        Assert.True(Math.Abs(rest - needed) <= 0.1 * needed, $"{rest} bytes are resident; the one open sequence needs {needed}");
    }

    /// <summary>In a control group that has room for nothing more, a process is ended that wants what the closed sequences had, until it has been given back.</summary>
    [Fact]
    public void A_neighbour_can_use_what_was_given_back()
    {
        const long Spare = 32L << 20;
        HostMemory.SkipUnlessLinux();
        using ControlGroup group = ControlGroup.CreateOrSkip();
        KvGeometry geometry = KvGeometry.Create(8, 8, 64, KvElementType.Float32);
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions { Geometry = geometry, MemoryBytes = 512 << 20, MaxSequences = 16 });
        List<KvSequence> open = [];
        group.Within(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                Assert.True(allocator.TryOpen(VirtualStage.Run(10_000 * i, 1024), null, 0, out KvSequence? sequence, out _));
                open.Add(sequence);
                Touch(allocator, sequence);
            }
        });
        long full = group.UsedBytes;
        Assert.True(full >= allocator.CommittedBytes, $"{full} bytes are counted; {allocator.CommittedBytes} are committed.");
        group.LimitBytes = full + Spare;
        long wanted = allocator.CommittedBytes / 10 * 8;
        Assert.True(group.CanUse(Spare / 4), "A neighbour cannot use what nobody has.");
        Assert.False(group.CanUse(wanted), "A neighbour can use what the sequences have.");
        foreach (KvSequence sequence in open[1..])
        {
            sequence.Dispose();
        }

        Assert.False(group.CanUse(wanted), "A neighbour can use what was not given back yet.");
        allocator.Trim(long.MaxValue);
        Assert.True(group.CanUse(wanted), "A neighbour cannot use what was given back.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{full >> 20} MiB in use, {group.UsedBytes >> 20} after trimming; a neighbour used {wanted >> 20}");
    }

    /// <summary>
    /// A sequence of one run takes two mappings in each of its ranges, itself and the empty addresses behind it: with 64 ranges 255 fit half of 65,530, with 32
    /// twice as many.
    /// </summary>
    [Theory]
    [InlineData(TokenLayout.Separate, 64)]
    [InlineData(TokenLayout.Interleaved, 32)]
    public void Hundreds_of_sequences_of_32_layers_open_within_the_budget_of_mappings_and_one_too_many_is_refused(TokenLayout layout, int ranges)
    {
        HostMemory.SkipUnlessLinux();
        KvGeometry geometry = KvGeometry.Create(32, 1, 64);
        ProcessMappings.Settle();
        int mappings = Mappings();
        int budget = HostPlatform.Limit.Runs;
        using (VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            MemoryBytes = 512L << 20,
            ChunkBytes = 4096,
            MaxSequences = 1024,
            LookaheadTokens = 0,
            Layout = layout,
        }))
        {
            int expected = budget / ranges;
            Assert.True(expected > 12_800 / ranges, $"The system allows {budget} more runs.");
            List<KvSequence> open = [];
            KvRefusal refusal = KvRefusal.None;
            while (open.Count < 1024 && allocator.TryOpen([open.Count, 1, 2, 3], null, 0, out KvSequence? sequence, out refusal))
            {
                open.Add(sequence);
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{open.Count} sequences in {Mappings() - mappings} mappings; {budget} runs were allowed");
            Assert.InRange(open.Count, expected - 1, expected + 1);
            Assert.True(layout == TokenLayout.Separate || open.Count >= 256, $"{open.Count} sequences are open.");
            Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
            Assert.InRange(Mappings() - mappings, 0, (2 * budget) + 200);
            allocator.CheckIntegrity();
            open[0].Dispose();
            Assert.True(allocator.TryOpen([7, 8, 9], null, 0, out _, out _), "Closing one leaves no room for another.");
            Assert.True(open[^1].TryAppend([1], out _), "A sequence cannot use what it has.");
        }

        Assert.InRange(Mappings(), 0, mappings + 200);
    }

    [Fact]
    public void A_thousand_lives_leave_nothing_behind()
    {
        HostMemory.SkipUnlessLinux();
        KvGeometry geometry = KvGeometry.Create(4, 4, 64);
        (long resident, int mappings, int descriptors) = default((long, int, int));
        ProcessMappings.Settle();
        long chunks = ProcessMappings.ProportionalChunks;
        for (int life = 0; life < 1000; life++)
        {
            using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions { Geometry = geometry, MemoryBytes = 8 << 20, MaxSequences = 4, ChunkBytes = 64 << 10 });
            Assert.True(allocator.TryOpen(VirtualStage.Run(0, 100), null, 0, out KvSequence? sequence, out _));
            Touch(allocator, sequence);
            Assert.True(sequence.TryAppend(VirtualStage.Run(0, 300), out _));
            if (life == 50)
            {
                (resident, mappings, descriptors) = (ResidentBytes(), Mappings(), Descriptors());
            }

            if (life % 2 == 0)
            {
                sequence.Dispose();
            }
        }

        GC.Collect();
        Assert.Equal(chunks, ProcessMappings.ProportionalChunks);
        Assert.InRange(ResidentBytes(), 0, resident + (32 << 20));
        Assert.InRange(Mappings(), 0, mappings + 100);
        Assert.InRange(Descriptors(), 0, descriptors + 20);
    }

    private static void Touch(VirtualKvAllocator allocator, KvSequence sequence)
    {
        using KvStep step = allocator.BeginStep([new KvRow(sequence, sequence.UncomputedLength)]);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            Assert.True(view.TryGetContiguous(0, out nint keys, out nint values));
            new Span<byte>((void*)keys, (int)(sequence.Length * view.KeyTokenStride)).Fill(1);
            new Span<byte>((void*)values, (int)(sequence.Length * view.ValueTokenStride)).Fill(2);
        }

        step.Complete();
    }

    private static long ResidentBytes() => File.ReadLines("/proc/self/smaps_rollup")
        .Where(line => line.StartsWith("Rss:", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) << 10);

    private static int Mappings() => File.ReadLines("/proc/self/maps").Count();

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;
}
