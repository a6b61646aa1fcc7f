namespace KvCache.Attention;

/// <summary>Shorter forms of <see cref="IKvAttention"/>'s calls.</summary>
public static class KvAttentionExtensions
{
    /// <summary>Attends with the default scoring, 1 / √(key dim) and no cap.</summary>
    /// <param name="attention">What computes it.</param>
    /// <param name="view">The layer; the step's own keys and values have been appended.</param>
    /// <param name="queries">[<see cref="KvLayerView.TokenCount"/>][query heads][key dim].</param>
    /// <param name="output">[<see cref="KvLayerView.TokenCount"/>][query heads][value dim]; overwritten.</param>
    public static void Attend(this IKvAttention attention, KvLayerView view, KvTensor queries, KvTensor output)
    {
        ArgumentNullException.ThrowIfNull(attention);
        attention.Attend(view, queries, output, default);
    }
}
