namespace KvCache.Benchmarks.Suspension;

/// <summary>Fills the keys and values of a sequence with words that depend on layer, position and place, and finds out whether they are all still there.</summary>
internal static unsafe class TokenPattern
{
    public static void Write(KvStep step, int layers, int tokens) => Visit(step, layers, tokens, static (words, seed) =>
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Word(seed, i);
        }

        return true;
    });

    public static bool IsIntact(KvStep step, int layers, int tokens) => Visit(step, layers, tokens, static (words, seed) =>
    {
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] != Word(seed, i))
            {
                return false;
            }
        }

        return true;
    });

    private static bool Visit(KvStep step, int layers, int tokens, Func<Span<ulong>, ulong, bool> visit)
    {
        bool holds = true;
        for (int layer = 0; layer < layers; layer++)
        {
            KvLayerView view = step.Enter(layer);
            ReadOnlySpan<int> pages = view.PageTableRow(0);
            for (int position = 0; position < tokens; position++)
            {
                (int page, int offset) = Math.DivRem(position, view.TokensPerPage);
                nint key = view.KeyBase + (nint)((pages[page] * view.KeyPageStride) + (offset * view.KeyTokenStride));
                nint value = view.ValueBase + (nint)((pages[page] * view.ValuePageStride) + (offset * view.ValueTokenStride));
                ulong seed = ((ulong)layer << 32) | (uint)(2 * position);
                holds &= visit(new Span<ulong>((void*)key, (int)view.Shape.KeyBytesPerToken / sizeof(ulong)), seed);
                holds &= visit(new Span<ulong>((void*)value, (int)view.Shape.ValueBytesPerToken / sizeof(ulong)), seed + 1);
            }

            step.Leave(layer);
        }

        return holds;
    }

    private static ulong Word(ulong seed, int index) => ((seed + 1) * 0x9E3779B97F4A7C15) ^ ((ulong)index * 0xD1B54A32D192ED03);
}
