using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Model;

/// <summary>Runs one program on an allocator and on the naive model beside it, and compares them after every command.</summary>
/// <remarks>
/// The model knows tokens and stamps, nothing of blocks: what an allocator may answer is bounded by what it said of
/// itself before (<see cref="IKvAllocator.Usage"/>, <see cref="IKvAllocator.Probe"/>), what it holds is exact.
/// </remarks>
internal sealed partial class ModelRun
{
    private const int MostSequences = 10;
    private static readonly KvNamespace[] Namespaces = [KvNamespace.Default, new(Salt: "tenant")];
    private readonly IKvAllocator _allocator;
    private readonly LateFenceDevice? _late;
    private readonly LateTimeline _elsewhere = new();
    private readonly StampedMemory _stamped;
    private readonly RunningWork _work = new();
    private readonly List<ModelSequence> _open = [];
    private readonly HashSet<ulong> _published = [];
    private readonly int[][] _earlier = [[], [], [], []];
    private readonly ModelTally _tally;
    private readonly bool _prefixCaching;
    private readonly int _blockTokens;
    private readonly int _groupTokens;
    private bool _copiesFail;

    public ModelRun(IKvAllocator allocator, DeviceMemory memory, int groupTokens, bool prefixCaching, ModelTally tally)
    {
        _allocator = allocator;
        _late = allocator.Device as LateFenceDevice;
        _stamped = new StampedMemory(memory);
        _prefixCaching = prefixCaching;
        _tally = tally;
        _blockTokens = allocator.BlockTokens;
        _groupTokens = groupTokens;
    }

    /// <summary>Whether addresses change hands between layers, so that who uses which cannot be told by them.</summary>
    public bool LayersMove { get; init; }

    private bool ChecksAddresses => _late is not null && !LayersMove;

    public void Run(ReadOnlySpan<Command> commands)
    {
        if (_late is not null && ChecksAddresses)
        {
            _late.Copying += _work.CheckCopy;
            _late.Unmapping += _work.CheckUnmap;
        }

        foreach (Command command in commands)
        {
            Execute(command);
            CheckBooks();
            _tally.Operations++;
        }

        Finish();
    }

    private void Execute(Command command)
    {
        switch (command.Kind)
        {
            case CommandKind.Open when _open.Count < MostSequences:
                Open(command);
                break;
            case CommandKind.Begin:
                Begin(command);
                break;
            case CommandKind.Complete:
                End(completed: true, elsewhere: command.Pick % 4 == 0);
                break;
            case CommandKind.Abandon:
                End(completed: false);
                break;
            case CommandKind.Probe:
                ProbeTwice(command);
                break;
            case CommandKind.Trim:
                Assert.True(_allocator.Trim(command.Amount % 4 * _allocator.Usage.BlockBytes) >= 0);
                break;
            case CommandKind.Clear:
                Clear();
                break;
            case CommandKind.Pass:
                Pass(command.Amount % 4, command.Pick);
                break;
            case CommandKind.FailCopy when _late is not null:
                _late.FailNextCopies(1);
                _copiesFail = true;
                break;
            default:
                ExecuteOnSequence(command);
                break;
        }
    }

    private void ExecuteOnSequence(Command command)
    {
        if (_open.Count == 0)
        {
            return;
        }

        ModelSequence sequence = _open[command.Pick % _open.Count];
        switch (command.Kind)
        {
            case CommandKind.Append:
                Append(sequence, Tokens(command.Amount % ((2 * _blockTokens) + 2), command.Salt));
                break;
            case CommandKind.Reserve:
                Reserve(sequence, command.Amount % (sequence.Length + (3 * _blockTokens) + 1));
                break;
            case CommandKind.Truncate:
                Truncate(sequence, command.Amount % (sequence.Length + 1));
                break;
            case CommandKind.Fork when _open.Count < MostSequences:
                Fork(sequence, command.Amount % (sequence.Length + 1));
                break;
            case CommandKind.ReadBack:
                ReadBack([sequence]);
                break;
            default:
                Close(sequence);
                break;
        }
    }

    private void Finish()
    {
        End(completed: true);
        ReadBack(_open);
        while (_open.Count > 0)
        {
            Close(_open[^1]);
        }

        Pass(0, 0);
        Pass(0, 1);
        _allocator.Probe([], null, 0);
        CheckBooks();
        Assert.Equal((0, 0), (_allocator.Usage.OwnedBlocks, _allocator.Usage.InTransferBlocks));
    }

    /// <summary>Few different tokens, one of them the usual one, so that sequences often begin alike.</summary>
    private static int[] Tokens(int count, int salt)
    {
        int[] tokens = new int[count];
        uint state = (uint)salt * 2654435761u;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            tokens[i] = (state >> 28) switch { < 13 => 0, < 15 => 1, _ => 2 };
        }

        return tokens;
    }
}
