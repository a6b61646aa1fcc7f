namespace KvCache.Attention;

/// <summary>Attention over a layer's view: writes a step's keys and values, and attends to everything before.</summary>
/// <remarks>
/// <para>One call serves a whole step: rows that decode (one query), rows that prefill over a cached prefix (many queries,
/// causal), and batches that mix both. Operands hold the positions of all rows one after the other, in the order of
/// <see cref="KvLayerView.QueryOffsets"/>.</para>
/// <para>Operands lie in memory that the view's device can read. On a device that works asynchronously the calls only
/// submit; the step's fence tells when they have finished.</para>
/// <para>Threads: one call at a time. Nothing is allocated on the managed heap once shapes have been seen.</para>
/// </remarks>
public interface IKvAttention : IDisposable
{
    /// <summary>Writes the keys and values of the step's positions into the layer's pages, rounding to nearest even.</summary>
    /// <param name="view">The layer, entered in a step that is open.</param>
    /// <param name="keys">[<see cref="KvLayerView.TokenCount"/>][KV heads][key dim].</param>
    /// <param name="values">[<see cref="KvLayerView.TokenCount"/>][KV heads][value dim].</param>
    /// <exception cref="ArgumentException">An operand has another shape or an element type that is not supported; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The view's step has ended.</exception>
    /// <exception cref="NotSupportedException">The view's memory is none that this attention can reach.</exception>
    void Append(KvLayerView view, KvTensor keys, KvTensor values);

    /// <summary>
    /// Computes, for each position i of the step, softmax(score(qᵢ·kⱼ))·vⱼ over the positions j ≤ i of its row.
    /// </summary>
    /// <param name="view">The layer; the step's own keys and values have been appended.</param>
    /// <param name="queries">[<see cref="KvLayerView.TokenCount"/>][query heads][key dim]; query heads are a multiple of
    /// the KV heads, query head h reads KV head h / (query heads / KV heads).</param>
    /// <param name="output">[<see cref="KvLayerView.TokenCount"/>][query heads][value dim]; overwritten. It may be the
    /// memory of <paramref name="queries"/> only where both have the same strides and dims.</param>
    /// <param name="scoring">How a dot product becomes a score.</param>
    /// <exception cref="ArgumentException">An operand has another shape or an element type that is not supported; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The view's step has ended.</exception>
    /// <exception cref="NotSupportedException">The view's memory is none that this attention can reach.</exception>
    void Attend(KvLayerView view, KvTensor queries, KvTensor output, KvScoring scoring);
}
