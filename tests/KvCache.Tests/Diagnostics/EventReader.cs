using KvCache.Diagnostics;
using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Diagnostics;

/// <summary>Follows the events as another machine would: what it believes can be found, by hash alone.</summary>
internal sealed class EventReader(PagedKvAllocator allocator)
{
    private readonly HashSet<UInt128> _believed = [];
    private long _next;

    public static List<KvCacheEvent> ReadAll(KvEventStream stream)
    {
        List<KvCacheEvent> events = [];
        while (stream.TryRead(out KvCacheEvent next))
        {
            events.Add(next);
        }

        return events;
    }

    public void CatchUp() => Apply(ReadAll(allocator.Events!));

    public void Apply(List<KvCacheEvent> events)
    {
        foreach (KvCacheEvent next in events)
        {
            Assert.Equal(_next++, next.SequenceNumber);
            switch (next.Kind)
            {
                case KvCacheEventKind.Stored:
                    Assert.True(_believed.Add(next.Hash), "Stored twice.");
                    break;
                case KvCacheEventKind.Removed:
                    Assert.True(_believed.Remove(next.Hash), "Removed, but never stored.");
                    break;
                case KvCacheEventKind.Cleared:
                    _believed.Clear();
                    break;
                default:
                    Assert.Fail("A mark: begin from the listing.");
                    break;
            }
        }
    }

    /// <summary>Begins again from a listing, as it was before the event of that number.</summary>
    public void Restart(IReadOnlyList<KvCacheEvent> stored, long next)
    {
        _believed.Clear();
        Assert.All(stored, content => Assert.Equal(next, content.SequenceNumber));
        Assert.All(stored, content => Assert.True(_believed.Add(content.Hash), "Listed twice."));
        _next = next;
    }

    public void AssertSameAs(IReadOnlyList<KvCacheEvent> stored) =>
        Assert.Equal(stored.Select(content => content.Hash).Order(), _believed.Order());
}
