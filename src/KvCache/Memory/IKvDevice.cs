using System.Diagnostics.CodeAnalysis;

namespace KvCache.Memory;

/// <summary>Something that holds keys and values: memory, copies within it, and fences on the work that uses it.</summary>
/// <remarks>Members may be called from any thread.</remarks>
public interface IKvDevice
{
    /// <summary>Gets a name for messages, such as "host" or a GPU's name.</summary>
    string Name { get; }

    /// <summary>Gets whether addresses have bytes behind them. Where not, copies only count and nothing may be dereferenced.</summary>
    bool HasMemory { get; }

    /// <summary>Gets whether this process's processor can read and write the addresses, as CPU kernels do.</summary>
    /// <value>By default, as <see cref="HasMemory"/>.</value>
    bool IsHostAccessible => HasMemory;

    /// <summary>Asks for a range of zeroed memory.</summary>
    /// <param name="bytes">Its length; at least 1.</param>
    /// <param name="arena">The range, when the answer is true. The caller disposes it.</param>
    /// <returns>Whether the device had that much.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is below 1.</exception>
    bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena);

    /// <summary>Copies between ranges of this device, in order with the work submitted to it before and after.</summary>
    /// <param name="copies">The pieces; they are read before the call returns.</param>
    /// <returns>The copy's fence and result; the result must be looked at before a destination is relied on.</returns>
    KvTransfer Copy(ReadOnlySpan<KvCopy> copies);

    /// <summary>Names the point after all work submitted to the device so far.</summary>
    /// <remarks>Called once at the end of every step; must not allocate on the managed heap.</remarks>
    /// <returns>A fence that passes when that work has finished.</returns>
    KvFence RecordFence();
}
