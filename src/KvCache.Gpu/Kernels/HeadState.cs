using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>What a lane knows of one query head while it decodes: its elements of the query and of the sum of values.</summary>
/// <remarks>
/// The recurrence of Dao et al., FlashAttention (algorithm 1): with the largest score m so far, total = Σ 2^(sⱼ − m) and
/// sum = Σ 2^(sⱼ − m) vⱼ; a new m scales both. States of disjoint sets of positions are merged by the same rule.
/// </remarks>
internal struct HeadState
{
    public Floats8 Query;
    public Floats8 Sum;
    public float Max;
    public float Total;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HeadState Start(Floats8 query)
    {
        HeadState state = default;
        state.Query = query;
        state.Max = Softmax.Lowest;
        return state;
    }

    /// <summary>Takes in four positions with their scores, but for those that are not there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HeadState Add(HeadState state, Floats4 scores, FourPositions seen, float capLog2E)
    {
        scores = Softmax.Scores(scores, capLog2E);
        float a = seen.MaskA != 0 ? scores.A : Softmax.Lowest;
        float b = seen.MaskB != 0 ? scores.B : Softmax.Lowest;
        float c = seen.MaskC != 0 ? scores.C : Softmax.Lowest;
        float d = seen.MaskD != 0 ? scores.D : Softmax.Lowest;
        float max = Math.Max(state.Max, Math.Max(Math.Max(a, b), Math.Max(c, d)));
        float kept = Softmax.Exp2(state.Max - max);
        a = seen.MaskA != 0 ? Softmax.Exp2(a - max) : 0;
        b = seen.MaskB != 0 ? Softmax.Exp2(b - max) : 0;
        c = seen.MaskC != 0 ? Softmax.Exp2(c - max) : 0;
        d = seen.MaskD != 0 ? Softmax.Exp2(d - max) : 0;
        Floats8 sum = Floats8.Scale(state.Sum, kept);
        sum = Floats8.MultiplyAdd(a, seen.ValueA, sum);
        sum = Floats8.MultiplyAdd(b, seen.ValueB, sum);
        sum = Floats8.MultiplyAdd(c, seen.ValueC, sum);
        sum = Floats8.MultiplyAdd(d, seen.ValueD, sum);
        state.Sum = sum;
        state.Total = (state.Total * kept) + (a + b + (c + d));
        state.Max = max;
        return state;
    }

    /// <summary>Merges with the state of the lane whose index differs in the bits of a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HeadState MergeAcross(HeadState state, int laneMask)
    {
        float otherMax = Warp.ShuffleXor(state.Max, laneMask);
        float max = Math.Max(state.Max, otherMax);
        float mine = Softmax.Exp2(state.Max - max);
        float others = Softmax.Exp2(otherMax - max);
        state.Max = max;
        state.Total = (state.Total * mine) + (Warp.ShuffleXor(state.Total, laneMask) * others);
        state.Sum = new Floats8(
            MergeAcross(state.Sum.Low, laneMask, mine, others), MergeAcross(state.Sum.High, laneMask, mine, others));
        return state;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats4 MergeAcross(Floats4 sum, int laneMask, float mine, float others) => new(
        (sum.A * mine) + (Warp.ShuffleXor(sum.A, laneMask) * others),
        (sum.B * mine) + (Warp.ShuffleXor(sum.B, laneMask) * others),
        (sum.C * mine) + (Warp.ShuffleXor(sum.C, laneMask) * others),
        (sum.D * mine) + (Warp.ShuffleXor(sum.D, laneMask) * others));
}
