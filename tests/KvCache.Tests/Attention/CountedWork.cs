using KvCache.Attention;

namespace KvCache.Tests.Attention;

/// <summary>Counts how often each part is done; one of them may fail.</summary>
internal sealed class CountedWork(int parts, int failing = -1) : IPartedWork
{
    private readonly int[] _times = new int[parts];

    public IReadOnlyList<int> Times => _times;

    public void Do(int part, int worker)
    {
        Interlocked.Increment(ref _times[part]);
        if (part == failing)
        {
            throw new InvalidOperationException($"Part {part} failed.");
        }
    }
}
