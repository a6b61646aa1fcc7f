using KvCache.Serving.Simulation;

namespace KvCache.Serving.Traces;

/// <summary>Makes tokens of block numbers: equal numbers give equal tokens, different ones different tokens at every position.</summary>
/// <remarks>A block is filled with its number, so that prompts stay different at any finer block size too.</remarks>
internal sealed class TraceText(TraceRequest request) : ITokenSource
{
    public void Read(int position, Span<int> tokens)
    {
        ReadOnlySpan<int> blocks = request.Blocks.Span;
        int end = (int)Math.Min(request.PromptTokens, (long)blocks.Length * request.BlockTokens);
        while (!tokens.IsEmpty && position < end)
        {
            (int block, int offset) = Math.DivRem(position, request.BlockTokens);
            int count = Math.Min(Math.Min(request.BlockTokens - offset, end - position), tokens.Length);
            tokens[..count].Fill(blocks[block]);
            tokens = tokens[count..];
            position += count;
        }

        // Tokens without a block belong to this request alone: no block has a negative number.
        tokens.Fill(~request.Index);
    }
}
