namespace KvCache.Memory.Mapping;

/// <summary>What <see cref="HostVirtualMemory"/> asks of the operating system. Runs are chunks of consecutive numbers.</summary>
/// <remarks>
/// Nothing is checked here: the books above have done it. Each call does all or nothing. Creating and destroying may run
/// beside other calls, on other chunks.
/// </remarks>
internal abstract class ChunkMapper : IDisposable
{
    public abstract string Name { get; }

    /// <summary>Where all chunks lie one after the other, or 0 where there is no such place.</summary>
    public virtual nint WindowAddress => 0;

    /// <summary>Whether chunks are put on huge pages when they are created.</summary>
    public virtual bool UsesHugePages => false;

    /// <summary>Reserves addresses; null where the system has not that many.</summary>
    public abstract AddressRange? TryReserve(long bytes);

    public abstract bool TryCreate(int first, int count);

    public abstract void Destroy(int first, int count);

    public abstract bool TryMap(AddressRange range, int place, int first, int count, bool writable);

    public abstract void Unmap(AddressRange range, int place, int count);

    public abstract void Dispose();
}
