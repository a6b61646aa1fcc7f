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
        long length = (long)tokens * width;
        if (length > Array.MaxLength)
        {
            throw new GenerateException(
                $"A step of {tokens} tokens needs {length} floats in one place; expected at most {Array.MaxLength}. Compute fewer tokens at a time.");
        }

        if (_values.Length < length)
        {
            _values = GC.AllocateUninitializedArray<float>((int)length, pinned: true);
        }

        return _values.AsSpan(0, (int)length);
    }

    /// <summary>Describes what <see cref="Take"/> gave out, as heads.</summary>
    public KvTensor ToTensor(int tokens, int heads) =>
        new(Marshal.UnsafeAddrOfPinnedArrayElement(_values, 0), tokens, heads, width / heads);
}
