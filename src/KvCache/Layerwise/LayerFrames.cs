using System.Runtime.InteropServices;
using KvCache.Blocks;
using KvCache.Memory;

namespace KvCache.Layerwise;

/// <summary>The device's frames: which are free, which page each holds, and those on their way out.</summary>
/// <remarks>
/// A frame is used again only when its copy to the host has been seen to succeed and every reader's fence has passed. A page that is
/// asked for again before that is taken back as it is. Nothing is allocated but up to the most frames ever in use.
/// </remarks>
internal sealed class LayerFrames
{
    private readonly List<int> _out = [];
    private readonly LayerPages _pages;
    private readonly LayerCopies _copies;
    private readonly RetiredBlocks _retired;
    private readonly int _attempts;
    private readonly Action<int, int> _lose;
    private Frame[] _frames = [];
    private FrameList _free;
    private FrameList _leaving;
    private int _highWater;

    /// <param name="capacity">How many there are.</param>
    /// <param name="pages">Where pages are.</param>
    /// <param name="copies">What copies.</param>
    /// <param name="retired">The steps' fences.</param>
    /// <param name="attempts">How often a copy is tried.</param>
    /// <param name="lose">Hears of a page (layer, block) whose content is lost.</param>
    public LayerFrames(
        int capacity, LayerPages pages, LayerCopies copies, RetiredBlocks retired, int attempts, Action<int, int> lose)
    {
        Capacity = capacity;
        _pages = pages;
        _copies = copies;
        _retired = retired;
        _attempts = attempts;
        _lose = lose;
    }

    public int Capacity { get; }

    public int HighWater => _highWater;

    public Span<Frame> All => _frames.AsSpan(0, _highWater);

    /// <summary>Gets the frames that were used and are free.</summary>
    public FrameList FreeList => _free;

    /// <summary>Gets the frames on their way out, the first to leave first.</summary>
    public FrameList Leaving => _leaving;

    public ref Frame this[int frame] => ref _frames[frame];

    /// <summary>Takes a frame that is free now.</summary>
    public bool TryTakeFree(out int frame)
    {
        frame = _free.First;
        if (frame >= 0)
        {
            _free.Remove(_frames, frame);
            return true;
        }

        if (_highWater < Capacity)
        {
            if (_highWater == _frames.Length)
            {
                Array.Resize(ref _frames, (int)Math.Min(Capacity, Math.Max(64L, _highWater * 2L)));
            }

            frame = _highWater++;
            return true;
        }

        return false;
    }

    /// <summary>Takes a frame that is free now, or that has become free.</summary>
    public bool TryTake(out int frame)
    {
        if (TryTakeFree(out frame))
        {
            return true;
        }

        return _leaving.First >= 0 && TryFinish(_leaving.First, block: false) && TryTakeFree(out frame);
    }

    /// <summary>Waits for the frame that has been on its way out for longest.</summary>
    /// <returns>False where none is.</returns>
    public bool FinishOldest() => _leaving.First >= 0 && TryFinish(_leaving.First, block: true);

    /// <summary>Gives a taken frame a page.</summary>
    public void Assign(int number, int layer, int block, FrameUse use)
    {
        ref Frame frame = ref _frames[number];
        frame = new Frame { Use = use, Layer = layer, Block = block };
        _pages.Frames(layer)[block] = number;
    }

    /// <summary>Takes a page that is on its way out back, as it is, once nothing copies it any more.</summary>
    /// <returns>False where a copy is under way that is not to be waited for.</returns>
    public bool TryRecall(int number, FrameUse use, bool wait)
    {
        ref Frame frame = ref _frames[number];
        if (frame.Attempts > 0)
        {
            if (!wait && !frame.Copy.Fence.HasPassed)
            {
                return false;
            }

            if (_copies.Wait(ref frame, toHost: true))
            {
                _pages.SetOnHost(frame.Layer, frame.Block, true);
            }
        }

        _leaving.Remove(_frames, number);
        frame.Use = use;
        frame.Attempts = 0;
        frame.Copy = default;
        return true;
    }

    /// <summary>Collects frames that are to leave; <see cref="Send"/> sends them.</summary>
    public void AddLeaving(int number) => _out.Add(number);

    /// <summary>Gets or sets what passes when work that was not submitted to the device, and may have written to what stayed, has finished.</summary>
    public KvFence Writers { get; set; }

    /// <summary>Sends the collected frames out: what the host has not is copied to it.</summary>
    /// <param name="readers">Passes when the work that may read them has finished.</param>
    /// <param name="steps">The last step that may read them.</param>
    public void Send(KvFence readers, long steps)
    {
        int kept = 0;
        for (int i = 0; i < _out.Count; i++)
        {
            int number = _out[i];
            ref Frame frame = ref _frames[number];
            frame.Readers = readers;
            frame.Steps = steps;
            _leaving.AddLast(_frames, number);
            frame.Use = FrameUse.Leaving;
            if (frame.Attempts > 0)
            {
                // What is still on its way in is on the host; only its copy must end before the frame is used again.
                frame.Readers = frame.Copy.Fence;
                frame.Attempts = 0;
                _pages.Frames(frame.Layer)[frame.Block] = -1;
            }
            else if (!_pages.OnHost(frame.Layer, frame.Block))
            {
                _out[kept++] = number;
            }

            frame.Copy = default;
        }

        _out.RemoveRange(kept, _out.Count - kept);
        if (kept > 0)
        {
            Writers.Wait();
            Writers = default;
            _copies.Submit(CollectionsMarshal.AsSpan(_out), _frames, toHost: true);
        }

        _out.Clear();
    }

    /// <summary>Cuts a page that gets other content off from its frame, unless the frame is simply kept.</summary>
    public void Forget(int layer, int block)
    {
        ref int number = ref _pages.Frames(layer)[block];
        _pages.SetOnHost(layer, block, false);
        if (number < 0)
        {
            return;
        }

        ref Frame frame = ref _frames[number];
        if (frame.Use == FrameUse.Kept && frame.Attempts == 0)
        {
            return;
        }

        if (frame.Attempts > 0)
        {
            // The host's place is about to get other content, behind the back of this copy.
            frame.Copy.Wait();
            frame.Attempts = 0;
        }

        if (frame.Use == FrameUse.Leaving)
        {
            frame.Copy = default;
            number = -1;
        }
    }

    /// <summary>Frees the frame of a page that nobody uses any more, at once.</summary>
    public void Drop(int layer, int block)
    {
        int number = _pages.Frames(layer)[block];
        if (number >= 0 && _frames[number].Use == FrameUse.Kept)
        {
            if (_frames[number].Attempts > 0)
            {
                _frames[number].Copy.Wait();
            }

            Free(number);
        }
    }

    /// <summary>Frees what is on its way out and has nothing to wait for any more.</summary>
    public void FinishPassed()
    {
        for (int number = _leaving.First; number >= 0;)
        {
            int next = FrameList.Next(_frames, number);
            TryFinish(number, block: false);
            number = next;
        }
    }

    /// <summary>Waits until no copy reads or writes a frame.</summary>
    public void WaitForCopies()
    {
        foreach (ref Frame frame in All)
        {
            frame.Copy.Wait();
            frame.Readers.Wait();
        }
    }

    private bool TryFinish(int number, bool block)
    {
        ref Frame frame = ref _frames[number];
        while (frame.Attempts > 0)
        {
            if (!block && !frame.Copy.Fence.HasPassed)
            {
                return false;
            }

            bool isPage = _pages.Frames(frame.Layer)[frame.Block] == number;
            if (_copies.Wait(ref frame, toHost: true))
            {
                if (isPage)
                {
                    _pages.SetOnHost(frame.Layer, frame.Block, true);
                }

                break;
            }

            if (frame.Attempts >= _attempts || !isPage)
            {
                if (isPage)
                {
                    _lose(frame.Layer, frame.Block);
                }

                break;
            }

            _copies.Submit([number], _frames, toHost: true);
        }

        frame.Attempts = 0;
        if (!block && !(frame.Readers.HasPassed && _retired.HavePassed(frame.Steps)))
        {
            return false;
        }

        frame.Readers.Wait();
        _retired.WaitFor(frame.Steps);
        Free(number);
        return true;
    }

    private void Free(int number)
    {
        ref Frame frame = ref _frames[number];
        ref int page = ref _pages.Frames(frame.Layer)[frame.Block];
        page = page == number ? -1 : page;
        if (frame.Use == FrameUse.Leaving)
        {
            _leaving.Remove(_frames, number);
        }

        frame = default;
        _free.AddLast(_frames, number);
    }
}
