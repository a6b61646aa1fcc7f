using System.Runtime.Intrinsics;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Reads memory as fast as it comes: adds it up in vectors, with enough of them that the additions never wait.</summary>
internal static unsafe class MemoryReader
{
    private const int Block = 8 * 64;

    /// <summary>Adds up one range after another: one stream of addresses.</summary>
    public static uint Sum(nint address, long bytes)
    {
        Vector512<uint> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        byte* end = (byte*)address + bytes;
        for (byte* p = (byte*)address; p < end; p += Block)
        {
            a += Vector512.Load((uint*)p);
            b += Vector512.Load((uint*)(p + 64));
            c += Vector512.Load((uint*)(p + 128));
            d += Vector512.Load((uint*)(p + 192));
            e += Vector512.Load((uint*)(p + 256));
            f += Vector512.Load((uint*)(p + 320));
            g += Vector512.Load((uint*)(p + 384));
            h += Vector512.Load((uint*)(p + 448));
        }

        return Vector512.Sum(a + b + c + d + (e + f + g + h));
    }

    /// <summary>Adds up two ranges side by side: two streams of addresses.</summary>
    public static uint SumTwo(nint first, nint second, long bytes)
    {
        Vector512<uint> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        byte* end = (byte*)first + bytes;
        long apart = second - first;
        for (byte* p = (byte*)first; p < end; p += Block / 2)
        {
            byte* q = p + apart;
            a += Vector512.Load((uint*)p);
            b += Vector512.Load((uint*)(p + 64));
            c += Vector512.Load((uint*)(p + 128));
            d += Vector512.Load((uint*)(p + 192));
            e += Vector512.Load((uint*)q);
            f += Vector512.Load((uint*)(q + 64));
            g += Vector512.Load((uint*)(q + 128));
            h += Vector512.Load((uint*)(q + 192));
        }

        return Vector512.Sum(a + b + c + d + (e + f + g + h));
    }
}
