using System.Globalization;

namespace KvCache.GpuCheck.Torch;

/// <summary>A shape that PyTorch's attention is timed on.</summary>
internal readonly record struct TorchShape(int Batch, int Heads, int KvHeads, int Dim, int New, int Cached, bool Causal)
{
    /// <summary>The line that the script reads.</summary>
    public string Line => string.Create(
        CultureInfo.InvariantCulture, $"{Batch} {Heads} {KvHeads} {Dim} {New} {Cached} {(Causal ? 1 : 0)}");
}
