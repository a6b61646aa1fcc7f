namespace KvCache.Serving.Tests.Replay;

/// <summary>Writes lines of a trace.</summary>
internal static class TraceText
{
    public static string Line(int inputLength, params int[] ids) =>
        $$"""{"timestamp": 0, "input_length": {{inputLength}}, "output_length": 1, "hash_ids": [{{string.Join(", ", ids)}}]}""" + "\n";
}
