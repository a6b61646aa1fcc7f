namespace KvCache.Memory.Mapping;

/// <summary>Which chunks are created, and in how many places each is mapped.</summary>
/// <remarks>A chunk that is being created or destroyed is neither created nor free, so that nobody else touches it meanwhile.</remarks>
internal sealed class ChunkStates(int capacity)
{
    private const int Absent = 0;
    private const int Changing = -1;
    private const int Created = 1; // and one more for each place where it is mapped
    private int[] _states = [];
    private int _created;

    public int CreatedChunks => Volatile.Read(ref _created);

    /// <summary>Marks absent chunks as changing, or throws and marks none.</summary>
    public void BeginCreate(ReadOnlySpan<int> chunks) => Begin(chunks, Absent);

    /// <summary>Marks created chunks, mapped nowhere, as changing, or throws and marks none.</summary>
    public void BeginDestroy(ReadOnlySpan<int> chunks) => Begin(chunks, Created);

    /// <summary>Ends the change of chunks.</summary>
    public void End(ReadOnlySpan<int> chunks, bool created, int change)
    {
        Set(chunks, created ? Created : Absent);
        Volatile.Write(ref _created, _created + change);
    }

    /// <summary>Throws unless all chunks are created.</summary>
    public void CheckCreated(ReadOnlySpan<int> chunks)
    {
        foreach (int chunk in chunks)
        {
            if ((uint)chunk >= (uint)_states.Length || _states[chunk] < Created)
            {
                throw new ArgumentException($"chunks holds {chunk}, which is not created; expected created chunks of 0 … {capacity - 1}.", nameof(chunks));
            }
        }
    }

    public void AddMapping(int chunk, int change) => _states[chunk] += change;

    private void Begin(ReadOnlySpan<int> chunks, int expected)
    {
        for (int i = 0; i < chunks.Length; i++)
        {
            if (DescribeProblem(chunks[i], expected) is { } problem)
            {
                Set(chunks[..i], expected);
                throw new ArgumentException($"chunks holds {chunks[i]}, which {problem}.", nameof(chunks));
            }

            _states[chunks[i]] = Changing;
        }
    }

    private string? DescribeProblem(int chunk, int expected)
    {
        if ((uint)chunk >= (uint)capacity)
        {
            return $"is not in 0 … {capacity - 1}";
        }

        if (chunk >= _states.Length)
        {
            Array.Resize(ref _states, (int)Math.Min(capacity, Math.Max(chunk + 1L, 2L * _states.Length)));
        }

        int state = _states[chunk];
        return state == expected ? null : state switch
        {
            Changing => "is given twice, or is being created or destroyed by another thread",
            Absent => "is not created",
            Created => "is created already",
            _ => $"is mapped in {state - Created} places",
        };
    }

    private void Set(ReadOnlySpan<int> chunks, int state)
    {
        foreach (int chunk in chunks)
        {
            _states[chunk] = state;
        }
    }
}
