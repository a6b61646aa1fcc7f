namespace KvCache.Virtual;

/// <summary>The books of which groups have memory.</summary>
/// <remarks>
/// An idle group always has memory, or is about to be given some by the thread that maps ahead; groups without are unused or trimmed.
/// Owner thread.
/// </remarks>
internal sealed class GroupBacking(GroupMemory memory, int capacity)
{
    private State[] _states = [];

    [Flags]
    private enum State : byte
    {
        None = 0,
        Created = 1,
        UnderWay = 2,
    }

    /// <summary>Gets how many groups have memory or are about to have it.</summary>
    public int Count { get; private set; }

    public bool IsCreated(int group) => (StateOf(group) & State.Created) != 0;

    /// <summary>Whether the other thread is at work on a group.</summary>
    public bool IsUnderWay(int group) => (StateOf(group) & State.UnderWay) != 0;

    /// <summary>Gives memory to those of some groups that have none, all or none.</summary>
    public bool TryCreate(ReadOnlySpan<int> groups)
    {
        for (int first = 0; first < groups.Length;)
        {
            int end = first;
            while (end < groups.Length && !IsCreated(groups[end]))
            {
                end++;
            }

            if (end > first && !TryCreateRun(groups[first..end]))
            {
                return false;
            }

            first = end + 1;
        }

        return true;
    }

    /// <summary>Gives the memory of those that have any back to the system.</summary>
    /// <param name="groups">Groups that are mapped nowhere; changes their order.</param>
    /// <returns>How many had memory.</returns>
    public int Destroy(Span<int> groups)
    {
        int created = 0;
        foreach (int group in groups)
        {
            if (IsCreated(group))
            {
                Set(group, State.None);
                groups[created++] = group;
            }
        }

        groups[..created].Sort();
        memory.Destroy(groups[..created]);
        return created;
    }

    /// <summary>Enters that the other thread has begun to work on a group.</summary>
    public void Begin(int group) => Set(group, StateOf(group) | State.UnderWay);

    /// <summary>Enters what came of it.</summary>
    public void End(int group, bool created) => Set(group, created ? State.Created : State.None);

    /// <summary>Gives everything back.</summary>
    public void DestroyAll()
    {
        int[] created = [.. Enumerable.Range(0, _states.Length).Where(IsCreated)];
        Destroy(created);
    }

    private bool TryCreateRun(ReadOnlySpan<int> groups)
    {
        if (!memory.TryCreate(groups))
        {
            return false;
        }

        foreach (int group in groups)
        {
            Set(group, State.Created);
        }

        return true;
    }

    private State StateOf(int group) => group < _states.Length ? _states[group] : State.None;

    private void Set(int group, State state)
    {
        if (group >= _states.Length)
        {
            Array.Resize(ref _states, (int)Math.Min(capacity, Math.Max(64L, Math.Max(group + 1L, _states.Length * 2L))));
        }

        Count += (state == State.None ? 0 : 1) - (_states[group] == State.None ? 0 : 1);
        _states[group] = state;
    }
}
