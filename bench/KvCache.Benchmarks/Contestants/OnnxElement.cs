using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace KvCache.Benchmarks.Contestants;

/// <summary>What an element type is called on both sides, and how numbers become it.</summary>
internal static class OnnxElement<T>
    where T : unmanaged
{
    public static bool IsSingle => typeof(T) == typeof(float);

    public static KvElementType Stored => IsSingle ? KvElementType.Float32 : KvElementType.Float16;

    public static TensorElementType Type => IsSingle ? TensorElementType.Float : TensorElementType.Float16;

    public static void Convert(ReadOnlySpan<float> source, Span<T> destination)
    {
        if (IsSingle)
        {
            source.CopyTo(MemoryMarshal.Cast<T, float>(destination));
            return;
        }

        Span<Half> halves = MemoryMarshal.Cast<T, Half>(destination);
        for (int i = 0; i < source.Length; i++)
        {
            halves[i] = (Half)source[i];
        }
    }

    public static float[] ToSingle(ReadOnlySpan<T> source)
    {
        float[] numbers = new float[source.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = IsSingle ? MemoryMarshal.Cast<T, float>(source)[i] : (float)MemoryMarshal.Cast<T, Half>(source)[i];
        }

        return numbers;
    }
}
