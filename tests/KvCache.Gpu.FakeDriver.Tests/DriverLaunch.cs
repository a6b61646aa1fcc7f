using System.Runtime.InteropServices;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>A launch as the stand-in hands it over when its turn has come.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct DriverLaunch
{
    public readonly byte* Text;
    public readonly byte* Name;
    public readonly uint GridX;
    public readonly uint GridY;
    public readonly uint GridZ;
    public readonly uint BlockX;
    public readonly uint BlockY;
    public readonly uint BlockZ;
    public readonly uint SharedBytes;
    public readonly byte* Arguments;
    public readonly nuint ArgumentBytes;
}
