namespace KvCache.Attention;

/// <summary>The operands of an append.</summary>
/// <param name="Cache">The cache's side.</param>
/// <param name="Keys">The new keys: [token][head][dim].</param>
/// <param name="KeyStride">Floats from a token to the next.</param>
/// <param name="Values">The new values.</param>
/// <param name="ValueStride">Floats from a token to the next.</param>
internal readonly unsafe record struct AppendCall(
    AttentionCall Cache, nint Keys, long KeyStride, nint Values, long ValueStride);
