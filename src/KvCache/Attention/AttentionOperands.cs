namespace KvCache.Attention;

/// <summary>Checks operands against a view, before anything is read or written, wherever attention is computed.</summary>
internal static class AttentionOperands
{
    public static void CheckAppend(KvLayerView view, KvTensor keys, KvTensor values)
    {
        KvLayerGroup shape = view.Shape;
        Check(keys, nameof(keys), view.TokenCount, shape.KvHeads, shape.KeyDim);
        Check(values, nameof(values), view.TokenCount, shape.KvHeads, shape.ValueDim);
    }

    public static void CheckAttend(KvLayerView view, KvTensor queries, KvTensor output)
    {
        KvLayerGroup shape = view.Shape;
        Check(queries, nameof(queries), view.TokenCount, queries.Heads, shape.KeyDim);
        if (queries.Heads % shape.KvHeads != 0)
        {
            Throw.Argument(
                $"queries have {queries.Heads} heads; expected a multiple of the layer's {shape.KvHeads} KV heads.", nameof(queries));
        }

        Check(output, nameof(output), view.TokenCount, queries.Heads, shape.ValueDim);
    }

    /// <summary>Checks that the processor can read the cache.</summary>
    public static void CheckHostMemory(KvLayerView view)
    {
        if (!view.Device.IsHostAccessible)
        {
            throw new NotSupportedException(
                $"The cache lies on device '{view.Device.Name}', whose addresses the processor cannot read.");
        }
    }

    private static void Check(KvTensor tensor, string name, int tokens, int heads, int headDim)
    {
        if (tensor.ElementType != KvElementType.Float32)
        {
            Throw.Argument($"{name} are {tensor.ElementType}; expected Float32.", name);
        }

        // A default tensor has no heads: it stands for nothing, and is as good as any where there is nothing to do.
        if (tensor.Tokens != tokens || (tokens > 0 && (tensor.Heads != heads || tensor.HeadDim != headDim)))
        {
            Throw.Argument($"{name} have shape {tensor}; expected [{tokens}][{heads}][{headDim}].", name);
        }
    }
}
