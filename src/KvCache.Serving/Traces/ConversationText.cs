using KvCache.Serving.Simulation;

namespace KvCache.Serving.Traces;

/// <summary>What a generated conversation says: its system prompt's number, then its own.</summary>
/// <remarks>All turns have the same text, so that a turn's prompt begins with the prompt and the answer before it.</remarks>
internal sealed class ConversationText(int number, int systemPrompt, int systemPromptTokens) : ITokenSource
{
    public void Read(int position, Span<int> tokens)
    {
        int shared = Math.Clamp(systemPromptTokens - position, 0, tokens.Length);
        tokens[..shared].Fill(systemPrompt);

        // No system prompt has a negative number.
        tokens[shared..].Fill(~number);
    }
}
