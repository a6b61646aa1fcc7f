namespace KvCache.Cuda.Mapping;

/// <summary>The books of chunks: which number is which handle of the driver, and in how many places it is mapped.</summary>
internal sealed class CudaChunks(int capacity)
{
    private const ulong None = 0;
    private const ulong Coming = ulong.MaxValue;
    private ulong[] _handles = [];
    private int[] _mappings = [];
    private int _created;

    public int Created => Volatile.Read(ref _created);

    /// <summary>How many more there can be.</summary>
    public int Room => capacity - Created;

    /// <summary>Marks chunks as being created, or throws and marks none.</summary>
    public void Claim(ReadOnlySpan<int> chunks)
    {
        for (int i = 0; i < chunks.Length; i++)
        {
            if (DescribeProblem(chunks[i]) is { } problem)
            {
                SetHandles(chunks[..i], default);
                throw new ArgumentException($"A chunk is {chunks[i]}: {problem}.", nameof(chunks));
            }

            _handles[chunks[i]] = Coming;
        }
    }

    /// <summary>Ends what <see cref="Claim"/> has begun; without handles, nothing was created.</summary>
    public void Settle(ReadOnlySpan<int> chunks, ReadOnlySpan<ulong> handles)
    {
        SetHandles(chunks, handles);
        Volatile.Write(ref _created, _created + handles.Length);
    }

    /// <summary>Looks up the handles of chunks that are created.</summary>
    public void Find(ReadOnlySpan<int> chunks, Span<ulong> handles)
    {
        for (int i = 0; i < chunks.Length; i++)
        {
            if ((uint)chunks[i] >= (uint)_handles.Length || _handles[chunks[i]] == None)
            {
                throw new ArgumentException($"Chunk {chunks[i]} is not created.", nameof(chunks));
            }

            handles[i] = _handles[chunks[i]];
        }
    }

    /// <summary>Takes the handles of chunks that are mapped nowhere out of the books, or throws and takes none.</summary>
    public void Remove(ReadOnlySpan<int> chunks, Span<ulong> handles)
    {
        Find(chunks, handles);
        for (int i = 0; i < chunks.Length; i++)
        {
            if (_mappings[chunks[i]] > 0 || _handles[chunks[i]] == None)
            {
                SetHandles(chunks[..i], handles[..i]);
                throw new ArgumentException(
                    _mappings[chunks[i]] > 0 ? $"Chunk {chunks[i]} is still mapped, in {_mappings[chunks[i]]} places." : $"Chunk {chunks[i]} is given twice.",
                    nameof(chunks));
            }

            _handles[chunks[i]] = None;
        }

        Volatile.Write(ref _created, _created - chunks.Length);
    }

    /// <summary>Takes all handles out of the books, wherever they are mapped.</summary>
    public ulong[] RemoveAll()
    {
        ulong[] created = [.. _handles.Where(static handle => handle != None)];
        Array.Clear(_handles);
        Array.Clear(_mappings);
        Volatile.Write(ref _created, 0);
        return created;
    }

    /// <summary>Counts that each chunk is mapped in one more place.</summary>
    public void AddMappings(ReadOnlySpan<int> chunks)
    {
        foreach (int chunk in chunks)
        {
            _mappings[chunk]++;
        }
    }

    /// <summary>Counts that the chunks at some places are mapped in one place less.</summary>
    public void RemoveMappings(CudaSection section)
    {
        for (int i = 0; i < section.Count; i++)
        {
            _mappings[section.Places[section.First + i]]--;
        }
    }

    private string? DescribeProblem(int chunk)
    {
        if ((uint)chunk >= (uint)capacity)
        {
            return $"expected 0 … {capacity - 1}";
        }

        if (chunk >= _handles.Length)
        {
            int length = (int)Math.Min(capacity, Math.Max(chunk + 1L, 2L * _handles.Length));
            Array.Resize(ref _handles, length);
            Array.Resize(ref _mappings, length);
        }

        return _handles[chunk] == Coming ? "it is given twice" : _handles[chunk] != None ? "it is created already" : null;
    }

    private void SetHandles(ReadOnlySpan<int> chunks, ReadOnlySpan<ulong> handles)
    {
        for (int i = 0; i < chunks.Length; i++)
        {
            _handles[chunks[i]] = handles.IsEmpty ? None : handles[i];
        }
    }
}
