
namespace KvCache.Attention;

/// <summary>Attention on the processor.</summary>
public sealed unsafe class CpuAttention : IKvAttention
{
    private readonly CpuAttentionOptions _options;

    /// <summary>Makes an attention that uses the processor.</summary>
    /// <param name="options">How; null for the defaults.</param>
    public CpuAttention(CpuAttentionOptions? options = null) => _options = options ?? new CpuAttentionOptions();

    /// <summary>Gets how many threads work on a call.</summary>
    public int Threads => _options.Threads;

    /// <inheritdoc/>
    public void Append(KvLayerView view, KvTensor keys, KvTensor values)
    {
        AttentionOperands.CheckAppend(view, keys, values);
        KvLayerGroup shape = view.Shape;
        for (int row = 0; row < view.RowCount; row++)
        {
            for (int i = view.QueryOffsets[row]; i < view.QueryOffsets[row + 1]; i++)
            {
                int position = view.Lengths[row] - view.QueryOffsets[row + 1] + i;
                int page = view.PageTableRow(row)[position / view.TokensPerPage];
                int offset = position % view.TokensPerPage;
                for (int n = 0; n < shape.KvHeads * shape.KeyDim; n++)
                {
                    Write(view.KeyBase + (nint)((page * view.KeyPageStride) + (offset * view.KeyTokenStride)), n, shape.ElementType, ((float*)(keys.Address + (nint)(i * keys.TokenStride)))[n]);
                }

                for (int n = 0; n < shape.KvHeads * shape.ValueDim; n++)
                {
                    Write(view.ValueBase + (nint)((page * view.ValuePageStride) + (offset * view.ValueTokenStride)), n, shape.ElementType, ((float*)(values.Address + (nint)(i * values.TokenStride)))[n]);
                }
            }
        }
    }

    /// <summary>As <see cref="Append(KvLayerView, KvTensor, KvTensor)"/>, from managed memory.</summary>
    /// <param name="view">The layer, entered in a step that is open.</param>
    /// <param name="keys">Tokens × KV heads × key dim elements.</param>
    /// <param name="values">Tokens × KV heads × value dim elements.</param>
    /// <exception cref="ArgumentException">An operand has another length.</exception>
    public void Append(KvLayerView view, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        KvLayerGroup shape = view.Shape;
        fixed (float* k = keys, v = values)
        {
            Append(
                view,
                Describe(k, keys.Length, view.TokenCount, shape.KvHeads, shape.KeyDim, nameof(keys)),
                Describe(v, values.Length, view.TokenCount, shape.KvHeads, shape.ValueDim, nameof(values)));
        }
    }

    /// <inheritdoc/>
    public void Attend(KvLayerView view, KvTensor queries, KvTensor output, KvScoring scoring)
    {
        AttentionOperands.CheckAttend(view, queries, output);
        if (view.TokenCount == 0)
        {
            return;
        }

        KvLayerGroup shape = view.Shape;
        float scale = scoring.ScaleFor(shape.KeyDim);
        int group = queries.Heads / shape.KvHeads;
        double[] scores = new double[view.Lengths.ToArray().Max()];
        double[] sum = new double[shape.ValueDim];
        for (int row = 0; row < view.RowCount; row++)
        {
            for (int i = view.QueryOffsets[row]; i < view.QueryOffsets[row + 1]; i++)
            {
                int last = view.Lengths[row] - view.QueryOffsets[row + 1] + i;
                for (int h = 0; h < queries.Heads; h++)
                {
                    float* q = (float*)(queries.Address + (nint)(i * queries.TokenStride)) + (h * shape.KeyDim);
                    double max = double.NegativeInfinity;
                    for (int t = 0; t <= last; t++)
                    {
                        int page = view.PageTableRow(row)[t / view.TokensPerPage];
                        nint key = view.KeyBase + (nint)((page * view.KeyPageStride) + (t % view.TokensPerPage * view.KeyTokenStride) + (h / group * view.KeyHeadStride));
                        double dot = 0;
                        for (int d = 0; d < shape.KeyDim; d++)
                        {
                            dot += q[d] * Read(key, d, shape.ElementType);
                        }

                        dot *= scale;
                        scores[t] = scoring.SoftCap > 0 ? scoring.SoftCap * Math.Tanh(dot / scoring.SoftCap) : dot;
                        max = Math.Max(max, scores[t]);
                    }

                    Array.Clear(sum);
                    double total = 0;
                    for (int t = 0; t <= last; t++)
                    {
                        int page = view.PageTableRow(row)[t / view.TokensPerPage];
                        nint value = view.ValueBase + (nint)((page * view.ValuePageStride) + (t % view.TokensPerPage * view.ValueTokenStride) + (h / group * view.ValueHeadStride));
                        double p = Math.Exp(scores[t] - max);
                        total += p;
                        for (int d = 0; d < shape.ValueDim; d++)
                        {
                            sum[d] += p * Read(value, d, shape.ElementType);
                        }
                    }

                    float* o = (float*)(output.Address + (nint)(i * output.TokenStride)) + (h * shape.ValueDim);
                    for (int d = 0; d < shape.ValueDim; d++)
                    {
                        o[d] = (float)(sum[d] / total);
                    }
                }
            }
        }
    }

    /// <summary>As <see cref="Attend(KvLayerView, KvTensor, KvTensor, KvScoring)"/>, over managed memory.</summary>
    /// <param name="view">The layer; the step's own keys and values have been appended.</param>
    /// <param name="queries">Tokens × query heads × key dim elements; the number of heads follows from the length.</param>
    /// <param name="output">Tokens × query heads × value dim elements.</param>
    /// <exception cref="ArgumentException">An operand has another length.</exception>
    public void Attend(KvLayerView view, ReadOnlySpan<float> queries, Span<float> output) =>
        Attend(view, queries, output, default);

    /// <summary>As <see cref="Attend(KvLayerView, KvTensor, KvTensor, KvScoring)"/>, over managed memory.</summary>
    /// <param name="view">The layer; the step's own keys and values have been appended.</param>
    /// <param name="queries">Tokens × query heads × key dim elements; the number of heads follows from the length.</param>
    /// <param name="output">Tokens × query heads × value dim elements.</param>
    /// <param name="scoring">How a dot product becomes a score.</param>
    /// <exception cref="ArgumentException">An operand has another length.</exception>
    public void Attend(KvLayerView view, ReadOnlySpan<float> queries, Span<float> output, KvScoring scoring)
    {
        KvLayerGroup shape = view.Shape;
        int tokens = view.TokenCount;
        int heads = tokens == 0 ? shape.KvHeads : Math.Max(1, queries.Length / tokens / shape.KeyDim);
        fixed (float* q = queries, o = output)
        {
            Attend(
                view,
                Describe(q, queries.Length, tokens, heads, shape.KeyDim, nameof(queries)),
                Describe(o, output.Length, tokens, heads, shape.ValueDim, nameof(output)),
                scoring);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static KvTensor Describe(float* address, int length, int tokens, int heads, int headDim, string name)
    {
        if (length != (long)tokens * heads * headDim)
        {
            Throw.Argument($"{name} have {length} elements; expected {tokens} × {heads} × {headDim}.", name);
        }

        return tokens == 0 ? default : new KvTensor((nint)address, tokens, heads, headDim);
    }

    private static float Read(nint address, int index, KvElementType type) => type switch
    {
        KvElementType.Float32 => ((float*)address)[index],
        KvElementType.Float16 => (float)BitConverter.UInt16BitsToHalf(((ushort*)address)[index]),
        _ => BitConverter.UInt32BitsToSingle((uint)((ushort*)address)[index] << 16),
    };

    private static void Write(nint address, int index, KvElementType type, float value)
    {
        if (type == KvElementType.Float32)
        {
            ((float*)address)[index] = value;
            return;
        }

        uint bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)address)[index] = type == KvElementType.Float16
            ? BitConverter.HalfToUInt16Bits((Half)value)
            : float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
