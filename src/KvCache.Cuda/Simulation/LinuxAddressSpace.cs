using System.Runtime.InteropServices;
using KvCache.Memory.Mapping;

namespace KvCache.Cuda.Simulation;

/// <summary>Addresses of this process: reserved as inaccessible, backed by one sparse memory file, protected as the device would.</summary>
internal sealed unsafe class LinuxAddressSpace : SimulatedAddressSpace
{
    private const long FileBytes = 1L << 44;
    private static readonly byte[] Poison = [.. Enumerable.Repeat((byte)0xDB, 64 << 10)];
    private readonly Dictionary<ulong, LinuxAddressRange> _reserved = [];
    private readonly LinuxMemoryFile _file = new(FileBytes);
    private long _nextPhysical;

    public override bool HasMemory => true;

    public override ulong Reserve(ulong bytes, ulong alignment)
    {
        if (bytes > long.MaxValue || LinuxAddressRange.TryReserve((long)bytes, (long)alignment) is not { } range)
        {
            return 0;
        }

        _reserved.Add((ulong)range.Address, range);
        return (ulong)range.Address;
    }

    public override void Free(ulong address, ulong bytes)
    {
        if (_reserved.Remove(address, out LinuxAddressRange? range))
        {
            range.Dispose();
        }
    }

    public override bool TryCreate(ulong bytes, out ulong physical)
    {
        physical = (ulong)_nextPhysical;
        try
        {
            for (long end = _nextPhysical + (long)bytes, at = _nextPhysical; at < end; at += Poison.Length)
            {
                RandomAccess.Write(_file.Descriptor, Poison.AsSpan(0, (int)Math.Min(Poison.Length, end - at)), at);
            }
        }
        catch (IOException)
        {
            Destroy(physical, bytes);
            return false;
        }

        _nextPhysical += (long)bytes;
        return true;
    }

    public override void Destroy(ulong physical, ulong bytes) => _file.GiveBack((long)physical, (long)bytes);

    public override bool TryMap(ulong address, ulong bytes, ulong physical, bool read, bool write) => LinuxCalls.Map(
        (nint)address,
        (nuint)bytes,
        write ? LinuxCalls.ProtectReadWrite : read ? LinuxCalls.ProtectRead : LinuxCalls.ProtectNone,
        LinuxCalls.MapShared | LinuxCalls.MapFixed,
        _file.Descriptor,
        (nint)physical) != LinuxCalls.MapFailed;

    public override void Unmap(ulong address, ulong bytes) => _ = LinuxCalls.Map(
        (nint)address, (nuint)bytes, LinuxCalls.ProtectNone, LinuxCalls.MapPrivateAnonymousNoReserve | LinuxCalls.MapFixed, -1, 0);

    public override void Copy(ulong destination, ulong source, ulong bytes) =>
        Buffer.MemoryCopy((void*)source, (void*)destination, bytes, bytes);

    public override void Fill(ulong destination, byte value, ulong bytes) =>
        NativeMemory.Fill((void*)destination, (nuint)bytes, value);

    protected override void Dispose(bool disposing)
    {
        foreach (LinuxAddressRange range in _reserved.Values)
        {
            range.Dispose();
        }

        _reserved.Clear();
        _file.Dispose();
    }
}
