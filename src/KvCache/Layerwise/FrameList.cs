namespace KvCache.Layerwise;

/// <summary>Frames in an order, linked through the frames themselves: O(1) at both ends and anywhere, and nothing is ever allocated.</summary>
internal struct FrameList
{
    private int _first;
    private int _last;

    public int Count { get; private set; }

    /// <summary>Gets the first frame; −1 where there is none.</summary>
    public readonly int First => _first - 1;

    public void AddLast(Span<Frame> frames, int number)
    {
        ref Frame frame = ref frames[number];
        (frame.Before, frame.After) = (_last, 0);
        if (_last > 0)
        {
            frames[_last - 1].After = number + 1;
        }
        else
        {
            _first = number + 1;
        }

        _last = number + 1;
        Count++;
    }

    public void Remove(Span<Frame> frames, int number)
    {
        (int before, int after) = (frames[number].Before, frames[number].After);
        (before > 0 ? ref frames[before - 1].After : ref _first) = after;
        (after > 0 ? ref frames[after - 1].Before : ref _last) = before;
        Count--;
    }

    /// <summary>The frame after one; −1 where it is the last.</summary>
    public static int Next(ReadOnlySpan<Frame> frames, int number) => frames[number].After - 1;
}
