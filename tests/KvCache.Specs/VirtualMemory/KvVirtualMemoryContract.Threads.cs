using Xunit;

namespace KvCache.Specs.VirtualMemory;

public abstract partial class KvVirtualMemoryContract
{
    /// <summary>How often a place is unmapped and mapped anew while another thread reads beside it.</summary>
    protected virtual int Remaps => 100_000;

    [Fact]
    public void Remapping_under_a_concurrent_reader_disturbs_nothing_that_it_reads()
    {
        MappedMemory mapped = Create(8);
        mapped.CreateChunks(0, 1, 2, 3, 4);
        nint address = mapped.Reserve(4);
        nint alias = mapped.Reserve(2);
        mapped.Map(address, 0, 1, 2, 3);
        mapped.MapReadOnly(alias, 1);
        mapped.Map(mapped.At(alias, 1), 4);
        nint[] read = [address, mapped.At(address, 2), mapped.At(address, 3), alias];
        long[] marks = [100, 300, 400, 200];
        mapped.Mark(mapped.At(address, 1), 200);
        foreach ((nint place, long mark) in read.Zip(marks).Take(3))
        {
            mapped.Mark(place, mark);
        }

        bool stop = false;
        long reads = 0;
        Exception? failure = null;
        Thread reader = new(() => failure = Record.Exception(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                for (int i = 0; i < read.Length; i++)
                {
                    Assert.Equal(marks[i], mapped.ReadMark(read[i]));
                }

                Interlocked.Add(ref reads, read.Length);
            }
        }));
        reader.Start();
        for (int i = 0; i < Remaps && failure is null; i++)
        {
            mapped.Memory.Unmap(mapped.At(address, 1), 1);
            Assert.True(mapped.Memory.TryMap(mapped.At(address, 1), i % 2 == 0 ? [4] : [1], writable: i % 3 > 0));
        }

        SpinWait.SpinUntil(() => Interlocked.Read(ref reads) > 0 || failure is not null);
        Volatile.Write(ref stop, true);
        reader.Join();
        Assert.Null(failure);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Remaps} remaps beside {reads} reads.");
        Assert.Equal(Remaps % 2 == 0 ? 200 : 0, mapped.ReadMark(mapped.At(address, 1)));
    }

    [Fact]
    public void Several_threads_may_use_one_memory()
    {
        const int Threads = 4;
        const int Each = 4;
        MappedMemory mapped = Create(Threads * Each);
        Exception?[] failures = new Exception?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(t => new Thread(() => failures[t] = Record.Exception(() => Work(t))))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.All(failures, Assert.Null);
        Assert.Equal(0, mapped.Memory.CreatedChunks);

        void Work(int thread)
        {
            int[] chunks = [.. Enumerable.Range(thread * Each, Each)];
            for (int round = 0; round < 200; round++)
            {
                nint address = mapped.Reserve(Each + 1);
                mapped.CreateChunks(chunks);
                mapped.Map(mapped.At(address, 1), chunks);
                for (int i = 0; i < Each; i++)
                {
                    Assert.Equal(0, mapped.ReadMark(mapped.At(address, i + 1)));
                    mapped.Mark(mapped.At(address, i + 1), (1000 * thread) + i + 1);
                }

                for (int i = 0; i < Each; i++)
                {
                    Assert.Equal((1000 * thread) + i + 1, mapped.ReadMark(mapped.At(address, i + 1)));
                }

                mapped.Memory.Unmap(mapped.At(address, 1), Each);
                mapped.Memory.Destroy(chunks);
                mapped.Release(address, Each + 1);
            }
        }
    }
}
