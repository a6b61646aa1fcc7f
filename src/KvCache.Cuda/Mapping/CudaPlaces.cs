namespace KvCache.Cuda.Mapping;

/// <summary>What is mapped at each chunk's length of a range: the number of a chunk, or <see cref="Empty"/> or <see cref="Stale"/>.</summary>
/// <remarks>Ranges are long and mostly empty: books are kept of the parts that were ever used.</remarks>
internal sealed class CudaPlaces(int count)
{
    /// <summary>Nothing is mapped.</summary>
    public const int Empty = -1;

    /// <summary>Nothing is mapped as far as the user is concerned, but the driver has refused to take the last mapping away.</summary>
    public const int Stale = -2;

    private const int PageLength = 1024;

    /// <summary>Numbers are one more than what they stand for, so that a new page is empty.</summary>
    private readonly int[]?[] _pages = new int[(count + PageLength - 1) / PageLength][];

    public int Count => count;

    public int this[int place]
    {
        get => _pages[place / PageLength] is { } page ? page[place % PageLength] - 1 : Empty;
        set => (_pages[place / PageLength] ??= new int[PageLength])[place % PageLength] = value + 1;
    }

    public void Fill(int first, int length, int value)
    {
        for (int place = first; place < first + length; place++)
        {
            this[place] = value;
        }
    }

    /// <summary>The first place at which a chunk is mapped, or −1.</summary>
    public int FindMapped(int first, int length)
    {
        for (int place = first; place < first + length; place++)
        {
            if (_pages[place / PageLength] is null)
            {
                place |= PageLength - 1;
            }
            else if (this[place] >= 0)
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>The first place at which no chunk is mapped, or −1.</summary>
    public int FindUnmapped(int first, int length)
    {
        for (int place = first; place < first + length; place++)
        {
            if (this[place] < 0)
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>The first run of stale places; its length is 0 where there is none.</summary>
    public int FindStale(int first, int length, out int run)
    {
        run = 0;
        for (int place = first; place < first + length; place++)
        {
            if (_pages[place / PageLength] is null)
            {
                place |= PageLength - 1;
            }
            else if (this[place] == Stale)
            {
                while (place + run < first + length && this[place + run] == Stale)
                {
                    run++;
                }

                return place;
            }
        }

        return -1;
    }
}
