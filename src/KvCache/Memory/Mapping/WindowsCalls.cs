using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvCache.Memory.Mapping;

/// <summary>The functions of Windows that map sections into placeholders, and their constants.</summary>
internal static unsafe partial class WindowsCalls
{
    public const string Library = "kernelbase.dll";
    public const uint MemReserve = 0x2000;
    public const uint MemReservePlaceholder = 0x40000;
    public const uint MemReplacePlaceholder = 0x4000;
    public const uint MemRelease = 0x8000;
    public const uint MemCoalescePlaceholders = 0x1;
    public const uint MemPreservePlaceholder = 0x2;
    public const uint PageNoAccess = 0x1;
    public const uint PageReadOnly = 0x2;
    public const uint PageReadWrite = 0x4;
    public const ulong ParameterAddressRequirements = 1;
    public const nint CurrentProcess = -1;

    [LibraryImport("kernel32.dll", EntryPoint = "CreateFileMappingW", SetLastError = true)]
    public static partial SafeFileHandle CreateSection(nint file, nint attributes, uint protection, uint highBytes, uint lowBytes, nint name);

    [LibraryImport(Library, EntryPoint = "VirtualAlloc2", SetLastError = true)]
    public static partial nint Allocate(
        nint process, nint address, nuint bytes, uint type, uint protection, ExtendedParameter* parameters, uint parameterCount);

    [LibraryImport("kernel32.dll", EntryPoint = "VirtualFree", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool Free(nint address, nuint bytes, uint type);

    [LibraryImport(Library, EntryPoint = "MapViewOfFile3", SetLastError = true)]
    public static partial nint MapView(
        SafeHandle section, nint process, nint address, ulong offset, nuint bytes, uint type, uint protection, nint parameters, uint parameterCount);

    [LibraryImport(Library, EntryPoint = "UnmapViewOfFile2", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool UnmapView(nint process, nint address, uint flags);

    /// <summary>MEM_EXTENDED_PARAMETER: a type in the low 8 of 64 bits, and a pointer.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ExtendedParameter
    {
        public ulong Type;
        public AddressRequirements* Pointer;
    }

    /// <summary>MEM_ADDRESS_REQUIREMENTS; nulls do not restrict.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct AddressRequirements
    {
        public nint Lowest;
        public nint Highest;
        public nuint Alignment;
    }
}
