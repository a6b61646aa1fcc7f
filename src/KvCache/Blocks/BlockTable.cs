using System.Buffers;
using System.Runtime.CompilerServices;

namespace KvCache.Blocks;

/// <summary>The blocks of one sequence in order of position: a list of numbers on a pooled array.</summary>
internal struct BlockTable
{
    private int[] _blocks;
    private int _count;

    public BlockTable() => _blocks = [];

    public readonly int Count => _count;

    public readonly ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, _count);

    /// <summary>Gets the lowest index changed since the table was last shown; entries below it are as they were.</summary>
    public int FirstChanged { get; private set; }

    /// <summary>Gets the row of the page table in which the table was last shown.</summary>
    public int ShownRow { get; private set; } = -1;

    public readonly int this[int index] => _blocks[index];

    /// <summary>Appends so many entries and returns them for the caller to fill.</summary>
    public Span<int> Extend(int count)
    {
        int end = _count + count;
        if (end > _blocks.Length)
        {
            Grow(end);
        }

        Span<int> added = _blocks.AsSpan(_count, count);
        FirstChanged = Math.Min(FirstChanged, _count);
        _count = end;
        return added;
    }

    /// <summary>Puts another block in the place of one.</summary>
    public void Replace(int index, int block)
    {
        _blocks[index] = block;
        FirstChanged = Math.Min(FirstChanged, index);
    }

    /// <summary>Drops the entries from an index on.</summary>
    public void Shrink(int count)
    {
        FirstChanged = Math.Min(FirstChanged, count);
        _count = count;
    }

    /// <summary>Notes that a row of the page table is up to date.</summary>
    public void MarkShown(int row)
    {
        ShownRow = row;
        FirstChanged = _count;
    }

    /// <summary>Gives the array back.</summary>
    public void Free()
    {
        if (_blocks.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_blocks);
        }

        _blocks = [];
        Shrink(0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int needed)
    {
        int[] grown = ArrayPool<int>.Shared.Rent(Math.Max(needed, Math.Max(16, _blocks.Length * 2)));
        Blocks.CopyTo(grown);
        if (_blocks.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_blocks);
        }

        _blocks = grown;
    }
}
