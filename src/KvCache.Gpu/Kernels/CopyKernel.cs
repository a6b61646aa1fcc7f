using System.Runtime.CompilerServices;
using ILGPU;
using KvCache.Gpu.Kernels.Elements;

namespace KvCache.Gpu.Kernels;

/// <summary>Copies pages: destination[to(i)] = source[from(i)] for each of a list, 16 bytes of a page at a time and thread.</summary>
/// <remarks>Copy-on-write takes both pages from lists; gathering numbers the destination's from 0 on, scattering the source's:
/// so that pages anywhere become one range that leaves the device in one copy, and come back the same way.</remarks>
internal static class CopyKernel<TPlaces>
    where TPlaces : struct, ICopyPlaces
{
    private const int Unit = 16;

    public static KernelVariant<CopyArguments> Variant { get; } = new(Run, KernelVariant.PlainThreads);

    public static void Run(CopyArguments arguments)
    {
        long pageUnits = (arguments.PageBytes + Unit - 1) / Unit;
        long units = pageUnits * arguments.Pages;
        long threads = (long)Grid.DimX * Group.DimX;
        for (long unit = ((long)Grid.IdxX * Group.DimX) + Group.IdxX; unit < units; unit += threads)
        {
            int index = (int)(unit / pageUnits);
            long offset = (unit - (index * pageUnits)) * Unit;
            long source = (TPlaces.Source(arguments, index) * arguments.SourceStride) + offset;
            long destination = (TPlaces.Destination(arguments, index) * arguments.DestinationStride) + offset;
            CopyUnit(arguments, source, destination, Math.Min(Unit, arguments.PageBytes - offset));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyUnit(CopyArguments arguments, long source, long destination, long bytes)
    {
        if (TPlaces.IsAligned)
        {
            Words.Store(arguments.Destination, destination, Words.Load(arguments.Source, source));
            return;
        }

        for (long i = 0; i < bytes; i++)
        {
            arguments.Destination[destination + i] = arguments.Source[source + i];
        }
    }
}
