namespace KvCache.Cuda.Driver;

/// <summary>The sizes and offsets of the driver's structures, looked at once before the first call.</summary>
internal static unsafe class CudaLayout
{
    public static void Check()
    {
        CudaAllocationProperties properties;
        Expect(sizeof(nint), 8, "a pointer");
        Expect(sizeof(CudaLocation), 8, "CUmemLocation");
        Expect(sizeof(CudaAllocationFlags), 8, "CUmemAllocationProp.allocFlags");
        Expect(sizeof(CudaAllocationProperties), 32, "CUmemAllocationProp");
        Expect((byte*)&properties.RequestedHandleTypes - (byte*)&properties, 4, "the offset of requestedHandleTypes");
        Expect((byte*)&properties.Location - (byte*)&properties, 8, "the offset of location");
        Expect((byte*)&properties.Win32HandleMetadata - (byte*)&properties, 16, "the offset of win32HandleMetaData");
        Expect((byte*)&properties.Flags - (byte*)&properties, 24, "the offset of allocFlags");
        Expect(sizeof(CudaAccessDescriptor), 12, "CUmemAccessDesc");
        Expect(sizeof(CudaEntryPoints), sizeof(nint) * Enum.GetValues<CudaEntryPoint>().Length, "the table of entry points");
    }

    private static void Expect(long actual, long expected, string what)
    {
        if (actual != expected)
        {
            throw new PlatformNotSupportedException(
                $"CUDA's driver cannot be called here: {what} takes {actual} bytes in this process; expected {expected} (a 64-bit process is needed).");
        }
    }
}
