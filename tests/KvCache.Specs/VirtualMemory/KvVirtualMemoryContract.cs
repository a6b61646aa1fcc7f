using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

/// <summary>What every virtual memory promises. A test project derives one class per backend.</summary>
/// <remarks>Every memory made by <see cref="Create"/> is disposed at the end of its test.</remarks>
public abstract partial class KvVirtualMemoryContract : IDisposable
{
    private readonly List<IVirtualMemory> _memories = [];

    /// <summary>Makes the memory under test, with chunks as small as the backend has them.</summary>
    protected abstract IVirtualMemory CreateMemory(int chunkCapacity);

    /// <summary>Makes one that may make so many mappings; null where the backend knows no limit.</summary>
    protected virtual IVirtualMemory? CreateLimitedMemory(int chunkCapacity, int mappings) => null;

    /// <summary>Makes one whose system refuses every call from the given one on that can be refused; null where it cannot be made to.</summary>
    protected virtual IVirtualMemory? CreateFailingMemory(int chunkCapacity, int calls) => null;

    /// <summary>How the tests reach the bytes.</summary>
    protected virtual DeviceMemory BytesOf(IVirtualMemory memory) => DeviceMemory.Of(memory.Device);

    protected MappedMemory Create(int chunkCapacity = 16) => Keep(CreateMemory(chunkCapacity));

    protected MappedMemory CreateLimited(int chunkCapacity, int mappings) =>
        Keep(CreateLimitedMemory(chunkCapacity, mappings), "This backend knows no limit on mappings.");

    protected MappedMemory CreateFailing(int chunkCapacity, int calls) =>
        Keep(CreateFailingMemory(chunkCapacity, calls), "This backend cannot be made to fail here.");

    public void Dispose()
    {
        foreach (IVirtualMemory memory in _memories)
        {
            memory.Dispose();
            memory.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    private MappedMemory Keep(IVirtualMemory? memory, string? otherwise = null)
    {
        Assert.SkipWhen(memory is null, otherwise ?? "There is no memory.");
        _memories.Add(memory);
        return new MappedMemory(memory, BytesOf(memory));
    }
}
