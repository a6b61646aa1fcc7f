namespace KvCache.Serving.Simulation;

/// <summary>A request of a running simulation: its number and what it says.</summary>
internal sealed class Conversation(SimulatedRequest request, int index)
{
    public int Index => index;

    public SimulatedRequest Request => request;

    /// <summary>Reads tokens; where no source is given, a number that is this request's alone, and no trace's.</summary>
    public void Read(int position, Span<int> tokens)
    {
        if (request.Text is { } text)
        {
            text.Read(position, tokens);
        }
        else
        {
            tokens.Fill(-1 - index);
        }
    }
}
