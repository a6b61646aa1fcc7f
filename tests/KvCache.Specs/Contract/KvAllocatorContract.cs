using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <summary>What every manager promises, on every device. A test project derives one class per manager and device.</summary>
/// <remarks>
/// Every allocator made by <see cref="Create"/> is closed at the end of its test and must then own nothing, wait for
/// nothing and have its books in order.
/// </remarks>
public abstract partial class KvAllocatorContract : IDisposable
{
    private readonly List<CacheFixture> _fixtures = [];

    /// <summary>Makes the allocator under test.</summary>
    protected abstract IKvAllocator CreateAllocator(ContractSetup setup);

    /// <summary>How the tests reach the bytes of a device.</summary>
    protected virtual DeviceMemory MemoryOf(IKvDevice device) => DeviceMemory.Of(device);

    /// <summary>Whether equal content computed twice is kept once, where a test does not say.</summary>
    protected virtual bool DeduplicatesByDefault => true;

    /// <summary>Whether layers leave the device between their turns, so that it need not hold all of them at the same time.</summary>
    protected virtual bool LayersMove => false;

    protected CacheFixture Create(ContractSetup? setup = null)
    {
        IKvAllocator allocator = CreateAllocator(setup ?? new ContractSetup());
        CacheFixture fixture = new(allocator, MemoryOf(allocator.Device));
        _fixtures.Add(fixture);
        return fixture;
    }

    /// <summary>Tokens that no other call with another start gives.</summary>
    protected static int[] Run(int start, int count) => [.. Enumerable.Range(start, count)];

    protected static void AssertCursors(KvSequence sequence, int computed, int length)
    {
        Assert.Equal(computed, sequence.ComputedLength);
        Assert.Equal(length, sequence.Length);
        Assert.True(sequence.Capacity >= length, $"Capacity {sequence.Capacity} is below length {length}.");
    }

    public void Dispose()
    {
        foreach (CacheFixture fixture in _fixtures)
        {
            fixture.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
