namespace KvCache.Tiers;

/// <summary>The host's memory behind an allocator, in figures: how much of it suspended sequences hold, and how fast they get there and back.</summary>
/// <remarks>May be read from any thread, where it is approximate while the owner works.</remarks>
public sealed class HostTier
{
    private readonly HostStore _store;

    internal HostTier(HostStore store) => _store = store;

    /// <summary>Gets the bytes that there are: whole blocks.</summary>
    public long TotalBytes => _store.TotalBytes;

    /// <summary>Gets the bytes that suspended sequences hold.</summary>
    public long UsedBytes => _store.UsedBytes;

    /// <summary>Gets how many sequences are suspended.</summary>
    public int SuspendedSequences => _store.SuspendedSequences;

    /// <summary>Gets all bytes copied to the host so far.</summary>
    public long BytesToHost => _store.BytesToHost;

    /// <summary>Gets all bytes copied back to the device so far.</summary>
    public long BytesToDevice => _store.BytesToDevice;

    /// <summary>Gets how fast sequences are suspended.</summary>
    public LinkRate ToHost => _store.ToHost;

    /// <summary>Gets how fast sequences are resumed.</summary>
    public LinkRate ToDevice => _store.ToDevice;
}
