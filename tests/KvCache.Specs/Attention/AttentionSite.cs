using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Attention;

/// <summary>Where an attention is tested: a manager over a device whose memory it can reach, and the tests can read and write.</summary>
public abstract class AttentionSite
{
    /// <summary>Makes an allocator on the attention's device, or on the one that the setup names.</summary>
    public abstract IKvAllocator CreateAllocator(ContractSetup setup);

    /// <summary>How the tests reach the bytes of the device.</summary>
    public virtual DeviceMemory MemoryOf(IKvDevice device) => DeviceMemory.Of(device);

    /// <summary>Elements on either side of an operand that must be left alone.</summary>
    public virtual int GuardElements => 64;

    /// <summary>Makes memory for operands, where the attention can reach it.</summary>
    public virtual KvArena AllocateOperand(IKvDevice device, long bytes)
    {
        Assert.True(device.TryAllocate(bytes, out KvArena? arena), $"Device {device.Name} has no {bytes} bytes for an operand.");
        return arena;
    }

    /// <summary>Lets what was submitted to the device finish.</summary>
    public virtual void Finish(IKvDevice device) => device.RecordFence().Wait();
}
