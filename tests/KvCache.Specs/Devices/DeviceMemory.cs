using KvCache.Memory;

namespace KvCache.Specs.Devices;

/// <summary>How a test reaches the bytes behind a device's addresses.</summary>
public abstract class DeviceMemory
{
    /// <summary>The memory of a device that the processor can address, or of one that has none.</summary>
    public static DeviceMemory Of(IKvDevice device) => device.HasMemory ? new HostBytes() : new NoBytes();

    /// <summary>Whether what was written can be read back.</summary>
    public abstract bool Remembers { get; }

    public abstract void Write(nint address, ReadOnlySpan<byte> bytes);

    public abstract void Read(nint address, Span<byte> bytes);

    private sealed unsafe class HostBytes : DeviceMemory
    {
        public override bool Remembers => true;

        public override void Write(nint address, ReadOnlySpan<byte> bytes) =>
            bytes.CopyTo(new Span<byte>((void*)address, bytes.Length));

        public override void Read(nint address, Span<byte> bytes) =>
            new ReadOnlySpan<byte>((void*)address, bytes.Length).CopyTo(bytes);
    }

    private sealed class NoBytes : DeviceMemory
    {
        public override bool Remembers => false;

        public override void Write(nint address, ReadOnlySpan<byte> bytes)
        {
        }

        public override void Read(nint address, Span<byte> bytes) => bytes.Clear();
    }
}
