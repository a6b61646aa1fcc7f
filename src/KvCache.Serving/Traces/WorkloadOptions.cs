namespace KvCache.Serving.Traces;

/// <summary>What a generated load is like.</summary>
/// <remarks>
/// A conversation begins with one of the system prompts, if there are any; each turn adds a message, and its prompt is everything said so
/// far. The next turn comes a time to think after the turn before it arrived, whether that was answered by then or not.
/// </remarks>
public sealed record WorkloadOptions
{
    /// <summary>Gets the number of requests, over all conversations; at least 1.</summary>
    public required int Requests { get; init; }

    /// <summary>Gets when conversations begin; of one turn each, that is when requests arrive.</summary>
    public required ArrivalProcess Arrivals { get; init; }

    /// <summary>Gets the tokens of a message; one that has none gets one.</summary>
    public required LengthDistribution PromptTokens { get; init; }

    /// <summary>Gets the tokens of an answer; one that has none gets one.</summary>
    public required LengthDistribution OutputTokens { get; init; }

    /// <summary>Gets the turns of a conversation; one that has none gets one.</summary>
    /// <value>Default: 1.</value>
    public LengthDistribution Turns { get; init; } = LengthDistribution.Fixed(1);

    /// <summary>Gets the mean time from one turn to the next, exponentially distributed; at least 0.</summary>
    /// <value>Default: 30 s.</value>
    public TimeSpan ThinkTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the number of different system prompts, of which every conversation has one, each equally often; at least 0.</summary>
    /// <value>Default: 0: conversations share nothing with each other.</value>
    public int SystemPrompts { get; init; }

    /// <summary>Gets the tokens of a system prompt.</summary>
    /// <value>Default: 512.</value>
    public LengthDistribution SystemPromptTokens { get; init; } = LengthDistribution.Fixed(512);

    /// <summary>Gets the most tokens of a prompt with its answer: a conversation ends before the turn that would be longer; at least 2.</summary>
    /// <value>Default: 2³¹ − 1, no limit.</value>
    public int LongestConversation { get; init; } = int.MaxValue;

    /// <summary>Gets what the random numbers begin from: the same seed gives the same load.</summary>
    /// <value>Default: 0.</value>
    public int Seed { get; init; }

    internal void Validate()
    {
        AtLeast(Requests, 1, nameof(Requests));
        AtLeast(SystemPrompts, 0, nameof(SystemPrompts));
        AtLeast(LongestConversation, 2, nameof(LongestConversation));
        if (ThinkTime < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(ThinkTime), ThinkTime, $"{nameof(ThinkTime)} is {ThinkTime}; expected at least 0.");
        }
    }

    private static void AtLeast(int value, int least, string name)
    {
        if (value < least)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected at least {least}.");
        }
    }
}
