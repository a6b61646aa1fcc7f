namespace Replay.Traces;

/// <summary>Makes prompts from block ids: equal ids give equal tokens, different ids different tokens at every position.</summary>
/// <remarks>
/// Ids are renumbered densely and a block is filled with its number, so that no two ids collide however wide they are,
/// and prompts stay different at any finer block size too.
/// </remarks>
internal sealed class PromptTokens
{
    private readonly Dictionary<Int128, int> _numbers = [];
    private int[] _tokens = [];
    private int _requests;

    /// <summary>Gets how many different ids there were.</summary>
    public int DistinctBlocks => _numbers.Count;

    /// <summary>Makes the tokens of a request's prompt. The span is good until the next call.</summary>
    /// <param name="request">The request.</param>
    /// <param name="blockTokens">Tokens that one block id stands for.</param>
    public ReadOnlySpan<int> Make(TraceRequest request, int blockTokens)
    {
        if (_tokens.Length < request.InputLength)
        {
            _tokens = new int[Math.Min(Array.MaxLength, Math.Max(request.InputLength, _tokens.Length * 2L))];
        }

        Span<int> prompt = _tokens.AsSpan(0, request.InputLength);
        Span<int> rest = prompt;
        foreach (Int128 id in request.BlockIds)
        {
            int count = Math.Min(blockTokens, rest.Length);
            rest[..count].Fill(NumberOf(id));
            rest = rest[count..];
        }

        // Tokens without an id belong to this request alone: no id has a negative number.
        rest.Fill(~_requests);
        _requests++;
        return prompt;
    }

    private int NumberOf(Int128 id)
    {
        if (!_numbers.TryGetValue(id, out int number))
        {
            number = _numbers.Count;
            _numbers.Add(id, number);
        }

        return number;
    }
}
