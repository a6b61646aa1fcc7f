using System.Diagnostics;

namespace KvCache.Serving.Scheduling;

/// <summary>A prompt and what is wanted of it, and, once submitted, how far it has come.</summary>
/// <remarks>
/// <para>It keeps its tokens; its sequence in the cache it may lose by preemption and get again.</para>
/// <para>Threads: those of the scheduler that it was submitted to. Times are the scheduler's, from its making on.</para>
/// </remarks>
[DebuggerDisplay("{Status}: {PromptLength} + {OutputLength} of {MaxTokens}, computed {ComputedLength}")]
public sealed class ServingRequest
{
    /// <summary>Answers of up to so many tokens have their place from the start; that of longer ones grows by doubling.</summary>
    private const int InitialOutput = 1024;
    private int[] _tokens;

    /// <summary>Makes a request. Copies the prompt.</summary>
    /// <param name="prompt">The tokens to continue; at least one.</param>
    /// <param name="maxTokens">The most tokens to generate; at least 1.</param>
    /// <exception cref="ArgumentException"><paramref name="prompt"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> is below 1.</exception>
    public ServingRequest(ReadOnlySpan<int> prompt, int maxTokens)
    {
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("The prompt has no tokens; expected at least one.", nameof(prompt));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        _tokens = new int[Math.Min(Array.MaxLength, prompt.Length + (long)Math.Min(maxTokens, InitialOutput))];
        prompt.CopyTo(_tokens);
        PromptLength = prompt.Length;
        TokenCount = prompt.Length;
        MaxTokens = maxTokens;
    }

    /// <summary>Gets the urgency: a smaller number goes first and is preempted last.</summary>
    /// <value>Default: 0.</value>
    public int Priority { get; init; }

    /// <summary>Gets the tokens that end the answer and are no part of it.</summary>
    /// <value>Default: null, none.</value>
    public IReadOnlySet<int>? StopTokens { get; init; }

    /// <summary>Gets with whom the request shares prefixes.</summary>
    /// <value>Default: null, <see cref="KvSequenceOptions.Default"/>.</value>
    public KvSequenceOptions? SequenceOptions { get; init; }

    /// <summary>Gets or sets what the engine knows the request by; the scheduler does not look at it.</summary>
    public object? Tag { get; set; }

    /// <summary>Gets the most tokens to generate.</summary>
    public int MaxTokens { get; }

    /// <summary>Gets the number of tokens in the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Gets the number of tokens known so far.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Gets the number of tokens generated so far.</summary>
    public int OutputLength => TokenCount - PromptLength;

    /// <summary>Gets the tokens known so far, those of the prompt first. Valid until the next one is added.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>Gets where the request stands.</summary>
    public RequestStatus Status { get; internal set; }

    /// <summary>Gets the memory of its keys and values; null while it waits for some and is not suspended, and after its end.</summary>
    public KvSequence? Sequence { get; internal set; }

    /// <summary>Gets whether its keys and values are kept on the host while it waits.</summary>
    public bool IsSuspended => Sequence is { IsSuspended: true };

    /// <summary>Gets how many leading tokens have their keys and values in memory, be it the host's.</summary>
    public int ComputedLength => Sequence?.ComputedLength ?? 0;

    /// <summary>Gets how often its memory was taken.</summary>
    public int Preemptions { get; internal set; }

    /// <summary>Gets the tokens found in the cache, over all times that the request was given memory.</summary>
    public long HitTokens { get; internal set; }

    /// <summary>Gets the tokens computed once more, because their memory was taken.</summary>
    public long RecomputedTokens { get; internal set; }

    /// <summary>Gets when the request was submitted.</summary>
    public TimeSpan SubmittedAt { get; internal set; }

    /// <summary>Gets when the first step was made that it has a row in, or null before.</summary>
    public TimeSpan? StartedAt { get; internal set; }

    /// <summary>Gets when its first token came, or null before.</summary>
    public TimeSpan? FirstTokenAt { get; internal set; }

    /// <summary>Gets when it ended, or null before.</summary>
    public TimeSpan? EndedAt { get; internal set; }

    /// <summary>The most positions that it can come to need in the cache: the last token is never computed.</summary>
    internal long MostPositions => PromptLength + (long)MaxTokens - 1;

    /// <summary>Its place among all requests of its scheduler, in the order of arrival.</summary>
    internal long Number { get; set; }

    /// <summary>Whose it is, once submitted.</summary>
    internal ContinuousBatchScheduler? Scheduler { get; set; }

    /// <summary>What the step being made computes of it; 0 for nothing.</summary>
    internal int Chunk { get; set; }

    /// <summary>Whether it is to end with the open step.</summary>
    internal bool IsCancelRequested { get; set; }

    /// <summary>How many leading tokens had been computed when memory was taken; those are computed for the second time.</summary>
    internal int ComputedBefore { get; set; }

    internal int UncomputedLength => TokenCount - ComputedLength;

    /// <summary>Takes a generated token in.</summary>
    /// <returns>Whether the answer ends with it.</returns>
    internal bool Append(int token)
    {
        if (StopTokens is not null && StopTokens.Contains(token))
        {
            return true;
        }

        if (TokenCount == _tokens.Length)
        {
            Array.Resize(ref _tokens, (int)Math.Min(Array.MaxLength, Math.Min(PromptLength + (long)MaxTokens, TokenCount * 2L)));
        }

        _tokens[TokenCount++] = token;
        return OutputLength == MaxTokens;
    }
}
