using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvCache.Blocks;

/// <summary>Gives up the block that has been idle longest; within one sequence its tail before its head.</summary>
/// <remarks>
/// An intrusive doubly linked list over one array indexed by block id: O(1) per block, no allocation once the array
/// has grown to the largest id used. It does not look at frequency, cost or priority. Source: the free-block queue of vLLM V1.
/// </remarks>
public sealed class LeastRecentlyUsed : EvictionPolicy
{
    private const int None = -1;
    private Link[] _links = [];
    private int _first = None;
    private int _last = None;
    private int _count;

    /// <inheritdoc/>
    public override int Count => _count;

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<int> blocks)
    {
        int last = _last;
        foreach (int block in blocks)
        {
            if ((uint)block >= (uint)_links.Length)
            {
                Grow(block);
            }

            _links[block] = new Link(last, None);
            if (last == None)
            {
                _first = block;
            }
            else
            {
                _links[last].Next = block;
            }

            last = block;
        }

        _last = last;
        _count += blocks.Length;
    }

    /// <inheritdoc/>
    public override void Remove(int block)
    {
        ref Link link = ref _links[block];
        if (link.Next == Link.Detached)
        {
            Throw.InvalidOperation($"Block {block} is not idle.");
        }

        if (link.Previous == None)
        {
            _first = link.Next;
        }
        else
        {
            _links[link.Previous].Next = link.Next;
        }

        if (link.Next == None)
        {
            _last = link.Previous;
        }
        else
        {
            _links[link.Next].Previous = link.Previous;
        }

        link = Link.Outside;
        _count--;
    }

    /// <inheritdoc/>
    public override void Take(Span<int> blocks)
    {
        Throw.IfNotWithin(blocks.Length, _count);
        int block = _first;
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = block;
            ref Link link = ref _links[block];
            block = link.Next;
            link = Link.Outside;
        }

        _first = block;
        _count -= blocks.Length;
        if (block == None)
        {
            _last = None;
        }
        else
        {
            _links[block].Previous = None;
        }
    }

    /// <inheritdoc/>
    public override int[] ToArray()
    {
        List<int> blocks = new(_count);
        for (int block = _first; block != None && blocks.Count <= _count; block = _links[block].Next)
        {
            blocks.Add(block);
        }

        return [.. blocks];
    }

    /// <inheritdoc/>
    public override void CheckIntegrity(Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        int previous = None;
        int count = 0;
        for (int block = _first; block != None && count <= _count; block = _links[block].Next)
        {
            if ((uint)block >= (uint)_links.Length)
            {
                report($"The idle list names block {block}, which was never idle.");
                return;
            }

            if (_links[block].Previous != previous)
            {
                report($"Idle block {block} follows {previous} but points back to {_links[block].Previous}.");
            }

            previous = block;
            count++;
        }

        if (count != _count)
        {
            report($"The idle list holds {(count > _count ? "more" : count)} blocks; its count says {_count}.");
        }

        if (previous != _last)
        {
            report($"The idle list ends at block {previous}; its last says {_last}.");
        }

        int linked = _links.Count(link => link.Next != Link.Detached);
        if (linked != _count)
        {
            report($"{linked} blocks are linked as idle; the count says {_count}.");
        }
    }

    /// <summary>The links, for tests that plant faults.</summary>
    internal Span<Link> Links => _links;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int block)
    {
        int used = _links.Length;
        Array.Resize(ref _links, (int)Math.Min(Array.MaxLength, Math.Max(64, Math.Max(block + 1L, used * 2L))));
        _links.AsSpan(used).Fill(Link.Outside);
    }

    /// <summary>A block's neighbours in the list.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Link(int previous, int next)
    {
        public const int Detached = -2;
        public int Previous = previous;
        public int Next = next;

        public static Link Outside => new(Detached, Detached);
    }
}
