using KvCache.Paged;

namespace KvCache.Layerwise;

/// <summary>Which layers of the open sequences stay on the device: as many as fit, decided before every step.</summary>
/// <remarks>
/// Room is promised, not taken: blocks × layers kept, and staging buffers × blocks of the sequences of the last step that keep less than all. Where the
/// forecast of what is left falls below the free share, layers leave; where twice as much is left, layers come back.
/// </remarks>
internal sealed class LayerRetention
{
    private readonly LayerwiseKvAllocatorOptions _options;
    private readonly PagedKvAllocator _books;
    private readonly LayerMemory _memory;
    private readonly int _layers;
    private readonly long _frames;
    private bool _changed;

    public LayerRetention(LayerwiseKvAllocatorOptions options, PagedKvAllocator books, LayerMemory memory)
    {
        _options = options;
        _books = books;
        _memory = memory;
        _layers = memory.Layers;
        _frames = memory.Frames is { } frames ? frames.Capacity : 0;
    }

    private long Reserve => (long)(_options.FreeShare * _frames);

    /// <summary>Gets who was in the last step.</summary>
    public StepMembers Members { get; } = new();

    /// <summary>Notes that a sequence has grown, shrunk or gone.</summary>
    public void Changed() => _changed = true;

    /// <summary>Chooses the layers of a new sequence.</summary>
    public void Open(PagedSequence sequence)
    {
        sequence.Kept = new KeptLayers(_layers, 0, 0, _options.InterleaveLayers);
        int fits = FitFor(sequence.Table.Count, sequence);
        PlacementRange range = Choose(sequence, fits);
        sequence.Kept = new KeptLayers(_layers, Math.Clamp(fits, range.Fewest, range.Most), range.Fewest, _options.InterleaveLayers);
        Members.Welcome(sequence.Kept);
        _changed = true;
    }

    /// <summary>How many layers of so many more blocks fit beside what is kept.</summary>
    public int FitFor(int blocks, PagedSequence? except = null)
    {
        (long kept, long staged, _) = Promised(except);
        long free = _frames - Reserve - kept - staged;
        if (blocks == 0 || (long)_layers * blocks <= free)
        {
            return _layers;
        }

        return (int)Math.Clamp((free - ((long)_options.StagingBuffers * blocks)) / blocks, 0, _layers - 1);
    }

    /// <summary>Layer-blocks kept, set aside for staging, and to be added within the forecast.</summary>
    public (long Kept, long Staging, long Growth) Promised(PagedSequence? except = null)
    {
        (long kept, long blocks, long growth) = (0, 0, 0);
        IReadOnlyList<PagedSequence> open = _books.OpenSequences;
        for (int i = 0; i < open.Count; i++)
        {
            PagedSequence sequence = open[i];
            if (sequence == except || sequence.Kept is not { } layers)
            {
                continue;
            }

            kept += (long)layers.Count * sequence.Table.Count;
            blocks += layers.IsWhole || !Members.Has(layers) ? 0 : sequence.Table.Count;
            growth += (long)layers.Count * GrowthOf(sequence);
        }

        int most = _books.Ledger.Pool.Capacity;
        return (Math.Min(kept, (long)_layers * most), Math.Min(blocks, most) * _options.StagingBuffers, growth);
    }

    /// <summary>Lets layers leave or come back, where anything has changed since the last step.</summary>
    public void BeforeStep()
    {
        if (_changed || Members.HaveChanged)
        {
            _changed = false;
            while (Free() < Reserve && OffloadOne())
            {
            }

            ComeBack();
        }
    }

    private long Free()
    {
        (long kept, long staging, long growth) = Promised();
        return _frames - kept - staging - growth;
    }

    /// <summary>New blocks within the forecast, if the sequence decodes a token per step.</summary>
    private int GrowthOf(PagedSequence sequence)
    {
        long room = (long)sequence.Capacity - sequence.Length;
        long beyond = Math.Max(0, _options.ForecastSteps - room);
        return (int)((beyond + _options.BlockTokens - 1) / _options.BlockTokens);
    }

    private PlacementRange Choose(PagedSequence sequence, int fits)
    {
        PlacementRange range = _options.Placement.Choose(new PlacementRequest(
            _layers,
            sequence.Length,
            sequence.UncomputedLength,
            _options.Geometry.BytesPerToken / _layers,
            fits,
            _memory.Copies.BytesToDevicePerSecond,
            _memory.Copies.BytesToHostPerSecond));
        int fewest = Math.Clamp(range.Fewest, 0, _layers);
        return new PlacementRange(fewest, Math.Clamp(range.Most, fewest, _layers));
    }

    private bool OffloadOne()
    {
        PagedSequence? victim = null;
        OffloadCandidate least = default;
        IReadOnlyList<PagedSequence> open = _books.OpenSequences;
        for (int i = 0; i < open.Count; i++)
        {
            PagedSequence sequence = open[i];
            if (sequence.Kept is { Count: > 0 } kept && sequence.Table.Count > 0)
            {
                OffloadCandidate candidate = new(sequence.Id, sequence.Length, kept.Count, kept.Fewest);
                if (victim is null || _options.OffloadOrder.Compare(candidate, least) < 0)
                {
                    (victim, least) = (sequence, candidate);
                }
            }
        }

        if (victim is null)
        {
            return false;
        }

        int layer = victim.Kept!.LeastWanted();
        victim.Kept.GiveUp(layer);
        Send(layer, victim.Table.Blocks);
        return true;
    }

    private void Send(int layer, ReadOnlySpan<int> blocks)
    {
        LayerFrames frames = _memory.Frames;
        int[] pages = _memory.Pages.Frames(layer);
        foreach (int block in blocks)
        {
            int frame = pages[block];
            if (frame >= 0 && frames[frame].Use == FrameUse.Kept)
            {
                frames.AddLeaving(frame);
            }
        }

        // No step is open: what stayed on the device may be read by those that have ended.
        _memory.Mover!.Moved(layer);
        frames.Send(default, _books.Ledger.Retired.Ended);
    }

    /// <summary>Lets layers come back, those of the oldest first: that is who goes on first.</summary>
    private void ComeBack()
    {
        long spare = Free() - (2 * Reserve);
        long age = -1;
        while (spare > 0 && OldestMissing(age) is { } sequence)
        {
            age = sequence.Id;
            KeptLayers kept = sequence.Kept!;
            int blocks = sequence.Table.Count + GrowthOf(sequence);
            int missing = _layers - kept.Count;
            long whole = (long)missing * blocks;
            long staging = Members.Has(kept) ? (long)_options.StagingBuffers * sequence.Table.Count : 0;
            int more = whole - staging <= spare
                ? missing
                : (int)Math.Min(missing - 1, spare / blocks);
            PlacementRange range = Choose(sequence, kept.Count + more);
            kept.Fewest = range.Fewest;
            int target = Math.Min(kept.Count + more, range.Most);
            if (target > kept.Count)
            {
                spare -= (long)(target - kept.Count) * blocks;
                kept.Keep(target);
            }
        }
    }

    /// <summary>The oldest open sequence beyond an age that keeps less than all.</summary>
    private PagedSequence? OldestMissing(long age)
    {
        PagedSequence? oldest = null;
        IReadOnlyList<PagedSequence> open = _books.OpenSequences;
        for (int i = 0; i < open.Count; i++)
        {
            PagedSequence sequence = open[i];
            if (sequence.Kept is { IsWhole: false } && sequence.Table.Count > 0 && sequence.Id > age && !(sequence.Id > oldest?.Id))
            {
                oldest = sequence;
            }
        }

        return oldest;
    }
}
