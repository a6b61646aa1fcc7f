using System.Runtime.CompilerServices;
using ILGPU;
using KvCache.Gpu.Kernels.Elements;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>Attention of rows with one new token: a warp for each segment of a row, KV head and 1, 2 or 4 of its query heads.</summary>
/// <remarks>
/// <para>out = Σⱼ 2^(sⱼ − m) vⱼ / Σⱼ 2^(sⱼ − m) over the segment's positions, sⱼ = score(q·kⱼ), m the largest; see
/// <see cref="HeadState"/>. A row of several segments leaves sums and scales for <see cref="CombineKernel"/> (Dao, Haziza,
/// Massa and Sizov, Flash-Decoding).</para>
/// <para>Lanes of a power of two share a position, eight elements each, so that they read a head in one go; the rest of
/// the warp has other positions at the same time. Products are added up by exchange between lanes: nothing is shared
/// between warps, and there is no barrier.</para>
/// <para>Grid: x rows × segments in groups of warps, y KV heads × parts of their groups.</para>
/// </remarks>
internal static class DecodeKernel<TElement, TLayout, THeads>
    where TElement : struct, IElement
    where TLayout : struct, ILayout
    where THeads : struct, IHeadCount
{
    /// <summary>Threads in a group, where warps are of 32.</summary>
    public const int Threads = 128;

    public static KernelVariant<AttendArguments> Variant { get; } = new(Run, Threads);

    public static void Run(AttendArguments arguments)
    {
        CacheArguments cache = arguments.Cache;
        int row = Grid.IdxX / arguments.SegmentGroups;
        int segmentGroup = Grid.IdxX - (row * arguments.SegmentGroups);
        int segment = (segmentGroup * (Group.DimX / Warp.WarpSize)) + (Group.IdxX / Warp.WarpSize);
        int length = cache.Lengths[row];
        int token = cache.QueryOffsets[row];
        int segmentTokens = arguments.Plan.SegmentTokens(length);
        int begin = segment * segmentTokens;
        if (cache.QueryOffsets[row + 1] - token != 1 || begin >= length)
        {
            return;
        }

        int kvHead = Grid.IdxY / arguments.HeadBlocks;
        int firstHead = (Grid.IdxY - (kvHead * arguments.HeadBlocks)) * THeads.Count;
        int end = Math.Min(begin + segmentTokens, length);
        int lane = Warp.LaneIdx;
        int slot = lane >> arguments.LaneShift;
        int element = (lane & ((1 << arguments.LaneShift) - 1)) * Floats8.Count;
        int slots = Warp.WarpSize >> arguments.LaneShift;

        HeadState a = Start(arguments, token, kvHead, firstHead, element);
        HeadState b = THeads.Count > 1 ? Start(arguments, token, kvHead, firstHead + 1, element) : default;
        HeadState c = THeads.Count > 2 ? Start(arguments, token, kvHead, firstHead + 2, element) : default;
        HeadState d = THeads.Count > 2 ? Start(arguments, token, kvHead, firstHead + 3, element) : default;
        for (int first = begin; first < end; first += 4 * slots)
        {
            FourPositions positions = FourPositions.Load<TElement, TLayout>(cache, row, kvHead, element, first + slot, slots, end);
            Floats4 scoresA = FourPositions.Products(positions, a.Query);
            Floats4 scoresB = THeads.Count > 1 ? FourPositions.Products(positions, b.Query) : default;
            Floats4 scoresC = THeads.Count > 2 ? FourPositions.Products(positions, c.Query) : default;
            Floats4 scoresD = THeads.Count > 2 ? FourPositions.Products(positions, d.Query) : default;
            for (int mask = (1 << arguments.LaneShift) >> 1; mask > 0; mask >>= 1)
            {
                scoresA = AddAcross(scoresA, mask);
                if (THeads.Count > 1)
                {
                    scoresB = AddAcross(scoresB, mask);
                }

                if (THeads.Count > 2)
                {
                    scoresC = AddAcross(scoresC, mask);
                    scoresD = AddAcross(scoresD, mask);
                }
            }

            a = HeadState.Add(a, scoresA, positions, arguments.CapLog2E);
            if (THeads.Count > 1)
            {
                b = HeadState.Add(b, scoresB, positions, arguments.CapLog2E);
            }

            if (THeads.Count > 2)
            {
                c = HeadState.Add(c, scoresC, positions, arguments.CapLog2E);
                d = HeadState.Add(d, scoresD, positions, arguments.CapLog2E);
            }
        }

        for (int mask = 1 << arguments.LaneShift; mask < Warp.WarpSize; mask <<= 1)
        {
            a = HeadState.MergeAcross(a, mask);
            if (THeads.Count > 1)
            {
                b = HeadState.MergeAcross(b, mask);
            }

            if (THeads.Count > 2)
            {
                c = HeadState.MergeAcross(c, mask);
                d = HeadState.MergeAcross(d, mask);
            }
        }

        if (slot == 0)
        {
            int head = (kvHead * arguments.Group) + firstHead;
            int heads = Math.Min(THeads.Count, arguments.Group - firstHead);
            bool whole = segmentTokens >= length;
            Finish(arguments, a, row, token, segment, head, element, whole);
            if (THeads.Count > 1 && heads > 1)
            {
                Finish(arguments, b, row, token, segment, head + 1, element, whole);
            }

            if (THeads.Count > 2 && heads > 2)
            {
                Finish(arguments, c, row, token, segment, head + 2, element, whole);
            }

            if (THeads.Count > 2 && heads > 3)
            {
                Finish(arguments, d, row, token, segment, head + 3, element, whole);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static HeadState Start(AttendArguments arguments, int token, int kvHead, int head, int element)
    {
        // A group's last part may have fewer heads: there the first stands in, and its result is not written.
        bool wanted = head < arguments.Group;
        int queryHead = (kvHead * arguments.Group) + (wanted ? head : 0);
        long query = (token * arguments.QueryStride) + ((long)queryHead * arguments.Cache.KeyDim);
        return HeadState.Start(
            Queries.Load(arguments.Queries, query, element, arguments.Cache.KeyDim, wanted, arguments.QueryScale));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats4 AddAcross(Floats4 x, int laneMask) => new(
        x.A + Warp.ShuffleXor(x.A, laneMask),
        x.B + Warp.ShuffleXor(x.B, laneMask),
        x.C + Warp.ShuffleXor(x.C, laneMask),
        x.D + Warp.ShuffleXor(x.D, laneMask));

    /// <summary>Writes a head's output where the segment is the whole row, else its part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        AttendArguments arguments, HeadState state, int row, int token, int segment, int head, int element, bool whole)
    {
        int dim = arguments.Cache.ValueDim;
        if (whole)
        {
            long output = (token * arguments.OutputStride) + ((long)head * dim);
            Write(arguments.Output, output, element, dim, state.Sum, 1 / state.Total);
        }
        else
        {
            long part = ((((long)row * arguments.QueryHeads) + head) * arguments.Segments) + segment;
            Write(arguments.PartialSums, part * dim, element, dim, state.Sum, 1);
            if (element == 0)
            {
                arguments.PartialScales[2 * part] = state.Max;
                arguments.PartialScales[(2 * part) + 1] = state.Total;
            }
        }
    }

    private static void Write(ArrayView<float> destination, long head, int first, int dim, Floats8 values, float factor)
    {
        One(destination, head, first, dim, values.Low.A * factor);
        One(destination, head, first + 1, dim, values.Low.B * factor);
        One(destination, head, first + 2, dim, values.Low.C * factor);
        One(destination, head, first + 3, dim, values.Low.D * factor);
        One(destination, head, first + 4, dim, values.High.A * factor);
        One(destination, head, first + 5, dim, values.High.B * factor);
        One(destination, head, first + 6, dim, values.High.C * factor);
        One(destination, head, first + 7, dim, values.High.D * factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(ArrayView<float> destination, long head, int d, int dim, float value)
    {
        if (d < dim)
        {
            destination[head + d] = value;
        }
    }
}
