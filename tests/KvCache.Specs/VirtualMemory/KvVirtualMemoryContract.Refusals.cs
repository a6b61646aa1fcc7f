using KvCache.Memory;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

public abstract partial class KvVirtualMemoryContract
{
    [Fact]
    public void A_refusal_at_any_call_of_the_system_leaves_everything_as_it_was()
    {
        int refusals = 0;
        for (int calls = 0; calls == refusals; calls++)
        {
            refusals += RunUntilRefused(CreateFailing(16, calls)) ? 1 : 0;
        }

        Assert.True(refusals > 8, $"Only {refusals} calls could be refused.");
    }

    [Fact]
    public void Mappings_are_refused_before_the_system_has_too_many()
    {
        const int Limit = 10;
        MappedMemory mapped = CreateLimited(64, Limit);
        int[] chunks = [.. Enumerable.Range(0, 64)];
        mapped.CreateChunks(chunks);
        nint address = mapped.Reserve(64);

        // One mapping each, because no number follows the one before.
        int budget = mapped.Memory.MappingBudget;
        int runs = 0;
        while (mapped.Memory.TryMap(mapped.At(address, runs), [63 - runs], writable: true))
        {
            mapped.Mark(mapped.At(address, runs), runs + 1);
            runs++;
        }

        Assert.InRange(runs, budget, Limit);
        Assert.InRange(mapped.Memory.MappingBudget, 0, 1);
        mapped.Memory.Destroy([63 - runs]);
        Assert.All(Enumerable.Range(0, runs), place => Assert.Equal(place + 1, mapped.ReadMark(mapped.At(address, place))));

        // What makes no mapping more is not refused, and what is unmapped counts no longer.
        mapped.Memory.Unmap(mapped.At(address, runs - 1), 1);
        mapped.Map(mapped.At(address, runs - 1), [.. Enumerable.Range(0, 40)]);
        mapped.Memory.Unmap(mapped.At(address, runs - 1), 40);
        mapped.Memory.Unmap(address, runs - 1);
        Assert.Equal(budget, mapped.Memory.MappingBudget);
        mapped.Release(address, 64);
        Assert.Equal(Limit / 2, mapped.Memory.MappingBudget);
    }

    [Fact]
    public void A_run_over_the_limit_is_refused_as_a_whole()
    {
        MappedMemory mapped = CreateLimited(16, 6);
        mapped.CreateChunks([.. Enumerable.Range(0, 16)]);
        nint address = mapped.Reserve(16);
        int budget = mapped.Memory.MappingBudget;
        Assert.False(mapped.Memory.TryMap(address, [0, 2, 4, 6, 8, 10, 12, 14], writable: true));
        Assert.Equal(budget, mapped.Memory.MappingBudget);
        mapped.Map(address, [.. Enumerable.Range(0, 16)]);
        mapped.Memory.Unmap(address, 16);
        mapped.Memory.Destroy([.. Enumerable.Range(0, 16)]);
    }

    [Fact]
    public void Impossible_reservations_are_refused()
    {
        MappedMemory mapped = Create();
        long most = long.MaxValue / mapped.Memory.ChunkBytes * mapped.Memory.ChunkBytes;
        Assert.False(mapped.Memory.TryReserve(most, out nint address));
        Assert.Equal(0, address);
        Assert.False(mapped.Memory.TryReserve(1L << 60, out _));
        mapped.Release(mapped.Reserve(1), 1);
    }

    /// <summary>Does a little of everything; at the first refusal checks that nothing has changed, and answers true.</summary>
    private static bool RunUntilRefused(MappedMemory mapped)
    {
        IVirtualMemory memory = mapped.Memory;
        long bytes = 8 * memory.ChunkBytes;
        if (!memory.TryReserve(bytes, out nint address))
        {
            Assert.False(memory.TryReserve(bytes, out _));
            Assert.Equal(0, address);
            return true;
        }

        if (!memory.TryCreate([0, 1, 4, 5, 9]))
        {
            Assert.Equal(0, memory.CreatedChunks);
            Assert.False(memory.TryCreate([9, 0])); // and not "is created already"
            memory.Release(address, bytes);
            return true;
        }

        if (!memory.TryMap(address, [0, 1, 9, 5, 4], writable: true))
        {
            Assert.Throws<ArgumentException>("address", () => memory.Unmap(address, 1));
            return EndEmpty(mapped, address, [0, 1, 4, 5, 9]);
        }

        mapped.Mark(address, 11);
        mapped.Mark(mapped.At(address, 4), 15);
        bool refused = !memory.TryMap(mapped.At(address, 5), [4, 0], writable: false);
        if (refused)
        {
            Assert.Throws<ArgumentException>("address", () => memory.Unmap(mapped.At(address, 5), 1));
        }
        else
        {
            Assert.Equal((15, 11), (mapped.ReadMark(mapped.At(address, 5)), mapped.ReadMark(mapped.At(address, 6))));
            memory.Unmap(mapped.At(address, 5), 2);
            refused = !memory.TryCreate([2, 3, 15]);
            Assert.Equal(refused ? 5 : 8, memory.CreatedChunks);
        }

        Assert.Equal((11, 15), (mapped.ReadMark(address), mapped.ReadMark(mapped.At(address, 4))));
        memory.Unmap(address, 5);
        return refused ? EndEmpty(mapped, address, [0, 1, 4, 5, 9]) : !EndEmpty(mapped, address, [0, 1, 2, 3, 4, 5, 9, 15]);
    }

    /// <summary>That nothing is mapped and just these chunks are created: they can all be given back.</summary>
    private static bool EndEmpty(MappedMemory mapped, nint address, int[] created)
    {
        Assert.Equal(created.Length, mapped.Memory.CreatedChunks);
        mapped.Memory.Destroy(created);
        mapped.Memory.Release(address, 8 * mapped.Memory.ChunkBytes);
        Assert.Equal(0, mapped.Memory.CreatedChunks);
        return true;
    }
}
