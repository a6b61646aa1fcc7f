using KvCache.Virtual;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Random requests to a virtual allocator beside naive books of them: every sequence's tokens, and what stands at every position.</summary>
/// <remarks>
/// The stamp of a position is a function of the tokens up to it, so that two sequences may share memory exactly where their stamps are equal. Each is
/// written, in every layer, at the first head's key and the last head's value.
/// </remarks>
internal sealed class ManagerModel(VirtualKvAllocator allocator, StampPort port, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<KvSequence, List<int>> _open = [];
    private readonly List<int[]> _prompts = [];
    private int _nextToken;

    /// <summary>Gets what was wrong, a line each.</summary>
    public List<string> Failures { get; } = [];

    public int Operations { get; private set; }

    /// <summary>Gets how many tokens were found in the cache.</summary>
    public long HitTokens { get; private set; }

    public int Forks { get; private set; }

    public int Refusals { get; private set; }

    public long TrimmedBytes { get; private set; }

    public void Run(int operations)
    {
        for (int i = 0; i < operations && Failures.Count == 0; i++)
        {
            Operations++;
            Operate(_random.Next(12));
            Check(_open.Keys.Skip(_random.Next(1 + _open.Count)).Take(1));
        }

        Check(_open.Keys);
        allocator.CheckIntegrity();
        foreach (KvSequence sequence in _open.Keys.ToArray())
        {
            Close(sequence);
        }

        TrimmedBytes += allocator.Trim(long.MaxValue);
        Expect(allocator.CommittedBytes == 0, $"{allocator.CommittedBytes} bytes are left after everything was closed and trimmed");
        allocator.CheckIntegrity();
    }

    private void Operate(int kind)
    {
        KvSequence? chosen = _open.Count > 0 ? _open.Keys.ElementAt(_random.Next(_open.Count)) : null;
        switch (kind)
        {
            case <= 2:
                Open();
                break;
            case <= 6 when chosen is not null:
                Append(chosen, 1 + _random.Next(kind == 3 ? 2 * allocator.Plan.GroupTokens : 8));
                break;
            case 7 when chosen is not null:
                Fork(chosen);
                break;
            case 8 when chosen is not null:
                int length = _random.Next(1 + chosen.Length);
                chosen.Truncate(length);
                _open[chosen].RemoveRange(length, _open[chosen].Count - length);
                break;
            case 9:
                TrimmedBytes += allocator.Trim(_random.Next(3) * allocator.Plan.GroupBytes);
                break;
            case > 9 when chosen is not null:
                Close(chosen);
                break;
        }
    }

    private void Open()
    {
        int[] known = _prompts.Count > 0 && _random.Next(3) > 0 ? _prompts[_random.Next(_prompts.Count)] : [];
        int[] prompt = [.. known[.._random.Next(1 + known.Length)], .. Fresh(1 + _random.Next(2 * allocator.Plan.GroupTokens))];
        if (!allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out _))
        {
            Refusals++;
            return;
        }

        _open.Add(sequence, [.. prompt]);
        _prompts.Add(prompt);
        HitTokens += sequence.HitLength;
        Check([sequence]);
        Compute(sequence);
    }

    private void Append(KvSequence sequence, int count)
    {
        int[] tokens = Fresh(count);
        if (!sequence.TryAppend(tokens, out _))
        {
            Refusals++;
            return;
        }

        _open[sequence].AddRange(tokens);
        Compute(sequence);
    }

    private void Fork(KvSequence parent)
    {
        int length = _random.Next(1 + parent.Length);
        if (!parent.TryFork(length, out KvSequence? child, out _))
        {
            Refusals++;
            return;
        }

        Forks++;
        _open.Add(child, _open[parent][..length]);
    }

    private void Close(KvSequence sequence)
    {
        _open.Remove(sequence);
        sequence.Dispose();
    }

    /// <summary>Computes what is not computed: writes its stamps in every layer.</summary>
    private void Compute(KvSequence sequence)
    {
        ulong[] stamps = Stamps(_open[sequence]);
        int computed = sequence.ComputedLength;
        using KvStep step = allocator.BeginStep([new KvRow(sequence, sequence.UncomputedLength)]);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            port.Write(Expected(view, 0, stamps, computed, stamps.Length));
            step.Leave(layer);
        }

        step.Complete();
    }

    /// <summary>Reads all that was computed of some sequences.</summary>
    private void Check(IEnumerable<KvSequence> sequences)
    {
        foreach (KvSequence sequence in sequences.ToArray())
        {
            List<int> tokens = _open[sequence];
            Expect(sequence.Length == tokens.Count, $"a sequence has {sequence.Length} tokens, {tokens.Count} were given to it");
            ulong[] stamps = Stamps(tokens);
            using KvStep step = allocator.BeginStep([new KvRow(sequence, 0)]);
            for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
            {
                KvLayerView view = step.Enter(layer);
                int wrong = port.CountWrong(Expected(view, 0, stamps, 0, sequence.ComputedLength));
                Expect(wrong == 0, $"layer {layer}: {wrong} of {2 * sequence.ComputedLength} numbers are not those written for their positions");
                step.Leave(layer);
            }
        }
    }

    private static List<(nint Address, ulong Stamp)> Expected(KvLayerView view, int row, ulong[] stamps, int first, int end)
    {
        nint page = view.PageTableColumns == 0 ? 0 : view.PageTableRow(row)[0];
        KvLayerGroup shape = view.Shape;
        List<(nint Address, ulong Stamp)> expected = [];
        for (int position = first; position < end; position++)
        {
            ulong stamp = stamps[position] + ((ulong)view.Layer << 56);
            nint key = view.KeyBase + (nint)((page * view.KeyPageStride) + (position * view.KeyTokenStride));
            nint value = view.ValueBase + (nint)(
                (page * view.ValuePageStride) + (position * view.ValueTokenStride) + ((shape.KvHeads - 1) * view.ValueHeadStride));
            expected.Add((key, stamp));
            expected.Add((value, ~stamp));
        }

        return expected;
    }

    private static ulong[] Stamps(List<int> tokens)
    {
        ulong[] stamps = new ulong[tokens.Count];
        ulong state = 0x9E3779B97F4A7C15;
        for (int i = 0; i < stamps.Length; i++)
        {
            state = (state ^ ((ulong)tokens[i] + 1)) * 0xBF58476D1CE4E5B9;
            state ^= state >> 29;
            stamps[i] = state;
        }

        return stamps;
    }

    private int[] Fresh(int count) => [.. Enumerable.Range(0, count).Select(_ => _nextToken++)];

    private void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            Failures.Add($"virtual allocator, seed {seed}, operation {Operations}: {otherwise}");
        }
    }
}
