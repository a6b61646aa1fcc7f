namespace KvCache.Memory.Mapping;

/// <summary>A reserved range, and what is mapped at each chunk's length of it.</summary>
internal sealed class ReservedRange(AddressRange addresses, int length)
{
    public const int Empty = 0;
    private int[]? _places;

    public AddressRange Addresses => addresses;

    public nint Address => addresses.Address;

    public long Bytes => addresses.Bytes;

    /// <summary>How many chunks fit.</summary>
    public int Length => length;

    public int First => this[0];

    public int Last => this[length - 1];

    /// <summary>How many places have something mapped.</summary>
    public int Mapped { get; private set; }

    /// <summary>What is mapped at a place: <see cref="Empty"/>, or a chunk and its access as <see cref="Encode"/> writes them.</summary>
    public int this[int place] => _places is null ? Empty : _places[place];

    public static int Encode(int chunk, bool writable) => (chunk * 2) + (writable ? 2 : 1);

    public static int ChunkOf(int content) => (content - 1) / 2;

    /// <summary>Whether the kernel makes one mapping of what is at two neighbouring places.</summary>
    public static bool Merges(int content, int next) => content == Empty ? next == Empty : next == content + 2;

    public void Set(int place, ReadOnlySpan<int> chunks, bool writable)
    {
        _places ??= new int[length];
        for (int i = 0; i < chunks.Length; i++)
        {
            _places[place + i] = Encode(chunks[i], writable);
        }

        Mapped += chunks.Length;
    }

    public void Clear(int place, int count)
    {
        _places.AsSpan(place, count).Clear();
        Mapped -= count;
    }

    /// <summary>The first place of a part that is empty, or that is not; −1 if there is none.</summary>
    public int Find(bool empty, int place, int count)
    {
        if (_places is null)
        {
            return empty && count > 0 ? place : -1;
        }

        Span<int> part = _places.AsSpan(place, count);
        int found = empty ? part.IndexOf(Empty) : part.IndexOfAnyExcept(Empty);
        return found < 0 ? -1 : place + found;
    }
}
