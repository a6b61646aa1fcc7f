using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>What a copy of pages works on.</summary>
internal struct CopyArguments
{
    public ArrayView<byte> Source;
    public ArrayView<byte> Destination;
    public ArrayView<int> SourcePages;
    public ArrayView<int> DestinationPages;
    public long SourceStride; // bytes from a page to the next
    public long DestinationStride;
    public long PageBytes;
    public int Pages;
}
