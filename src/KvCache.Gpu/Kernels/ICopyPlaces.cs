namespace KvCache.Gpu.Kernels;

/// <summary>Which pages a copy reads and writes.</summary>
internal interface ICopyPlaces
{
    /// <summary>Whether pages begin at multiples of 16 bytes and are as long.</summary>
    static abstract bool IsAligned { get; }

    static abstract int Source(CopyArguments arguments, int index);

    static abstract int Destination(CopyArguments arguments, int index);
}

/// <summary>From pages to pages, as lists say.</summary>
internal readonly struct ListedPages : ICopyPlaces
{
    public static bool IsAligned => true;

    public static int Source(CopyArguments arguments, int index) => arguments.SourcePages[index];

    public static int Destination(CopyArguments arguments, int index) => arguments.DestinationPages[index];
}

/// <summary>From pages to one range.</summary>
internal readonly struct GatheredPages : ICopyPlaces
{
    public static bool IsAligned => true;

    public static int Source(CopyArguments arguments, int index) => arguments.SourcePages[index];

    public static int Destination(CopyArguments arguments, int index) => index;
}

/// <summary>From one range to pages.</summary>
internal readonly struct ScatteredPages : ICopyPlaces
{
    public static bool IsAligned => true;

    public static int Source(CopyArguments arguments, int index) => index;

    public static int Destination(CopyArguments arguments, int index) => arguments.DestinationPages[index];
}

/// <summary>The same places, where pages are not whole units of 16 bytes.</summary>
internal readonly struct Unaligned<TPlaces> : ICopyPlaces
    where TPlaces : struct, ICopyPlaces
{
    public static bool IsAligned => false;

    public static int Source(CopyArguments arguments, int index) => TPlaces.Source(arguments, index);

    public static int Destination(CopyArguments arguments, int index) => TPlaces.Destination(arguments, index);
}
