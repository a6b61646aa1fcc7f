namespace KvCache.Memory.Mapping;

/// <summary>Addresses that nothing can be read from or written to, aligned to huge pages.</summary>
internal sealed class LinuxAddressRange : AddressRange
{
    private LinuxAddressRange(nint address, long bytes)
        : base(address, bytes)
    {
    }

    public static LinuxAddressRange? TryReserve(long bytes, long alignment)
    {
        // Ranges of whole alignments usually come out right below one another, where the kernel makes one mapping of them all.
        nint address = Reserve(bytes);
        if (address != LinuxCalls.MapFailed && address % alignment != 0)
        {
            _ = LinuxCalls.Unmap(address, (nuint)bytes);
            address = bytes <= long.MaxValue - alignment ? ReserveAligned(bytes, alignment) : LinuxCalls.MapFailed;
        }

        return address == LinuxCalls.MapFailed ? null : new LinuxAddressRange(address, bytes);
    }

    protected override bool ReleaseHandle() => LinuxCalls.Unmap(handle, (nuint)Bytes) == 0;

    private static nint ReserveAligned(long bytes, long alignment)
    {
        nint start = Reserve(bytes + alignment);
        if (start == LinuxCalls.MapFailed)
        {
            return start;
        }

        // As high as it goes, so that the hole above is smaller than an alignment.
        nint end = start + (nint)(bytes + alignment);
        nint address = (nint)((end - bytes) / alignment * alignment);
        GiveBack(start, address);
        GiveBack(address + (nint)bytes, end);
        return address;
    }

    private static nint Reserve(long bytes) => LinuxCalls.Map(
        0, (nuint)bytes, LinuxCalls.ProtectNone, LinuxCalls.MapPrivateAnonymousNoReserve, -1, 0);

    private static void GiveBack(nint start, nint end)
    {
        if (end > start)
        {
            _ = LinuxCalls.Unmap(start, (nuint)(end - start));
        }
    }
}
