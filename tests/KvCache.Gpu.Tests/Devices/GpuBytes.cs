using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>Reaches the bytes of a device as an engine would: by copies, each waited for and looked at.</summary>
internal sealed unsafe class GpuBytes(GpuDevice device) : DeviceMemory
{
    /// <summary>How tests reach the bytes of a device that may or may not be a GPU's.</summary>
    public static DeviceMemory For(IKvDevice device) => device switch
    {
        GpuDevice gpu => new GpuBytes(gpu),
        SettledDevice settled => new GpuBytes(settled.Inner),
        _ => Of(device),
    };

    public override bool Remembers => true;

    public override void Write(nint address, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* source = bytes)
        {
            KvTransfer transfer = device.CopyToDevice([new KvCopy((nint)source, address, bytes.Length)]);
            Assert.True(transfer.Wait(), $"{device.LastError}");
        }
    }

    public override void Read(nint address, Span<byte> bytes)
    {
        fixed (byte* destination = bytes)
        {
            KvTransfer transfer = device.CopyToHost([new KvCopy(address, (nint)destination, bytes.Length)]);
            Assert.True(transfer.Wait(), $"{device.LastError}");
        }
    }
}
