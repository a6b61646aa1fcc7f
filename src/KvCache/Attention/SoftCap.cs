using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Bounds scores by a scaled tanh (Gemma 2's logit soft cap).</summary>
internal static unsafe class SoftCap<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Replaces each of count scores, a multiple of the width, by cap × tanh(score).</summary>
    public static void Apply(float* scores, int count, float cap)
    {
        TVector factor = TSimd.Create(cap);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TVector score = Exponential.Tanh<TSimd, TVector>(TSimd.Load(scores + i));
            TSimd.Store(TSimd.Multiply(score, factor), scores + i);
        }
    }
}
