namespace KvCache.KernelGenerator;

/// <summary>The prefill kernel for a head dim: 64 queries of a KV head in a block, 16 to a warp.</summary>
internal sealed class PrefillTemplate(int dim)
{
    private const int TilePositions = 64;
    private const int Threads = 128;
    private readonly int _chunks = dim / 8;

    public string Name => $"TensorPrefill{dim}";

    private int RowBytes => 2 * dim;

    private int TileBytes => TilePositions * RowBytes;

    private int Steps => dim / 16;

    private int RowsAtOnce => Threads / _chunks;

    public string Write()
    {
        SourceWriter source = new();
        source.Lines(GeneratedKernels.Header).Lines($$"""
            /// <summary>Attention of rows with several new tokens on tensor cores, causal, over what is cached and themselves: head dim {{dim}}.</summary>
            /// <remarks>See docs/gpu-kernels.md. Grid: x blocks of tokens of all rows (see <see cref="StepRows.OfBlock"/>), y KV heads × parts of their groups.</remarks>
            internal static class {{Name}}<TElement>
            where TElement : struct, IMatrixElement
            {
            public const int Queries = 64;

            private const int Threads = {{Threads}};
            private const int StageBytes = {{2 * TileBytes}}; // {{TilePositions}} keys, then {{TilePositions}} values

            public static TensorVariant Variant { get; } = new(Run, Threads, 2 * StageBytes, mostRegisters: 255);

            """);
        WriteRun(source);
        WriteFetch(source);
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
            int blockHeads = Math.Min(a.Group, Queries);
            int blockTokens = Queries / blockHeads;
            int row = TensorRows.OfBlock(a, Grid.IdxX, blockTokens);
            int rowToken = Asm.Entry(a.QueryOffsets, row);
            int newTokens = Asm.Entry(a.QueryOffsets, row + 1) - rowToken;
            int firstToken = (Grid.IdxX - StepRows.FirstBlock(rowToken, row, blockTokens)) * blockTokens;
            if (newTokens <= a.DecodedTokens || firstToken >= newTokens)
            {
            return;
            }

            int kvHead = Grid.IdxY / a.HeadBlocks;
            int firstHead = (Grid.IdxY - (kvHead * a.HeadBlocks)) * blockHeads;
            int heads = Math.Min(blockHeads, a.Group - firstHead);
            int tokens = Math.Min(blockTokens, newTokens - firstToken);

            // What the block's queries see: the first token's up to firstLimit, the last one's up to the end.
            int firstLimit = Asm.Entry(a.Lengths, row) - newTokens + firstToken + 1;
            int end = firstLimit + tokens - 1;
            uint shared = Asm.Shared();
            Fetch(a, row, kvHead, 0, end, shared);
            Asm.CommitCopies();

            int pair = (lane & 3) * 2;
            int queryA = (warp * 16) + (lane >> 2);
            int queryB = queryA + 8;
            int tokenA = queryA / blockHeads;
            int tokenB = queryB / blockHeads;
            int headA = queryA - (tokenA * blockHeads);
            int headB = queryB - (tokenB * blockHeads);
            bool wantedA = tokenA < tokens && headA < heads;
            bool wantedB = tokenB < tokens && headB < heads;
            int limitA = firstLimit + Math.Min(tokenA, tokens - 1);
            int limitB = firstLimit + Math.Min(tokenB, tokens - 1);
            long firstQuery = ((long)kvHead * a.Group) + firstHead;
            ulong rowA = a.Queries + (ulong)((((rowToken + firstToken + (wantedA ? tokenA : 0)) * a.QueryStride) + ((firstQuery + (wantedA ? headA : 0)) * {{dim}}) + pair) * sizeof(float));
            ulong rowB = a.Queries + (ulong)((((rowToken + firstToken + (wantedB ? tokenB : 0)) * a.QueryStride) + ((firstQuery + (wantedB ? headB : 0)) * {{dim}}) + pair) * sizeof(float));
            float scaleA = wantedA ? a.QueryScale : 0;
            float scaleB = wantedB ? a.QueryScale : 0;
            """);
        source.Each(Steps, k => $$"""
            uint q{{k}}a = Asm.Pack<TElement>(Asm.Load(rowA + {{k * 64}}ul) * scaleA, Asm.Load(rowA + {{(k * 64) + 4}}ul) * scaleA);
            uint q{{k}}b = Asm.Pack<TElement>(Asm.Load(rowB + {{k * 64}}ul) * scaleB, Asm.Load(rowB + {{(k * 64) + 4}}ul) * scaleB);
            uint q{{k}}c = Asm.Pack<TElement>(Asm.Load(rowA + {{(k * 64) + 32}}ul) * scaleA, Asm.Load(rowA + {{(k * 64) + 36}}ul) * scaleA);
            uint q{{k}}d = Asm.Pack<TElement>(Asm.Load(rowB + {{(k * 64) + 32}}ul) * scaleB, Asm.Load(rowB + {{(k * 64) + 36}}ul) * scaleB);
            """);
        source.Each(2 * Steps, n => $"Sums o{n} = default;\nSums.Clear(ref o{n});");
        source.Lines($$"""
            float maxA = Softmax.Lowest;
            float maxB = Softmax.Lowest;
            float totalA = 0;
            float totalB = 0;
            uint keyRow = (uint)(((lane & 7) + ((lane >> 4) << 3)) * {{RowBytes}});
            uint keySwizzle = (uint)((((lane >> 3) & 1) ^ (lane & 7)) << 4);
            uint valueRow = (uint)({{TileBytes}} + ((lane & 15) * {{RowBytes}}));
            uint valueSwizzle = (uint)(((lane >> 4) ^ (lane & 7)) << 4);
            uint stage = 0;
            Fragment f = default;
            for (int first = 0; first < end; first += {{TilePositions}})
            {
            Asm.WaitForCopies();
            Group.Barrier();

            // All threads have done with the other stage.
            Fetch(a, row, kvHead, first + {{TilePositions}}, end, shared + (StageBytes - stage));
            Asm.CommitCopies();
            uint keys = shared + stage + keyRow;
            uint values = shared + stage + valueRow;
            stage = StageBytes - stage;
            """);
        source.Each(8, n => $"Sums s{n} = default;\nSums.Clear(ref s{n});");
        for (int k = 0; k < Steps; k++)
        {
            int step = k;
            source.Lines($"uint key{k} = keys + (keySwizzle ^ {k << 5}u);");
            source.Each(4, n => $$"""
                Asm.LoadMatrices(ref f, key{{step}} + {{n * 16 * RowBytes}}u);
                Asm.MultiplyAdd<TElement>(ref s{{2 * n}}, q{{step}}a, q{{step}}b, q{{step}}c, q{{step}}d, f.A.Value, f.B.Value);
                Asm.MultiplyAdd<TElement>(ref s{{(2 * n) + 1}}, q{{step}}a, q{{step}}b, q{{step}}c, q{{step}}d, f.C.Value, f.D.Value);
                """);
        }

        source.Lines("if (a.CapLog2E > 0)\n{").Each(8, n => $"TensorScores.Cap(ref s{n}, a.CapLog2E);").Lines("}\n");
        source.Lines($"if (first + {TilePositions} > firstLimit)\n{{\nint position = first + pair;");
        source.Each(8, n => $$"""
            s{{n}}.A = Asm.Seen(s{{n}}.A.Value, position + {{8 * n}}, limitA);
            s{{n}}.B = Asm.Seen(s{{n}}.B.Value, position + {{(8 * n) + 1}}, limitA);
            s{{n}}.C = Asm.Seen(s{{n}}.C.Value, position + {{8 * n}}, limitB);
            s{{n}}.D = Asm.Seen(s{{n}}.D.Value, position + {{(8 * n) + 1}}, limitB);
            """);
        source.Lines("""
            }

            float beforeA = maxA;
            float beforeB = maxB;
            float largestA = Math.Max(s0.A.Value, s0.B.Value);
            float largestB = Math.Max(s0.C.Value, s0.D.Value);
            """);
        source.Each(7, n => $"largestA = Math.Max(largestA, Math.Max(s{n + 1}.A.Value, s{n + 1}.B.Value));\nlargestB = Math.Max(largestB, Math.Max(s{n + 1}.C.Value, s{n + 1}.D.Value));");
        source.Lines("""
            maxA = Math.Max(maxA, TensorReduce.LargestOfRow(largestA));
            maxB = Math.Max(maxB, TensorReduce.LargestOfRow(largestB));
            float keptA = Asm.Exp2(beforeA - maxA);
            float keptB = Asm.Exp2(beforeB - maxB);
            totalA *= keptA;
            totalB *= keptB;
            """);
        source.Each(8, n => $$"""
            float a{{n}} = Asm.Exp2(s{{n}}.A.Value - maxA);
            float b{{n}} = Asm.Exp2(s{{n}}.B.Value - maxA);
            float c{{n}} = Asm.Exp2(s{{n}}.C.Value - maxB);
            float d{{n}} = Asm.Exp2(s{{n}}.D.Value - maxB);
            totalA += a{{n}} + b{{n}};
            totalB += c{{n}} + d{{n}};
            """);
        source.Each(2 * Steps, n => $"Sums.ScaleRows(ref o{n}, keptA, keptB);");
        for (int t = 0; t < 4; t++)
        {
            int tile = t;
            source.Lines($$"""
                uint p{{t}}a = Asm.Pack<TElement>(a{{2 * t}}, b{{2 * t}});
                uint p{{t}}b = Asm.Pack<TElement>(c{{2 * t}}, d{{2 * t}});
                uint p{{t}}c = Asm.Pack<TElement>(a{{(2 * t) + 1}}, b{{(2 * t) + 1}});
                uint p{{t}}d = Asm.Pack<TElement>(c{{(2 * t) + 1}}, d{{(2 * t) + 1}});
                """);
            source.Each(Steps, n => $$"""
                Asm.LoadTransposed(ref f, values + {{tile * 16 * RowBytes}}u + (valueSwizzle ^ {{n << 5}}u));
                Asm.MultiplyAdd<TElement>(ref o{{2 * n}}, p{{tile}}a, p{{tile}}b, p{{tile}}c, p{{tile}}d, f.A.Value, f.B.Value);
                Asm.MultiplyAdd<TElement>(ref o{{(2 * n) + 1}}, p{{tile}}a, p{{tile}}b, p{{tile}}c, p{{tile}}d, f.C.Value, f.D.Value);
                """);
        }

        source.Lines($$"""
            }

            Asm.WaitForCopies();
            float factorA = 1 / TensorReduce.SumOfRow(totalA);
            float factorB = 1 / TensorReduce.SumOfRow(totalB);
            if (wantedA)
            {
            ulong to = a.Output + (ulong)((((rowToken + firstToken + tokenA) * a.OutputStride) + ((firstQuery + headA) * {{dim}}) + pair) * sizeof(float));
            """);
        source.Each(2 * Steps, n => $"Asm.Store(to + {n * 32}ul, o{n}.A.Value * factorA);\nAsm.Store(to + {(n * 32) + 4}ul, o{n}.B.Value * factorA);");
        source.Lines($$"""
            }

            if (wantedB)
            {
            ulong to = a.Output + (ulong)((((rowToken + firstToken + tokenB) * a.OutputStride) + ((firstQuery + headB) * {{dim}}) + pair) * sizeof(float));
            """);
        source.Each(2 * Steps, n => $"Asm.Store(to + {n * 32}ul, o{n}.C.Value * factorB);\nAsm.Store(to + {(n * 32) + 4}ul, o{n}.D.Value * factorB);");
        source.Lines("}\n}\n");
    }

    private void WriteFetch(SourceWriter source)
    {
        source.Lines($$"""
            /// <summary>Begins to copy a tile's keys and values; {{_chunks}} threads share a position.</summary>
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static void Fetch(TensorArguments a, int row, int kvHead, int first, int end, uint stage)
            {
            if (first >= end)
            {
            return;
            }

            int ownRow = Group.IdxX / {{_chunks}};
            int chunk = Group.IdxX - (ownRow * {{_chunks}});
            uint to = stage + (uint)((ownRow * {{RowBytes}}) + ((chunk ^ (ownRow & 7)) << 4));
            ulong keys = a.Keys + (ulong)((kvHead * a.KeyHeadStride) + (chunk * 16));
            ulong values = a.Values + (ulong)((kvHead * a.ValueHeadStride) + (chunk * 16));
            int position = first + ownRow;
            """);
        int passes = TilePositions / RowsAtOnce;
        source.Each(passes, pass => $"int page{pass} = TensorRows.PageOf(a, row, position + {pass * RowsAtOnce}, end);");
        source.Each(passes, pass => $"Copy(a, keys, values, page{pass}, to + {pass * RowsAtOnce * RowBytes}u, position + {pass * RowsAtOnce}, end);");
        source.Lines($$"""
            }

            /// <summary>What lies beyond the end may be no number, and 0 × NaN is NaN: zeros are put in its place.</summary>
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static void Copy(TensorArguments a, ulong keys, ulong values, int page, uint to, int position, int end)
            {
            int offset = TensorRows.OffsetOf(a, position);
            int given = Asm.BytesAt(position, end);
            Asm.BeginCopy(to, keys + (ulong)((page * a.KeyPageStride) + (offset * a.KeyTokenStride)), given);
            Asm.BeginCopy(to + {{TileBytes}}u, values + (ulong)((page * a.ValuePageStride) + (offset * a.ValueTokenStride)), given);
            }
            """);
    }
}
