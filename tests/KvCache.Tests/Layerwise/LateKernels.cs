using KvCache.Specs;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Tests.Layerwise;

/// <summary>An engine at random, whose kernels run whenever their machine likes, and check then what they read.</summary>
internal sealed class LateKernels(AsynchronousMachine machine, IKvAllocator allocator, bool losesCopies, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<KvSequence> _open = [];
    private readonly StampedMemory _memory = new(DeviceMemory.Of(machine));

    public int Operations { get; private set; }

    public int Lost { get; private set; }

    public void Run(int operations)
    {
        while (Operations < operations)
        {
            Operations++;
            Act(inStep: null);
            if (_random.Next(3) == 0)
            {
                Step();
            }

            if (_random.Next(50) == 0)
            {
                allocator.CheckIntegrity();
            }
        }

        machine.Finish();
        allocator.CheckIntegrity();
        if (_random.Next(2) == 0)
        {
            _open.ForEach(static sequence => sequence.Dispose());
            allocator.CheckIntegrity();
        }

        allocator.Dispose();
        machine.Finish();
    }

    private void Act(HashSet<KvSequence>? inStep)
    {
        KvSequence? any = _open.Count > 0 ? _open[_random.Next(_open.Count)] : null;
        switch (_random.Next(10))
        {
            case < 3 when _open.Count < 8:
                if (allocator.TryOpen(Tokens(1 + _random.Next(30)), null, 0, out KvSequence? opened, out _))
                {
                    _open.Add(opened);
                }

                break;
            case < 6:
                any?.TryAppend(Tokens(_random.Next(6)), out _);
                break;
            case 6 when any is not null && inStep?.Contains(any) != true && _open.Count < 8:
                if (any.TryFork(_random.Next(any.Length + 1), out KvSequence? child, out _))
                {
                    _open.Add(child);
                }

                break;
            case 7 when any is not null && inStep?.Contains(any) != true:
                any.Truncate(_random.Next(any.Length + 1));
                break;
            case 8 when any is not null:
                _open.Remove(any);
                any.Dispose();
                break;
            case 9:
                allocator.Trim(_random.Next(4) * allocator.Usage.BlockBytes);
                break;
        }
    }

    private void Step()
    {
        DropLost();
        KvRow[] rows = [.. _open.Where(_ => _random.Next(4) > 0).Select(
            sequence => new KvRow(sequence, _random.Next(3) == 0 ? 0 : sequence.UncomputedLength))];
        _random.Shuffle(rows);
        ulong[][] chains = [.. rows.Select(row => Chain(row.Sequence))];
        HashSet<KvSequence> inStep = [.. rows.Select(row => row.Sequence)];
        using KvStep step = allocator.BeginStep(rows);
        int layers = _random.Next(10) == 0 ? _random.Next(5) : 5;
        for (int layer = 0; layer < layers; layer++)
        {
            Operations += 2;
            Launch(step.Enter(layer), rows, chains);
            if (_random.Next(5) == 0)
            {
                Act(inStep);
            }

            step.Leave(layer);
        }

        if (layers == 5 && _random.Next(10) > 0)
        {
            step.Complete();
        }
        else
        {
            step.Dispose();
        }

        DropLost();
    }

    /// <summary>Closes what has lost keys or values, as an engine does before it uses what a step computed; trimming can find a loss too.</summary>
    private void DropLost()
    {
        foreach (KvSequence sequence in _open.Where(static sequence => sequence.IsLost).ToArray())
        {
            Lost++;
            _open.Remove(sequence);
            sequence.Dispose();
        }
    }

    /// <summary>Submits a kernel that reads what the rows hold and then writes what the step computes.</summary>
    /// <remarks>Where copies may fail for good, nobody is told of a loss after having closed its sequence: what such a row reads is of no use to anybody.</remarks>
    private void Launch(KvLayerView view, KvRow[] rows, ulong[][] chains)
    {
        List<Access> accesses = [];
        for (int row = 0; row < rows.Length; row++)
        {
            int length = view.Lengths[row];
            bool isUseless = rows[row].Sequence.IsDisposed && losesCopies;
            for (int position = 0; position < length; position++)
            {
                accesses.Add(new Access(
                    rows[row].Sequence,
                    StampedMemory.KeyAddress(view, row, position, 0),
                    StampedMemory.ValueAddress(view, row, position, 0),
                    chains[row][position],
                    position >= length - rows[row].TokenCount,
                    isUseless));
            }
        }

        int layer = view.Layer;
        machine.Launch(() => Execute(accesses, layer));
    }

    private void Execute(List<Access> accesses, int layer)
    {
        foreach (Access access in accesses.Where(static access => access is { Writes: false, IsUseless: false, Sequence.IsLost: false }))
        {
            Assert.True(
                _memory.Holds(access.Keys, 4, access.Stamp, layer, isValue: false, head: 0)
                    && _memory.Holds(access.Values, 6, access.Stamp, layer, isValue: true, head: 0),
                $"A kernel of layer {layer} read what is not its rows'; seed {seed}.");
        }

        foreach (Access access in accesses.Where(static access => access.Writes))
        {
            Write(access.Keys, 4, access.Stamp, layer, isValue: false);
            Write(access.Values, 6, access.Stamp, layer, isValue: true);
        }
    }

    private static unsafe void Write(nint address, int bytes, ulong stamp, int layer, bool isValue) =>
        Stamps.Fill(new Span<byte>((void*)address, bytes), stamp, layer, isValue, head: 0);

    private static ulong[] Chain(KvSequence sequence)
    {
        int[] tokens = new int[sequence.Length];
        sequence.CopyTokens(0, tokens);
        return Stamps.Chain(KvNamespace.Default, tokens);
    }

    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(8) == 0 ? 1 : 0)];

    private readonly record struct Access(KvSequence Sequence, nint Keys, nint Values, ulong Stamp, bool Writes, bool IsUseless);
}
