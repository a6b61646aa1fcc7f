namespace KvCache.Attention;

/// <summary>How a call is cut into items.</summary>
/// <remarks>
/// A row that decodes is cut at fixed positions (flash-decoding: Dao, Haziza, Massa and Sizov), so that its result has the
/// same bits in every batch and with any number of threads. Where that gives too few items for the workers, KV heads are
/// parted too, which changes no bits. A row that prefills is cut into blocks of queries, per KV head, longest context first.
/// </remarks>
internal sealed class AttentionPlan
{
    /// <summary>Positions in a piece of a row that decodes: enough to read in one stream, few enough to share among threads.</summary>
    public const int Split = 512;

    private const int PrefillQueries = 256; // what fits a core's second-level cache together with a tile

    private WorkItem[] _items = [];
    private int[] _pending = [];
    private int[] _firstSlots = [];

    public int Count { get; private set; }

    /// <summary>Gets the number of partial results.</summary>
    public int Slots { get; private set; }

    /// <summary>Gets the most queries of a prefill item.</summary>
    public int LargestBlock { get; private set; }

    public ref readonly WorkItem this[int index] => ref _items[index];

    /// <summary>Where a row's partial results begin.</summary>
    public int FirstSlot(int row) => _firstSlots[row];

    /// <summary>Notes that an item of a row is done, and tells whether it was the last.</summary>
    public bool IsLast(int row) => Interlocked.Decrement(ref _pending[row]) == 0;

    public static int Splits(int length) => (length + Split - 1) / Split;

    public void Make(in AttentionCall call, int workers)
    {
        Count = Slots = LargestBlock = 0;
        if (_pending.Length < call.Rows)
        {
            Array.Resize(ref _pending, Math.Max(call.Rows, _pending.Length * 2));
            Array.Resize(ref _firstSlots, _pending.Length);
        }

        int headParts = HeadParts(in call, workers);
        int blockTokens = BlockTokens(in call, workers);
        for (int row = 0; row < call.Rows; row++)
        {
            int tokens = call.NewTokens(row);
            if (tokens > 1)
            {
                AddPrefill(in call, row, tokens, blockTokens);
            }
        }

        for (int row = 0; row < call.Rows; row++)
        {
            if (call.NewTokens(row) == 1)
            {
                AddDecode(in call, row, headParts);
            }
        }
    }

    private static unsafe int HeadParts(in AttentionCall call, int workers)
    {
        long items = 0;
        for (int row = 0; row < call.Rows; row++)
        {
            int tokens = call.NewTokens(row);
            items += tokens == 1 ? Splits(call.Lengths[row]) : (long)tokens * call.Group / PrefillQueries * call.KvHeads;
        }

        bool enough = workers == 1 || items == workers || items >= 2L * workers;
        return enough || items == 0 ? 1 : (int)Math.Min(call.KvHeads, ((2L * workers) + items - 1) / items);
    }

    private static int BlockTokens(in AttentionCall call, int workers)
    {
        int block = Math.Max(1, PrefillQueries / call.Group);
        while (block > 1 && block * call.Group > PrefillQueries / 8)
        {
            long items = 0;
            for (int row = 0; row < call.Rows; row++)
            {
                int tokens = call.NewTokens(row);
                items += tokens > 1 ? (tokens + block - 1) / block * (long)call.KvHeads : 0;
            }

            if (workers == 1 || items >= 3L * workers)
            {
                break;
            }

            block /= 2;
        }

        return block;
    }

    private void AddPrefill(in AttentionCall call, int row, int tokens, int blockTokens)
    {
        LargestBlock = Math.Max(LargestBlock, Math.Min(tokens, blockTokens) * call.Group);
        for (int first = (tokens - 1) / blockTokens * blockTokens; first >= 0; first -= blockTokens)
        {
            for (int head = 0; head < call.KvHeads; head++)
            {
                Add(new WorkItem(row, first, Math.Min(tokens, first + blockTokens), head, head + 1, WorkItem.Prefill));
            }
        }
    }

    private unsafe void AddDecode(in AttentionCall call, int row, int headParts)
    {
        int length = call.Lengths[row];
        int splits = Splits(length);
        _firstSlots[row] = Slots;
        _pending[row] = splits * headParts;
        for (int split = 0; split < splits; split++)
        {
            int slot = splits == 1 ? WorkItem.Whole : Slots++;
            for (int part = 0; part < headParts; part++)
            {
                int headFirst = (int)((long)call.KvHeads * part / headParts);
                int headEnd = (int)((long)call.KvHeads * (part + 1) / headParts);
                Add(new WorkItem(row, split * Split, Math.Min(length, (split + 1) * Split), headFirst, headEnd, slot));
            }
        }
    }

    private void Add(WorkItem item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(16, Count * 2));
        }

        _items[Count++] = item;
    }
}
