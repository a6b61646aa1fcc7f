using System.Runtime.InteropServices;

namespace Generate.Model;

/// <summary>Activations in the process's memory, pinned.</summary>
internal sealed class ActivationBuffer(int width) : Activations(width)
{
    private float[] _values = [];

    /// <summary>Gets the floats of all tokens.</summary>
    public Span<float> Values => _values.AsSpan(0, Length);

    /// <inheritdoc/>
    protected override nint Address => Marshal.UnsafeAddrOfPinnedArrayElement(_values, 0);

    /// <inheritdoc/>
    protected override void Reserve(int length)
    {
        if (_values.Length < length)
        {
            _values = GC.AllocateUninitializedArray<float>(length, pinned: true);
        }
    }
}
