namespace KvCache.Serving.Traces;

/// <summary>The forms that traces come in.</summary>
public enum TraceForm
{
    /// <summary>
    /// JSON lines with <c>timestamp</c> or <c>timestamp_ms</c> (milliseconds), <c>input_length</c>, <c>output_length</c> and
    /// <c>hash_ids</c>, as Mooncake publishes them.
    /// </summary>
    Mooncake,

    /// <summary>CSV with <c>TIMESTAMP,ContextTokens,GeneratedTokens</c>, as Azure publishes them: dates, arrivals count from the first.</summary>
    Azure,

    /// <summary>CSV with <c>arrived_at,num_prefill_tokens,num_decode_tokens</c>, as Vidur and vAttention have them: seconds.</summary>
    Vidur,

    /// <summary>CSV with <c>arrived_at_s,input_tokens,output_tokens</c>: seconds.</summary>
    Lengths,
}
