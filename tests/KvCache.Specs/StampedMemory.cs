using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs;

/// <summary>Writes and reads stamps through a view's addresses and strides, as a kernel would.</summary>
public sealed class StampedMemory(DeviceMemory memory)
{
    private const int MaximumHeadBytes = 512;

    public bool Remembers => memory.Remembers;

    public static nint KeyAddress(in KvLayerView view, int row, int position, int head)
    {
        int page = PageOf(view, row, position);
        return view.KeyBase + (nint)((page * view.KeyPageStride)
            + (position % view.TokensPerPage * view.KeyTokenStride) + (head * view.KeyHeadStride));
    }

    public static nint ValueAddress(in KvLayerView view, int row, int position, int head)
    {
        int page = PageOf(view, row, position);
        return view.ValueBase + (nint)((page * view.ValuePageStride)
            + (position % view.TokensPerPage * view.ValueTokenStride) + (head * view.ValueHeadStride));
    }

    private static int PageOf(in KvLayerView view, int row, int position)
    {
        int page = view.PageTableRow(row)[position / view.TokensPerPage];
        Assert.True(page >= 0, $"Row {row} has no page for position {position}.");
        return page;
    }

    /// <summary>Writes the keys and values of the positions that the step computes in one row.</summary>
    /// <param name="view">The layer.</param>
    /// <param name="row">The row.</param>
    /// <param name="chain">The stamps of the row's sequence, by position.</param>
    public void WriteComputed(in KvLayerView view, int row, ReadOnlySpan<ulong> chain)
    {
        int count = view.QueryOffsets[row + 1] - view.QueryOffsets[row];
        int length = view.Lengths[row];
        for (int position = length - count; position < length; position++)
        {
            Write(view, row, position, chain[position]);
        }
    }

    public void Write(in KvLayerView view, int row, int position, ulong stamp)
    {
        Span<byte> bytes = stackalloc byte[MaximumHeadBytes];
        KvLayerGroup shape = view.Shape;
        Span<byte> key = bytes[..(shape.KeyDim * shape.ElementBytes)];
        Span<byte> value = bytes[..(shape.ValueDim * shape.ElementBytes)];
        for (int head = 0; head < shape.KvHeads; head++)
        {
            Stamps.Fill(key, stamp, view.Layer, isValue: false, head);
            memory.Write(KeyAddress(view, row, position, head), key);
            Stamps.Fill(value, stamp, view.Layer, isValue: true, head);
            memory.Write(ValueAddress(view, row, position, head), value);
        }
    }

    /// <summary>Reads back what stands at the first positions of a row.</summary>
    public void Verify(in KvLayerView view, int row, ReadOnlySpan<ulong> chain)
    {
        for (int position = 0; position < chain.Length && memory.Remembers; position++)
        {
            if (!Holds(view, row, position, chain[position]))
            {
                Assert.Fail($"Layer {view.Layer}, row {row}, position {position}: the keys and values are not those written for it.");
            }
        }
    }

    public bool Holds(in KvLayerView view, int row, int position, ulong stamp)
    {
        KvLayerGroup shape = view.Shape;
        bool same = true;
        for (int head = 0; head < shape.KvHeads; head++)
        {
            same &= Holds(KeyAddress(view, row, position, head), shape.KeyDim * shape.ElementBytes, stamp, view.Layer, false, head);
            same &= Holds(ValueAddress(view, row, position, head), shape.ValueDim * shape.ElementBytes, stamp, view.Layer, true, head);
        }

        return same;
    }

    /// <summary>Whether the bytes at an address are those of one head's key or value.</summary>
    public bool Holds(nint address, int length, ulong stamp, int layer, bool isValue, int head)
    {
        Span<byte> expected = stackalloc byte[MaximumHeadBytes];
        Span<byte> actual = stackalloc byte[MaximumHeadBytes];
        Stamps.Fill(expected[..length], stamp, layer, isValue, head);
        memory.Read(address, actual[..length]);
        return actual[..length].SequenceEqual(expected[..length]);
    }
}
