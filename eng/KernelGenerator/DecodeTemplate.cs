namespace KvCache.KernelGenerator;

/// <summary>The decode kernel for a head dim and 8 or 16 query heads of a group.</summary>
/// <remarks>Positions are the rows and query heads the columns of all products: what is kept of a head is a quarter of what queries as
/// rows would take, because a group seldom has 16 heads.</remarks>
internal sealed class DecodeTemplate(int dim, int headTiles)
{
    private const int TilePositions = 16;
    private const int MostStages = 4;
    private readonly int _chunks = dim / 8; // of 16 bytes, in a key or value

    public string Name => $"TensorDecode{dim}x{8 * headTiles}";

    private int RowBytes => 2 * dim;

    private int TileBytes => TilePositions * RowBytes;

    private int StageBytes => 2 * TileBytes;

    private int RowsAtOnce => 32 / _chunks;

    private int Steps => dim / 16;

    private int Heads => 8 * headTiles;

    private int SumsPitch => dim + 4; // floats: four columns of heads fall on banks of their own

    public string Write()
    {
        SourceWriter source = new();
        source.Lines(GeneratedKernels.Header).Lines($$"""
            /// <summary>Attention of rows with one new token on tensor cores: head dim {{dim}}, up to {{Heads}} query heads of a KV head in a block.</summary>
            /// <remarks>See docs/gpu-kernels.md. Grid: x rows × segments, y KV heads × parts of their groups.</remarks>
            internal static class {{Name}}<TElement, TPages, TBlock>
            where TElement : struct, IMatrixElement
            where TPages : struct, IPageWalk
            where TBlock : struct, IDecodeBlock
            {
            public const int Heads = {{Heads}};

            private const int StageBytes = {{StageBytes}}; // 16 keys, then 16 values
            private const int ScaleBytes = Heads * 2 * sizeof(float); // of a warp

            public static TensorVariant Variant { get; } = new(Run, 32 * TBlock.Warps, TBlock.Warps * TBlock.Stages * StageBytes, mostRegisters: 168);

            """);
        WriteRun(source);
        WriteFetch(source);
        WriteFinish(source);
        source.Lines("}");
        return source.ToString();
    }

    private void WriteRun(SourceWriter source)
    {
        source.Lines($$"""
            public static void Run(TensorArguments a)
            {
            int lane = Group.IdxX & 31;
            int warp = Group.IdxX >> 5;
            int row = Grid.IdxX / a.Segments;
            int segment = Grid.IdxX - (row * a.Segments);
            int length = Asm.Entry(a.Lengths, row);
            int token = Asm.Entry(a.QueryOffsets, row);
            int segmentTokens = a.Plan.SegmentTokens(length);
            int begin = segment * segmentTokens;
            if (Asm.Entry(a.QueryOffsets, row + 1) - token != 1 || begin >= length)
            {
            return;
            }

            int end = Math.Min(begin + segmentTokens, length);
            int kvHead = Grid.IdxY / a.HeadBlocks;
            int firstHead = (Grid.IdxY - (kvHead * a.HeadBlocks)) * Heads;
            uint shared = Asm.Shared();
            uint stages = shared + (uint)(warp * TBlock.Stages * StageBytes);

            // Copies of the first tiles are under way while the queries are read.
            int ahead = begin + (warp * {{TilePositions}});
            int page = PageAhead(a, row, ahead, end, lane);
            """);
        source.Lines(FetchAhead("0u"));
        for (int stage = 1; stage < MostStages - 1; stage++)
        {
            source.Lines($"if (TBlock.Stages > {stage + 1})\n{{").Lines(FetchAhead($"{stage * StageBytes}u")).Lines("}\n");
        }

        source.Lines("int pair = (lane & 3) * 2;");
        for (int tile = 0; tile < headTiles; tile++)
        {
            source.Lines($$"""
                int head{{tile}} = firstHead + {{8 * tile}} + (lane >> 2);
                bool wanted{{tile}} = head{{tile}} < a.Group;
                ulong query{{tile}} = a.Queries + (ulong)(((token * a.QueryStride) + ((((long)kvHead * a.Group) + (wanted{{tile}} ? head{{tile}} : 0)) * {{dim}}) + pair) * sizeof(float));
                float scale{{tile}} = wanted{{tile}} ? a.QueryScale : 0;
                """);
            int current = tile;
            source.Each(Steps, k => $$"""
                uint q{{current}}_{{k}}a = Asm.Pack<TElement>(Asm.Load(query{{current}} + {{k * 64}}ul) * scale{{current}}, Asm.Load(query{{current}} + {{(k * 64) + 4}}ul) * scale{{current}});
                uint q{{current}}_{{k}}b = Asm.Pack<TElement>(Asm.Load(query{{current}} + {{(k * 64) + 32}}ul) * scale{{current}}, Asm.Load(query{{current}} + {{(k * 64) + 36}}ul) * scale{{current}});
                """);
            source.Each(Steps, d => $"Sums o{current}_{d} = default;\nSums.Clear(ref o{current}_{d});");
            source.Lines($"""
                float maxA{tile} = Softmax.Lowest;
                float maxB{tile} = Softmax.Lowest;
                float totalA{tile} = 0;
                float totalB{tile} = 0;
                """);
        }

        // A key's rows go to the lanes as a matrix of positions, a value's as one of elements.
        source.Lines($$"""

            uint keyRow = (uint)((lane & 15) * {{RowBytes}});
            uint keySwizzle = (uint)(((lane >> 4) ^ (lane & 7)) << 4);
            uint valueRow = (uint)({{TileBytes}} + (((lane & 7) + ((lane >> 4) << 3)) * {{RowBytes}}));
            uint valueSwizzle = (uint)((((lane >> 3) & 1) ^ (lane & 7)) << 4);
            uint read = 0;
            uint write = (uint)((TBlock.Stages - 1) * StageBytes);
            Fragment f = default;
            for (int first = begin + (warp * {{TilePositions}}); first < end; first += TBlock.Warps * {{TilePositions}})
            {
            if (TBlock.Stages == 2)
            {
            Asm.WaitForCopiesButNone();
            }
            else if (TBlock.Stages == 3)
            {
            Asm.WaitForCopiesButOne();
            }
            else
            {
            Asm.WaitForCopiesButTwo();
            }

            Warp.Barrier();

            // All lanes have done with the stage that the last turn read.
            {{FetchAhead("write")}}
            uint keys = stages + read + keyRow;
            uint values = stages + read + valueRow;
            write = read;
            read = read == (uint)((TBlock.Stages - 1) * StageBytes) ? 0 : read + StageBytes;
            """);
        source.Each(headTiles, tile => $"Sums s{tile} = default;\nSums.Clear(ref s{tile});");
        for (int k = 0; k < Steps; k++)
        {
            source.Lines($"Asm.LoadMatrices(ref f, keys + (keySwizzle ^ {k << 5}u));");
            int step = k;
            source.Each(headTiles, tile =>
                $"Asm.MultiplyAdd<TElement>(ref s{tile}, f.A.Value, f.B.Value, f.C.Value, f.D.Value, q{tile}_{step}a, q{tile}_{step}b);");
        }

        source.Lines("if (a.CapLog2E > 0)\n{").Each(headTiles, tile => $"TensorScores.Cap(ref s{tile}, a.CapLog2E);").Lines("}\n");
        source.Lines("int position = first + (lane >> 2);");
        source.Each(headTiles, tile => $$"""
            float a{{tile}} = Asm.Seen(s{{tile}}.A.Value, position, end);
            float b{{tile}} = Asm.Seen(s{{tile}}.B.Value, position, end);
            float c{{tile}} = Asm.Seen(s{{tile}}.C.Value, position + 8, end);
            float d{{tile}} = Asm.Seen(s{{tile}}.D.Value, position + 8, end);
            float beforeA{{tile}} = maxA{{tile}};
            float beforeB{{tile}} = maxB{{tile}};
            maxA{{tile}} = Math.Max(maxA{{tile}}, TensorReduce.LargestOfColumn(Math.Max(a{{tile}}, c{{tile}})));
            maxB{{tile}} = Math.Max(maxB{{tile}}, TensorReduce.LargestOfColumn(Math.Max(b{{tile}}, d{{tile}})));
            float keptA{{tile}} = Asm.Exp2(beforeA{{tile}} - maxA{{tile}});
            float keptB{{tile}} = Asm.Exp2(beforeB{{tile}} - maxB{{tile}});
            a{{tile}} = Asm.Exp2(a{{tile}} - maxA{{tile}});
            b{{tile}} = Asm.Exp2(b{{tile}} - maxB{{tile}});
            c{{tile}} = Asm.Exp2(c{{tile}} - maxA{{tile}});
            d{{tile}} = Asm.Exp2(d{{tile}} - maxB{{tile}});
            totalA{{tile}} = (totalA{{tile}} * keptA{{tile}}) + (a{{tile}} + c{{tile}});
            totalB{{tile}} = (totalB{{tile}} * keptB{{tile}}) + (b{{tile}} + d{{tile}});
            uint upper{{tile}} = Asm.Transpose(Asm.Pack<TElement>(a{{tile}}, b{{tile}}));
            uint lower{{tile}} = Asm.Transpose(Asm.Pack<TElement>(c{{tile}}, d{{tile}}));
            """);
        for (int d = 0; d < Steps; d++)
        {
            source.Lines($"Asm.LoadTransposed(ref f, values + (valueSwizzle ^ {d << 5}u));");
            int element = d;
            source.Each(headTiles, tile => $$"""
                Sums.ScaleColumns(ref o{{tile}}_{{element}}, keptA{{tile}}, keptB{{tile}});
                Asm.MultiplyAdd<TElement>(ref o{{tile}}_{{element}}, f.A.Value, f.B.Value, f.C.Value, f.D.Value, upper{{tile}}, lower{{tile}});
                """);
        }

        source.Lines("}\n").Lines("""
            // The stages' memory is used again for what the warps have found.
            Asm.WaitForCopies();
            Group.Barrier();
            """);
        source.Each(headTiles, tile => $$"""
            totalA{{tile}} = TensorReduce.SumOfColumn(totalA{{tile}});
            totalB{{tile}} = TensorReduce.SumOfColumn(totalB{{tile}});
            uint scales{{tile}} = shared + (uint)((({{8 * tile}} + pair) * 2) * sizeof(float));
            if (lane < 4)
            {
            uint own = scales{{tile}} + (uint)(warp * ScaleBytes);
            Asm.StoreShared(own, maxA{{tile}});
            Asm.StoreShared(own + 4, totalA{{tile}});
            Asm.StoreShared(own + 8, maxB{{tile}});
            Asm.StoreShared(own + 12, totalB{{tile}});
            }
            """);
        source.Lines("\nGroup.Barrier();");
        source.Each(headTiles, tile => $$"""
            float partA{{tile}} = Asm.Exp2(maxA{{tile}} - TensorReduce.Largest(scales{{tile}}, TBlock.Warps, Heads));
            float partB{{tile}} = Asm.Exp2(maxB{{tile}} - TensorReduce.Largest(scales{{tile}} + 8, TBlock.Warps, Heads));
            uint sums{{tile}} = shared + (uint)(TBlock.Warps * ScaleBytes) + (uint)(((((warp * Heads) + {{8 * tile}} + pair) * {{SumsPitch}}) + (lane >> 2)) * sizeof(float));
            """);
        for (int tile = 0; tile < headTiles; tile++)
        {
            int current = tile;
            source.Each(Steps, d => $$"""
                Asm.StoreShared(sums{{current}} + {{d * 64}}u, o{{current}}_{{d}}.A.Value * partA{{current}});
                Asm.StoreShared(sums{{current}} + {{(d * 64) + (4 * SumsPitch)}}u, o{{current}}_{{d}}.B.Value * partB{{current}});
                Asm.StoreShared(sums{{current}} + {{(d * 64) + 32}}u, o{{current}}_{{d}}.C.Value * partA{{current}});
                Asm.StoreShared(sums{{current}} + {{(d * 64) + 32 + (4 * SumsPitch)}}u, o{{current}}_{{d}}.D.Value * partB{{current}});
                """);
        }

        source.Lines("""

            Group.Barrier();
            Finish(a, row, token, segment, (kvHead * a.Group) + firstHead, Math.Min(Heads, a.Group - firstHead), shared, segmentTokens >= length);
            }

            """);
    }

    /// <summary>Begins to copy the next tile into a stage, and asks where the one after it is.</summary>
    private static string FetchAhead(string stage) => $$"""
        Fetch(a, kvHead, ahead, end, page, stages + {{stage}}, lane);
        Asm.CommitCopies();
        ahead += TBlock.Warps * {{TilePositions}};
        page = PageAhead(a, row, ahead, end, lane);
        """;

    private void WriteFetch(SourceWriter source)
    {
        source.Lines($$"""
            /// <summary>The page of the tile to be fetched next, or of the lane's position in it, asked for long before it is needed.</summary>
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static int PageAhead(TensorArguments a, int row, int first, int end, int lane) =>
            TensorRows.PageOf(a, row, TPages.IsWhole ? first : first + (lane & 15), end);

            /// <summary>Begins to copy a tile's keys and values; {{_chunks}} lanes share a position.</summary>
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static void Fetch(TensorArguments a, int kvHead, int first, int end, int page, uint stage, int lane)
            {
            if (first >= end)
            {
            return;
            }

            int ownRow = lane / {{_chunks}};
            int chunk = lane - (ownRow * {{_chunks}});
            uint to = stage + (uint)(ownRow * {{RowBytes}});
            uint swizzle = (uint)((chunk ^ ownRow) << 4);
            ulong keys = a.Keys + (ulong)((kvHead * a.KeyHeadStride) + (chunk * 16));
            ulong values = a.Values + (ulong)((kvHead * a.ValueHeadStride) + (chunk * 16));
            if (TPages.IsWhole)
            {
            int offset = TensorRows.OffsetOf(a, first) + ownRow;
            keys += (ulong)((page * a.KeyPageStride) + (offset * a.KeyTokenStride));
            values += (ulong)((page * a.ValuePageStride) + (offset * a.ValueTokenStride));
            """);
        int passes = TilePositions / RowsAtOnce;
        source.Each(passes, pass => $"Copy(keys + (ulong)({pass * RowsAtOnce} * a.KeyTokenStride), values + (ulong)({pass * RowsAtOnce} * a.ValueTokenStride), {To(pass)}, first + ownRow + {pass * RowsAtOnce}, end);");
        source.Lines("}\nelse\n{");
        source.Each(passes, pass => $"CopyOne(a, keys, values, Warp.Shuffle(page, ownRow + {pass * RowsAtOnce}), {To(pass)}, first + ownRow + {pass * RowsAtOnce}, end);");
        source.Lines($$"""
            }
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static void CopyOne(TensorArguments a, ulong keys, ulong values, int page, uint to, int position, int end)
            {
            int offset = TensorRows.OffsetOf(a, position);
            Copy(
            keys + (ulong)((page * a.KeyPageStride) + (offset * a.KeyTokenStride)),
            values + (ulong)((page * a.ValuePageStride) + (offset * a.ValueTokenStride)), to, position, end);
            }

            /// <summary>What lies beyond the end may be no number, and 0 × NaN is NaN: zeros are put in its place.</summary>
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static void Copy(ulong key, ulong value, uint to, int position, int end)
            {
            int given = Asm.BytesAt(position, end);
            Asm.BeginCopy(to, key, given);
            Asm.BeginCopy(to + {{TileBytes}}u, value, given);
            }

            """);
    }

    /// <summary>Where a pass's row goes: rows' chunks are parted by the row's last three bits, so that columns fall on all banks.</summary>
    private string To(int pass) =>
        $"to + {pass * RowsAtOnce * RowBytes}u + (swizzle ^ {(pass * RowsAtOnce & 7) << 4}u)";

    private void WriteFinish(SourceWriter source) => source.Lines($$"""
        /// <summary>Adds up what the warps have found; writes the output where the segment is the whole row, else its part.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Finish(TensorArguments a, int row, int token, int segment, int queryHead, int heads, uint shared, bool whole)
        {
        for (int index = Group.IdxX; index < heads * {{dim}}; index += 32 * TBlock.Warps)
        {
        int head = index / {{dim}};
        int element = index - (head * {{dim}});
        uint scales = shared + (uint)(head * 2 * sizeof(float));
        float max = TensorReduce.Largest(scales, TBlock.Warps, Heads);
        float total = TensorReduce.Total(scales, max, TBlock.Warps, Heads);
        float sum = TensorReduce.Sum(shared + (uint)(TBlock.Warps * ScaleBytes) + (uint)(((head * {{SumsPitch}}) + element) * sizeof(float)), TBlock.Warps, (uint)(Heads * {{SumsPitch}} * sizeof(float)));
        if (whole)
        {
        long output = (token * a.OutputStride) + ((long)(queryHead + head) * {{dim}}) + element;
        Asm.Store(a.Output + (ulong)(output * sizeof(float)), sum / total);
        }
        else
        {
        long part = ((((long)row * a.QueryHeads) + queryHead + head) * a.Segments) + segment;
        Asm.Store(a.PartialSums + (ulong)(((part * {{dim}}) + element) * sizeof(float)), sum);
        if (element == 0)
        {
        Asm.Store(a.PartialScales + (ulong)(part * 2 * sizeof(float)), max);
        Asm.Store(a.PartialScales + (ulong)(((part * 2) + 1) * sizeof(float)), total);
        }
        }
        }
        }
        """);
}
