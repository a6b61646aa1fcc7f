using System.Runtime.Intrinsics;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Reads memory as fast as it comes: adds it up in vectors, with enough of them that the additions never wait.</summary>
internal static unsafe class MemoryReader
{
    /// <summary>Adds up two ranges side by side, each from its beginning to its end: two streams of addresses.</summary>
    public static uint SumInTwo(nint first, nint second, long bytes)
    {
        Vector512<uint> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        byte* end = (byte*)first + bytes;
        long apart = second - first;
        for (byte* p = (byte*)first; p < end; p += 256)
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

    /// <summary>Adds up two ranges side by side, and of each its halves: four streams of addresses.</summary>
    public static uint SumInFour(nint first, nint second, long bytes)
    {
        Vector512<uint> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        long half = bytes / 2;
        byte* end = (byte*)first + half;
        long apart = second - first;
        for (byte* p = (byte*)first; p < end; p += 128)
        {
            byte* q = p + apart;
            a += Vector512.Load((uint*)p);
            b += Vector512.Load((uint*)(p + 64));
            c += Vector512.Load((uint*)(p + half));
            d += Vector512.Load((uint*)(p + half + 64));
            e += Vector512.Load((uint*)q);
            f += Vector512.Load((uint*)(q + 64));
            g += Vector512.Load((uint*)(q + half));
            h += Vector512.Load((uint*)(q + half + 64));
        }

        return Vector512.Sum(a + b + c + d + (e + f + g + h));
    }
}
