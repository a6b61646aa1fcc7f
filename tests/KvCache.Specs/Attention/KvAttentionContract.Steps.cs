using Xunit;

namespace KvCache.Specs.Attention;

/// <content>One attention over many steps, as an engine uses it.</content>
public abstract partial class KvAttentionContract
{
    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void An_engine_attends_to_what_its_earlier_steps_appended(KvElementType type)
    {
        AttentionCase drawn = AttentionCase.Of(type, (2, 3), (20, 12), "0+67,0+44,0+39") with { PageTokens = 8 };
        RowContents[] rows = RowContents.Draw(drawn);
        using CacheFixture cache = Open(drawn);
        KvSequence[] sequences = [.. rows.Select((_, row) => cache.Open([row]))];
        List<float>[] outputs = [.. rows.Select(_ => new List<float>())];
        while (sequences.Where((sequence, row) => sequence.ComputedLength < drawn.Rows[row].Length).Any())
        {
            // A prompt's first chunk, the rest of it, then one position after the other.
            int[] counts = [.. sequences.Select((sequence, row) => sequence.ComputedLength switch
            {
                0 => 11 + row,
                < 20 => 17,
                _ => Math.Min(1, drawn.Rows[row].Length - sequence.ComputedLength),
            })];
            for (int row = 0; row < rows.Length; row++)
            {
                int wanted = sequences[row].ComputedLength + counts[row];
                cache.Append(sequences[row], [.. Enumerable.Range(sequences[row].Length, wanted - sequences[row].Length).Select(at => (row << 20) + at)]);
            }

            ComputeStep(cache, drawn, sequences, counts, rows, outputs);
        }

        ReferenceAttention expected = new(drawn.Shape, drawn.QueryHeads, drawn.Scoring, drawn.TokenCount);
        int token = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            int length = drawn.Rows[row].Length;
            expected.Add(token, length, length, Stored(type, rows[row].Keys), Stored(type, rows[row].Values), rows[row].Queries);
            token += length;
        }

        OutputComparison.AssertNear([.. outputs.SelectMany(output => output)], expected, Tolerance, "the formula");
    }

    private void ComputeStep(
        CacheFixture cache, AttentionCase drawn, KvSequence[] sequences, int[] counts, RowContents[] rows, List<float>[] outputs)
    {
        KvRow[] batch = [.. sequences.Select((sequence, row) => new KvRow(sequence, counts[row]))];
        using KvStep step = cache.Allocator.BeginStep(batch);
        KvLayerView view = step.Enter(0);
        Operand Make(int heads, int headDim) => new(Site, view.Device, drawn, view.TokenCount, heads, headDim);
        using Operand keys = Make(drawn.KvHeads, drawn.KeyDim);
        using Operand values = Make(drawn.KvHeads, drawn.ValueDim);
        using Operand queries = Make(drawn.QueryHeads, drawn.KeyDim);
        using Operand output = Make(drawn.QueryHeads, drawn.ValueDim);
        float[] OfStep(Func<RowContents, float[]> contents, int width) => [.. batch.SelectMany((row, i) =>
            contents(rows[i]).Skip(row.Sequence.ComputedLength * width).Take(row.TokenCount * width))];
        keys.Write(OfStep(row => row.Keys, drawn.KvHeads * drawn.KeyDim));
        values.Write(OfStep(row => row.Values, drawn.KvHeads * drawn.ValueDim));
        queries.Write(OfStep(row => row.Queries, drawn.QueryHeads * drawn.KeyDim));
        Attention.Append(view, keys.Tensor, values.Tensor);
        Attention.Attend(view, queries.Tensor, output.Tensor, drawn.Scoring);
        Site.Finish(view.Device);
        float[] computed = output.Read();
        int width = drawn.QueryHeads * drawn.ValueDim;
        for (int row = 0; row < rows.Length; row++)
        {
            outputs[row].AddRange(computed[(view.QueryOffsets[row] * width)..(view.QueryOffsets[row + 1] * width)]);
        }

        step.Leave(0);
        step.Complete();
    }

    private static double[] Stored(KvElementType type, float[] elements)
    {
        ElementFormat format = ElementFormat.Of(type);
        return Array.ConvertAll(elements, element => format.Decode(format.Encode(element)));
    }
}
