using System.Runtime.CompilerServices;
using KvCache.Attention.Simd;

namespace KvCache.Attention.Elements;

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal readonly unsafe struct BFloat16Element : IElement
{
    private const uint QuietNaN = 0x40;

    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TSimd, TVector>(byte* source)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.ShiftLeft(TSimd.LoadWords((ushort*)source), 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector>(TVector value, byte* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        // Half a unit less one, and one more where the last bit kept is odd: ties go to even.
        TVector upper = TSimd.ShiftRight(value, 16);
        TVector odd = TSimd.And(upper, TSimd.CreateBits(1));
        TVector rounded = TSimd.ShiftRight(TSimd.AddBits(value, TSimd.AddBits(odd, TSimd.CreateBits(0x7FFF))), 16);
        TVector quiet = TSimd.Or(upper, TSimd.CreateBits(QuietNaN));
        TSimd.StoreWords(TSimd.Select(TSimd.IsNaN(value), quiet, rounded), (ushort*)destination);
    }

    public static float Load(byte* source) => BitConverter.UInt32BitsToSingle((uint)*(ushort*)source << 16);

    public static void Store(float value, byte* destination)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint rounded = float.IsNaN(value) ? (bits >> 16) | QuietNaN : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        *(ushort*)destination = (ushort)rounded;
    }
}
