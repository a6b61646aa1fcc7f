using System.Runtime.InteropServices;

namespace KvCache.Memory.Mapping;

/// <summary>A range of addresses reserved from the system; disposing gives it back, and with it what is mapped in it.</summary>
internal abstract class AddressRange : SafeHandle
{
    protected AddressRange(nint address, long bytes)
        : base(0, ownsHandle: true)
    {
        SetHandle(address);
        Bytes = bytes;
    }

    public nint Address => handle;

    public long Bytes { get; }

    public override bool IsInvalid => handle == 0;
}
