using System.Runtime.CompilerServices;
using KvCache.Attention.Simd;

namespace KvCache.Attention.Elements;

/// <summary>IEEE 754 binary16, converted in integer registers: .NET 10 has no vector conversion.</summary>
internal readonly unsafe struct Float16Element : IElement
{
    private const uint Sign = 0x80000000;
    private const uint Infinity = 0x7F800000;
    private const float Rebias = 5.192296858534828e33f; // 2¹¹²: exponents are biased by 15 there and by 127 here
    private const float FirstTooLarge = 65536; // what infinity and NaN become when only their bias is changed
    private const uint SmallestNormal = 0x38800000; // 2⁻¹⁴
    private const float SubnormalUnit = 0.5f; // its last bit is worth 2⁻²⁴, a subnormal's last bit

    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TSimd, TVector>(byte* source)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector words = TSimd.LoadWords((ushort*)source);
        TVector magnitude = TSimd.And(TSimd.ShiftLeft(words, 13), TSimd.CreateBits(0x0FFFE000));
        TVector value = TSimd.Multiply(magnitude, TSimd.Create(Rebias));
        TVector finite = TSimd.Less(value, TSimd.Create(FirstTooLarge));
        TVector result = TSimd.Select(finite, value, TSimd.Or(value, TSimd.CreateBits(Infinity)));
        return TSimd.Or(result, TSimd.And(TSimd.ShiftLeft(words, 16), TSimd.CreateBits(Sign)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector>(TVector value, byte* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector magnitude = TSimd.And(value, TSimd.CreateBits(~Sign));

        // Normal: change the bias, add half a unit less one, and one more where the last bit kept is odd.
        TVector odd = TSimd.And(TSimd.ShiftRight(magnitude, 13), TSimd.CreateBits(1));
        TVector biased = TSimd.AddBits(magnitude, TSimd.CreateBits(unchecked((uint)((15 - 127) << 23) + 0xFFF)));
        TVector normal = TSimd.ShiftRight(TSimd.AddBits(biased, odd), 13);

        // Subnormal: the adder rounds at the right bit. Larger than the largest: infinity.
        TVector sum = TSimd.Add(magnitude, TSimd.Create(SubnormalUnit));
        TVector subnormal = TSimd.AddBits(sum, TSimd.CreateBits(unchecked(0u - BitConverter.SingleToUInt32Bits(SubnormalUnit))));
        TVector result = TSimd.Select(
            TSimd.Less(magnitude, TSimd.CreateBits(SmallestNormal)), subnormal, normal);
        result = TSimd.Select(TSimd.Less(magnitude, TSimd.Create(FirstTooLarge)), result, TSimd.CreateBits(0x7C00));
        result = TSimd.Select(TSimd.IsNaN(value), TSimd.CreateBits(0x7E00), result);
        TVector sign = TSimd.ShiftRight(TSimd.And(value, TSimd.CreateBits(Sign)), 16);
        TSimd.StoreWords(TSimd.Or(result, sign), (ushort*)destination);
    }

    public static float Load(byte* source) => (float)BitConverter.UInt16BitsToHalf(*(ushort*)source);

    public static void Store(float value, byte* destination) =>
        *(ushort*)destination = BitConverter.HalfToUInt16Bits((Half)value);
}
