using KvCache.Serving.Simulation;

namespace KvCache.Serving.Traces;

/// <summary>One request of a trace.</summary>
/// <param name="Index">Its place in the trace, from 0.</param>
/// <param name="Line">Its line in the file, from 1; 0 where there is none.</param>
/// <param name="Arrival">When it arrives, in whole microseconds.</param>
/// <param name="PromptTokens">Tokens in its prompt, as the trace has it; 0 is possible.</param>
/// <param name="OutputTokens">Tokens in its answer, as the trace has it; 0 is possible.</param>
public sealed record TraceRequest(int Index, long Line, TimeSpan Arrival, int PromptTokens, int OutputTokens)
{
    /// <summary>
    /// Gets the numbers of the prompt's blocks: equal numbers at equal positions of a chain mean equal tokens. Empty where the trace
    /// says nothing about content. They are those of the trace's ids renumbered from 0, as the reader met them.
    /// </summary>
    public ReadOnlyMemory<int> Blocks { get; init; }

    /// <summary>Gets the tokens that one of the blocks stands for; 0 where there are none.</summary>
    public int BlockTokens { get; init; }

    /// <summary>Gets what the request says: tokens made of its blocks, and behind them tokens that no other request has.</summary>
    public ITokenSource Text => new TraceText(this);
}
