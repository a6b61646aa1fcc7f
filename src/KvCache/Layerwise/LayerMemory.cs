using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>Two tiers behind the blocks: a place on the host for every page, and fewer frames on the device.</summary>
internal sealed class LayerMemory : BlockMemory
{
    private readonly PagedKvAllocator _books;
    private readonly IKvDevice _device;
    private readonly IKvDevice _hostDevice;
    private readonly PagedMemory _host;
    private readonly FrameArena _arena;
    private readonly List<int> _copied = [];
    private KvCopy[] _pieces = new KvCopy[4];

    public LayerMemory(LayerwiseKvAllocatorOptions options, TierPlan plan, PagedKvAllocator books)
    {
        _books = books;
        _device = options.Device;
        _hostDevice = options.HostMemory;
        Layers = options.Geometry.LayerCount;
        Pages = new LayerPages(Layers);
        _host = new PagedMemory(_hostDevice, options.Geometry, options.BlockTokens, plan.Blocks);
        try
        {
            _arena = new FrameArena(_device, _host.Layout, plan.Frames);
        }
        catch
        {
            _host.Dispose();
            throw;
        }

        Copies = new LayerCopies(options, _arena, _host);
        Frames = new LayerFrames(plan.Frames, Pages, Copies, books.Ledger.Retired, options.CopyAttempts, Lose);
        Retention = new LayerRetention(options, books, this);
        books.Ledger.Listener = this;
    }

    public int Layers { get; }

    public override PageLayout Layout => _host.Layout;

    public override bool CanDecommit => _host.CanDecommit;

    public LayerPages Pages { get; }

    public LayerFrames Frames { get; }

    public LayerCopies Copies { get; }

    public LayerRetention Retention { get; }

    /// <summary>Gets or sets what moves layers in the open step.</summary>
    public LayerMover? Mover { get; set; }

    public IKvDevice Device => _device;

    private BlockPool Pool => _books.Ledger.Pool;

    /// <summary>Every layer's pages are frames of one range, and every layer has a table of its own.</summary>
    public LayerPlace[] Places(ReadOnlySpan<StepLayer> layers)
    {
        LayerPlace[] places = new LayerPlace[layers.Length];
        for (int layer = 0; layer < places.Length; layer++)
        {
            places[layer] = new LayerPlace(_arena.Keys, _arena.Values, layers[layer].Table);
        }

        return places;
    }

    public override void Taken(ReadOnlySpan<int> blocks)
    {
        Pages.Reach(Pool.HighWater);
        for (int layer = 0; layer < Layers; layer++)
        {
            foreach (int block in blocks)
            {
                Frames.Forget(layer, block);
            }
        }

        Retention.Changed();
    }

    public override void Opened(PagedSequence sequence) => Retention.Open(sequence);

    public override void Closed(PagedSequence sequence) => Retention.Changed();

    public override void Shrunk(PagedSequence sequence) => Retention.Changed();

    /// <summary>Copies where the source lies: on the device where there is a frame to be had at once, otherwise to the host's place.</summary>
    public override bool TryCopyBlock(int source, int destination, int tokens)
    {
        _copied.Clear();
        return TryCopy(source, destination, tokens, between: Tier.Frames)
            && TryCopy(source, destination, tokens, between: Tier.ToHost)
            && TryCopy(source, destination, tokens, between: Tier.Host);
    }

    /// <remarks>The bytes of the host's places count: every block has all its pages there.</remarks>
    public override long Decommit(int first, int count)
    {
        for (int block = first; block < first + count; block++)
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                Frames.Forget(layer, block);
                Frames.Drop(layer, block);
            }
        }

        Frames.FinishPassed();
        for (int frame = Frames.FreeList.First; frame >= 0; frame = FrameList.Next(Frames.All, frame))
        {
            _arena.Decommit(frame, 1);
        }

        return _host.Decommit(first, count);
    }

    /// <summary>Gives up the content of a page: whoever owns its block has lost it, and nobody finds it any more.</summary>
    public void Lose(int layer, int block)
    {
        foreach (PagedSequence sequence in _books.OpenSequences)
        {
            if (!sequence.IsLost && sequence.Table.Blocks.Contains(block))
            {
                sequence.MarkLost();
            }
        }

        if (Pool.IsPublished(block))
        {
            _books.Ledger.Unpublish(block);
        }

        LostPages++;
    }

    /// <summary>Gets how many pages have been lost.</summary>
    public long LostPages { get; private set; }

    public override void CheckIntegrity(Action<string> report) => new LayerIntegrity(this, report).Check();

    public override void Dispose()
    {
        Frames.WaitForCopies();
        Copies.Dispose();
        _arena.Dispose();
        _host.Dispose();
    }

    private bool TryCopy(int source, int destination, int tokens, Tier between)
    {
        int count = 0;
        for (int layer = 0; layer < Layers; layer++)
        {
            int from = FrameOfContent(layer, source);
            if (from < 0 && !Pages.OnHost(layer, source))
            {
                continue;
            }

            if ((from < 0) != (between == Tier.Host) || (from >= 0 && _copied.Contains(layer)))
            {
                continue;
            }

            int to = from >= 0 && between == Tier.Frames ? FrameFor(layer, destination) : -1;
            if (from >= 0 && (to >= 0) != (between == Tier.Frames))
            {
                continue;
            }

            if (to < 0)
            {
                // A frame of the block's earlier days would pass for the copy.
                Frames.Drop(layer, destination);
            }

            Pages.SetOnHost(layer, destination, to < 0);
            _copied.Add(layer);
            if (count + 2 > _pieces.Length)
            {
                Array.Resize(ref _pieces, 2 * Layers);
            }

            _pieces[count++] = new KvCopy(
                from < 0 ? HostKeys(layer, source) : _arena.KeyAddress(from),
                to < 0 ? HostKeys(layer, destination) : _arena.KeyAddress(to),
                tokens * Layout.KeyTokenStride);
            _pieces[count++] = new KvCopy(
                from < 0 ? HostValues(layer, source) : _arena.ValueAddress(from),
                to < 0 ? HostValues(layer, destination) : _arena.ValueAddress(to),
                tokens * Layout.ValueTokenStride);
        }

        if (count == 0)
        {
            return true;
        }

        ReadOnlySpan<KvCopy> pieces = _pieces.AsSpan(0, count);
        return between switch
        {
            Tier.Frames => _device.Copy(pieces).Wait(),
            Tier.ToHost => Copies.TryCopyToHost(pieces),
            _ => _hostDevice.Copy(pieces).Wait(),
        };
    }

    /// <summary>The frame that holds the content of a page, unless it is only on its way there.</summary>
    private int FrameOfContent(int layer, int block)
    {
        int frame = Pages.Frames(layer)[block];
        return frame >= 0 && (Frames[frame].Use == FrameUse.Leaving || Frames[frame].Attempts == 0) ? frame : -1;
    }

    /// <summary>A frame for the copy of a page: its own, or one that is free; none that holds what may be read here.</summary>
    private int FrameFor(int layer, int block)
    {
        int frame = Pages.Frames(layer)[block];
        if (frame >= 0)
        {
            return frame;
        }

        if (!Frames.TryTakeFree(out frame))
        {
            return -1;
        }

        Frames.Assign(frame, layer, block, FrameUse.Kept);
        return frame;
    }

    private nint HostKeys(int layer, int block) => _host.KeyBase(layer) + (nint)(block * Layout.KeyPageStride);

    private nint HostValues(int layer, int block) => _host.ValueBase(layer) + (nint)(block * Layout.ValuePageStride);

    /// <summary>Between what a block is copied.</summary>
    private enum Tier
    {
        /// <summary>From frame to frame.</summary>
        Frames,

        /// <summary>From a frame to the host.</summary>
        ToHost,

        /// <summary>From host to host.</summary>
        Host,
    }
}
