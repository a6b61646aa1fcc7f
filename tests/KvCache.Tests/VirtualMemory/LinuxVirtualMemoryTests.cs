using KvCache.Memory;
using KvCache.Memory.Mapping;
using KvCache.Specs.Devices;
using KvCache.Specs.VirtualMemory;
using Xunit;

namespace KvCache.Tests.VirtualMemory;

/// <summary>What only Linux shows: which mappings there are, what is resident, what is left behind.</summary>
[Collection(nameof(LinuxVirtualMemoryTests))]
[CollectionDefinition(nameof(LinuxVirtualMemoryTests), DisableParallelization = true)]
public sealed class LinuxVirtualMemoryTests
{
    [Fact]
    public void Mappings_descriptors_and_memory_return_to_their_start_after_1_000_cycles()
    {
        HostMemory.SkipUnlessLinux();
        Cycle(0);
        ProcessMappings.Settle();
        (int Descriptors, int Count, long Resident) start = (ProcessMappings.Descriptors, ProcessMappings.Count, ProcessMappings.ResidentChunks);

        for (int i = 0; i < 1000; i++)
        {
            Cycle(i);
        }

        // The runtime maps a little of its own meanwhile; what other tests left may go.
        Assert.InRange(ProcessMappings.Descriptors, 0, start.Descriptors);
        Assert.InRange(ProcessMappings.Count, 0, start.Count + 50);
        Assert.Equal(start.Resident, ProcessMappings.ResidentChunks);
        Assert.Equal(0, MappingLimit.OfProcess.Count);
    }

    [Fact]
    public void Counted_mappings_are_those_of_the_kernel()
    {
        HostMemory.SkipUnlessLinux();
        using HostVirtualMemory memory = new(HostMemory.Options(256));
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        Random random = new(3);
        mapped.CreateChunks([.. Enumerable.Range(0, 256)]);
        nint[] addresses = [.. Enumerable.Range(0, 6).Select(_ => mapped.Reserve(64))];
        bool[,] taken = new bool[addresses.Length, 64];
        for (int turn = 0; turn < 600; turn++)
        {
            int range = random.Next(addresses.Length);
            int place = random.Next(64);
            if (taken[range, place])
            {
                memory.Unmap(mapped.At(addresses[range], place), 1);
            }
            else
            {
                // Half of the time as its neighbour would have it.
                int chunk = random.Next(2) == 0 ? place + (range * 32) : random.Next(256);
                Assert.True(memory.TryMap(mapped.At(addresses[range], place), [chunk % 256], writable: random.Next(8) > 0));
            }

            taken[range, place] = !taken[range, place];
            if (turn % 20 == 0)
            {
                AssertCounted(memory, addresses);
            }
        }
    }

    [Fact]
    public void Ranges_for_256_sequences_of_32_layers_can_be_reserved()
    {
        HostMemory.SkipUnlessLinux();
        const int Ranges = 256 * 32 * 2;
        const int Chunks = (int)((64L << 20) / HostMemory.ChunkBytes);
        using HostVirtualMemory memory = new(HostMemory.Options(16));
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        ProcessMappings.Settle();
        int before = ProcessMappings.Count;
        nint[] addresses = [.. Enumerable.Range(0, Ranges).Select(_ => mapped.Reserve(Chunks))];
        Assert.Equal(Ranges, addresses.Distinct().Count());
        Assert.All(addresses, static address => Assert.Equal(0, address % (2 << 20)));
        Assert.True(ProcessMappings.Count - before <= 100, $"{ProcessMappings.Count - before} mappings came; what others had may have gone.");
        Assert.InRange(memory.Mappings, 1, 100);
        mapped.CreateChunks(0);
        foreach (nint address in addresses.Take(1000))
        {
            mapped.MapReadOnly(address, 0);
        }

        Assert.True(memory.MappingBudget > 1000);
    }

    [Fact]
    public void Shared_chunks_are_mapped_read_only_and_unmapped_addresses_cannot_be_read()
    {
        HostMemory.SkipUnlessLinux();
        using HostVirtualMemory memory = new(HostMemory.Options(16));
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        mapped.CreateChunks(0, 1, 2, 3);
        nint address = mapped.Reserve(8);
        mapped.MapReadOnly(address, 0, 1);
        mapped.Map(mapped.At(address, 2), 2, 3);
        nint[] starts = [address, mapped.At(address, 2), mapped.At(address, 4)];
        List<(nint Start, nint End, string Access)> found = ProcessMappings.Within(address, 8 * HostMemory.ChunkBytes);
        Assert.Equal(["r--s", "rw-s", "---p"], found.Select(static mapping => mapping.Access));
        Assert.Equal(starts, found.Select(static mapping => mapping.Start));

        memory.Unmap(address, 4);
        Assert.Equal(["---p"], ProcessMappings.Within(address, 8 * HostMemory.ChunkBytes).Select(static mapping => mapping.Access));
    }

    [Fact]
    public void Destroyed_chunks_give_their_memory_back()
    {
        HostMemory.SkipUnlessLinux();
        const int Count = 512;
        using HostVirtualMemory memory = new(HostMemory.Options(Count));
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        ProcessMappings.Settle();
        long start = ProcessMappings.ResidentChunks;
        long proportional = ProcessMappings.ProportionalChunks;
        mapped.CreateChunks([.. Enumerable.Range(0, Count)]);
        nint address = mapped.Reserve(Count);
        mapped.Map(address, [.. Enumerable.Range(0, Count)]);
        for (int i = 0; i < Count; i++)
        {
            mapped.Fill(mapped.At(address, i), 1);
        }

        long bytes = Count * HostMemory.ChunkBytes;
        Assert.Equal(bytes, ProcessMappings.ResidentChunks - start);
        Assert.InRange(ProcessMappings.ProportionalChunks - proportional, bytes * 9 / 10, bytes);

        memory.Unmap(mapped.At(address, Count / 10), Count - (Count / 10));
        memory.Destroy([.. Enumerable.Range(Count / 10, Count - (Count / 10))]);

        long left = Count / 10 * HostMemory.ChunkBytes;
        Assert.Equal(left, ProcessMappings.ResidentChunks - start);
        Assert.Equal(Count / 10, memory.CreatedChunks);
    }

    [Fact]
    public void The_window_shows_every_chunk_by_its_number()
    {
        HostMemory.SkipUnlessLinux();
        using HostVirtualMemory memory = new(HostMemory.Options(16));
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        Assert.SkipWhen(memory.WindowAddress == 0, "Addresses are rationed here.");
        mapped.CreateChunks(3, 7);
        nint address = mapped.Reserve(2);
        mapped.Map(address, 7, 3);
        mapped.Mark(address, 70);
        mapped.Mark(mapped.At(memory.WindowAddress, 3), 30);
        Assert.Equal((70, 30), (mapped.ReadMark(mapped.At(memory.WindowAddress, 7)), mapped.ReadMark(mapped.At(address, 1))));
    }

    [Fact]
    public void Chunks_of_2_MiB_are_on_huge_pages_where_the_system_makes_them()
    {
        HostMemory.SkipUnlessLinux();
        using HostVirtualMemory memory = new(new HostVirtualMemoryOptions { ChunkCapacity = 8, ChunkBytes = 2 << 20 });
        Assert.SkipUnless(memory.UsesHugePages, "This system makes no huge pages of a file's memory on demand.");
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        mapped.CreateChunks(1, 6);
        nint address = mapped.Reserve(2);
        mapped.Map(address, 6, 1);
        Assert.True(mapped.IsZero(address) && mapped.IsZero(mapped.At(address, 1)));
        mapped.Fill(address, 3);

        long huge = HugeBytes(address);

        Assert.SkipWhen(huge == 0, "The system has no huge pages left.");
        Assert.Equal(0, huge % (2 << 20));
        memory.Unmap(address, 2);
        memory.Destroy([6]);
        mapped.CreateChunks(6);
        mapped.Map(address, 6);
        Assert.True(mapped.IsZero(address));
    }

    private static long HugeBytes(nint address)
    {
        bool here = false;
        long bytes = 0;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Contains('-') && !line.Contains("kB"))
            {
                here = line.StartsWith($"{address:x}-", StringComparison.Ordinal);
            }
            else if (here && line.StartsWith("ShmemPmdMapped:", StringComparison.Ordinal))
            {
                bytes = long.Parse(line["ShmemPmdMapped:".Length..].Trim().Split(' ')[0]) * 1024;
            }
        }

        return bytes;
    }

    private static void AssertCounted(HostVirtualMemory memory, nint[] addresses)
    {
        // Where two ranges touch, the kernel may have one mapping of both: it is found twice, and counted once.
        HashSet<nint> starts = [.. addresses.SelectMany(address => ProcessMappings.Within(address, 64 * HostMemory.ChunkBytes)).Select(static mapping => mapping.Start)];
        Assert.Equal(starts.Count, memory.Mappings);
    }

    private static void Cycle(int salt)
    {
        using HostVirtualMemory memory = new(HostMemory.Options(32));
        MappedMemory mapped = new(memory, DeviceMemory.Of(memory.Device));
        nint address = mapped.Reserve(16);
        mapped.CreateChunks(salt % 8, 8, 9, 10);
        mapped.Map(mapped.At(address, salt % 8), salt % 8, 10, 9);
        mapped.Mark(mapped.At(address, salt % 8), salt + 1);
        if (salt % 2 == 0)
        {
            memory.Unmap(mapped.At(address, salt % 8), 3);
            memory.Release(address, 16 * HostMemory.ChunkBytes);
            memory.Destroy([8, 9]);
        }
    }
}
