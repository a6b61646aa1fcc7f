using KvCache.Memory;

namespace KvCache.Virtual;

/// <summary>The ledger of the chunks of an <see cref="IVirtualMemory"/>: how many use each, and which to hand out next.</summary>
/// <remarks>
/// <para>A chunk is used (at least one user: a range that maps it, or whatever else the owner counts), idle (created, used by
/// nobody) or absent (not created). Idle ones are handed out before absent ones. Within each kind the number after the caller's last
/// one comes first, then the beginning of a gap of eight or more: chunks that lie one after the other are one mapping, and the
/// system's mappings are limited.</para>
/// <para>The pool calls no system: whoever takes a chunk that is not created creates it and says so. Whoever gives a chunk back has
/// waited for the fence of the last work that may touch it. Nothing is allocated but at the start: 5 bytes for each chunk.
/// One owner thread; the counts may be read from anywhere.</para>
/// </remarks>
internal sealed class ChunkPool
{
    private readonly int[] _users;
    private readonly ChunkSet _idle;
    private readonly ChunkSet _absent;
    private readonly ChunkSet _created;

    public ChunkPool(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        _users = new int[capacity];
        _idle = new ChunkSet(capacity, full: false);
        _created = new ChunkSet(capacity, full: false);
        _absent = new ChunkSet(capacity, full: true);
    }

    public int Capacity { get; }

    /// <summary>Created, and used by nobody.</summary>
    public int Idle => _idle.Count;

    public int Created => _created.Count;

    /// <summary>How many can be taken.</summary>
    public int Available => _idle.Count + _absent.Count;

    public int Used => Capacity - Available;

    public int Users(int chunk) => _users[chunk];

    public bool IsCreated(int chunk) => _created.Contains(chunk);

    /// <summary>Takes chunks for one user each, all or none, where possible continuing a run. Those not created come last.</summary>
    /// <param name="previous">The chunk mapped right before them, or −1.</param>
    /// <param name="chunks">Their numbers, in the order in which to map them.</param>
    /// <param name="idle">How many of them, from the first, are created.</param>
    public bool TryTake(int previous, Span<int> chunks, out int idle)
    {
        idle = 0;
        if (chunks.Length > Available)
        {
            return false;
        }

        idle = Math.Min(chunks.Length, _idle.Count);
        Take(_idle, previous, chunks[..idle]);
        Take(_absent, idle > 0 ? chunks[idle - 1] : previous, chunks[idle..]);
        return true;
    }

    /// <summary>Enters that chunks taken have been created.</summary>
    public void SetCreated(ReadOnlySpan<int> chunks)
    {
        foreach (int chunk in chunks)
        {
            _created.Add(chunk);
        }
    }

    /// <summary>Enters another user of each.</summary>
    public void AddUser(ReadOnlySpan<int> chunks)
    {
        foreach (int chunk in chunks)
        {
            _users[chunk] = _users[chunk] > 0
                ? _users[chunk] + 1
                : throw new InvalidOperationException($"Chunk {chunk} has no user that could share it.");
        }
    }

    /// <summary>Strikes out a user of each. Answers how many have none any more.</summary>
    public int Release(ReadOnlySpan<int> chunks)
    {
        int released = 0;
        foreach (int chunk in chunks)
        {
            if (_users[chunk] == 0)
            {
                throw new InvalidOperationException($"Chunk {chunk} has no user.");
            }

            if (--_users[chunk] == 0)
            {
                (_created.Contains(chunk) ? _idle : _absent).Add(chunk);
                released++;
            }
        }

        return released;
    }

    /// <summary>Takes idle chunks to destroy them, as many as there are; <see cref="SetDestroyed"/> follows.</summary>
    public int TakeIdle(Span<int> chunks)
    {
        int count = Math.Min(chunks.Length, _idle.Count);
        Take(_idle, -1, chunks[..count]);
        return count;
    }

    /// <summary>Enters that chunks taken have been destroyed, and that nobody uses them.</summary>
    public void SetDestroyed(ReadOnlySpan<int> chunks)
    {
        foreach (int chunk in chunks)
        {
            _created.Remove(chunk);
        }

        Release(chunks);
    }

    /// <summary>Adds a sentence for everything that is wrong in the books.</summary>
    public void FindFaults(List<string> faults)
    {
        int idle = 0;
        int absent = 0;
        for (int chunk = 0; chunk < Capacity; chunk++)
        {
            bool isIdle = _idle.Contains(chunk);
            bool isAbsent = _absent.Contains(chunk);
            idle += isIdle ? 1 : 0;
            absent += isAbsent ? 1 : 0;
            int states = (isIdle ? 1 : 0) + (isAbsent ? 1 : 0) + (_users[chunk] > 0 ? 1 : 0);
            if (states != 1 || (isIdle && !IsCreated(chunk)) || (isAbsent && IsCreated(chunk)))
            {
                faults.Add(
                    $"Chunk {chunk} has {_users[chunk]} users and is {(isIdle ? "idle" : "not idle")}, {(isAbsent ? "absent" : "not absent")}, " +
                    $"{(IsCreated(chunk) ? "created" : "not created")}.");
            }
        }

        if (idle != _idle.Count || absent != _absent.Count)
        {
            faults.Add($"{idle} chunks are idle and {absent} absent; counted are {_idle.Count} and {_absent.Count}.");
        }
    }

    private void Take(ChunkSet from, int previous, Span<int> chunks)
    {
        int next = previous + 1;
        for (int i = 0; i < chunks.Length; i++)
        {
            int chunk = next > 0 && from.Contains(next) ? next : from.FindRun(chunks.Length - i);
            from.Remove(chunk);
            _users[chunk] = 1;
            chunks[i] = chunk;
            next = chunk + 1;
        }
    }
}
