using System.Runtime.InteropServices;
using KvCache.Attention;

namespace Generate.Model;

/// <summary>Floats for each token of a step, pinned so that kernels can be given their address; grows and is reused.</summary>
internal sealed class ActivationBuffer(int width)
{
    private float[] _values = [];

    /// <summary>Room for so many tokens; what was in it is lost.</summary>
    public Span<float> Take(int tokens)
    {
        int length = checked(tokens * width);
        if (_values.Length < length)
        {
            _values = GC.AllocateUninitializedArray<float>(length, pinned: true);
        }

        return _values.AsSpan(0, length);
    }

    /// <summary>Describes what <see cref="Take"/> gave out, as heads.</summary>
    public KvTensor ToTensor(int tokens, int heads) =>
        new(Marshal.UnsafeAddrOfPinnedArrayElement(_values, 0), tokens, heads, width / heads);
}
