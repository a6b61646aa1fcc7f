using System.Runtime.CompilerServices;
using KvCache.Attention.Simd;

namespace KvCache.Attention.Elements;

/// <summary>IEEE 754 binary32, stored as it is.</summary>
internal readonly unsafe struct Float32Element : IElement
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TSimd, TVector>(byte* source)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector>(TVector value, byte* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Store(value, (float*)destination);

    public static float Load(byte* source) => *(float*)source;

    public static void Store(float value, byte* destination) => *(float*)destination = value;
}
