using KvCache.Memory;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

public abstract partial class KvVirtualMemoryContract
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_chunk_mapped_in_several_places_is_the_same_in_all_and_on_all_threads(int places)
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(5);
        nint[] addresses = [.. Enumerable.Range(0, places).Select(i => mapped.At(mapped.Reserve(4), i))];
        foreach (nint address in addresses)
        {
            mapped.Map(address, 5);
        }

        for (int writer = 0; writer < places; writer++)
        {
            long mark = 1000 + writer;
            mapped.Mark(addresses[writer], mark);
            OnAnotherThread(() => Assert.All(addresses, address => Assert.Equal(mark, mapped.ReadMark(address))));
        }
    }

    [Fact]
    public void Chunks_mapped_one_after_the_other_are_one_range_whatever_their_numbers()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1, 2, 3, 9);
        nint address = mapped.Reserve(5);
        mapped.Map(address, 3, 0, 1, 9, 2);
        byte[] written = new byte[5 * mapped.Memory.ChunkBytes];
        new Random(1).NextBytes(written);

        mapped.Write(address, written);

        nint other = mapped.Reserve(5);
        mapped.Map(other, 0, 1, 2, 3);
        mapped.Map(mapped.At(other, 4), 9);
        int chunk = (int)mapped.Memory.ChunkBytes;
        Assert.True(mapped.Read(address, written.Length).AsSpan().SequenceEqual(written));
        foreach ((int place, int from) in new[] { (0, 1), (1, 2), (2, 4), (3, 0), (4, 3) })
        {
            Assert.True(mapped.Read(mapped.At(other, place), chunk).AsSpan().SequenceEqual(written.AsSpan(from * chunk, chunk)));
        }
    }

    [Fact]
    public void A_chunk_is_zeroed_when_created_also_for_the_second_time()
    {
        MappedMemory mapped = Create();
        nint address = mapped.Reserve(4);
        for (int round = 0; round < 3; round++)
        {
            mapped.CreateChunks(6, 7, 2);
            mapped.Map(address, 6, 7, 2);
            for (int place = 0; place < 3; place++)
            {
                Assert.True(mapped.IsZero(mapped.At(address, place)));
                mapped.Fill(mapped.At(address, place), 0xEE);
            }

            mapped.Memory.Unmap(address, 3);
            mapped.Memory.Destroy([2, 6, 7]);
        }
    }

    [Fact]
    public void A_chunk_keeps_its_bytes_while_it_is_mapped_nowhere()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint address = mapped.Reserve(2);
        mapped.Map(address, 0, 1);
        mapped.Mark(address, 77);
        mapped.Mark(mapped.At(address, 1), 88);

        mapped.Memory.Unmap(address, 2);
        mapped.Release(address, 2);
        nint other = mapped.Reserve(2);
        mapped.Map(other, 1, 0);

        Assert.Equal((88, 77), (mapped.ReadMark(other), mapped.ReadMark(mapped.At(other, 1))));
    }

    [Fact]
    public void A_chunk_mapped_read_only_shows_what_is_written_elsewhere()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint shared = mapped.Reserve(2);
        nint own = mapped.Reserve(2);
        mapped.Map(own, 0);
        mapped.MapReadOnly(shared, 0);
        mapped.Map(mapped.At(shared, 1), 1);

        mapped.Mark(own, 5);
        mapped.Mark(mapped.At(shared, 1), 6);

        Assert.Equal((5, 6), (mapped.ReadMark(shared), mapped.ReadMark(mapped.At(shared, 1))));
    }

    [Fact]
    public void Unmapping_a_part_leaves_the_rest_as_it_is()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1, 2, 3, 4, 5);
        nint address = mapped.Reserve(8);
        mapped.Map(address, 0, 1, 2, 3, 4);
        for (int place = 0; place < 5; place++)
        {
            mapped.Mark(mapped.At(address, place), 100 + place);
        }

        mapped.Memory.Unmap(mapped.At(address, 1), 2);
        mapped.Map(mapped.At(address, 1), 5);
        mapped.Mark(mapped.At(address, 1), 105);

        Assert.Equal([100, 105], new[] { 0, 1 }.Select(place => mapped.ReadMark(mapped.At(address, place))));
        Assert.Equal([103, 104], new[] { 3, 4 }.Select(place => mapped.ReadMark(mapped.At(address, place))));
        mapped.Map(mapped.At(address, 2), 2);
        Assert.Equal(102, mapped.ReadMark(mapped.At(address, 2)));
        mapped.Map(mapped.At(address, 5), 1);
        Assert.Equal(101, mapped.ReadMark(mapped.At(address, 5)));
    }

    [Fact]
    public void A_copy_of_a_chunk_takes_its_place_without_touching_the_original()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint parent = mapped.Reserve(1);
        nint child = mapped.Reserve(1);
        nint scratch = mapped.Reserve(1);
        mapped.Map(parent, 0);
        mapped.MapReadOnly(child, 0);
        mapped.Mark(parent, 7);

        mapped.Map(scratch, 1);
        KvTransfer copy = mapped.Memory.Device.Copy([new KvCopy(child, scratch, mapped.Memory.ChunkBytes)]);
        copy.Fence.Wait();
        mapped.Memory.Unmap(child, 1);
        mapped.Map(child, 1);
        mapped.Mark(child, 8);

        Assert.True(copy.TryGetResult(out bool succeeded) && succeeded);
        Assert.Equal((7, 8), (mapped.ReadMark(parent), mapped.ReadMark(child)));
    }

    [Fact]
    public void Ranges_do_not_overlap_and_can_be_reserved_again()
    {
        MappedMemory mapped = Create(4);
        mapped.CreateChunks(0, 1, 2, 3);
        nint[] addresses = [.. Enumerable.Range(0, 4).Select(_ => mapped.Reserve(3))];
        for (int i = 0; i < 4; i++)
        {
            mapped.Map(mapped.At(addresses[i], i % 3), i);
            mapped.Mark(mapped.At(addresses[i], i % 3), 50 + i);
        }

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(50 + i, mapped.ReadMark(mapped.At(addresses[i], i % 3)));
            mapped.Memory.Unmap(mapped.At(addresses[i], i % 3), 1);
            mapped.Release(addresses[i], 3);
        }

        Assert.Equal(4, Enumerable.Range(0, 4).Select(_ => mapped.Reserve(3)).Distinct().Count());
    }

    [Fact]
    public void A_fence_after_no_work_passes()
    {
        MappedMemory mapped = Create();
        KvFence fence = mapped.Memory.RecordFence();

        fence.Wait();

        Assert.True(fence.HasPassed);
    }

    private static void OnAnotherThread(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
