namespace Replay.Demonstration;

/// <summary>Generates conversations: popular system prompts, popular sessions, turns of many sessions interleaved.</summary>
internal sealed class WorkloadGenerator
{
    /// <summary>The tokens of a conversation lie below.</summary>
    public const int Vocabulary = 128_000;

    private const int ShortestSystemPrompt = 64;
    private const int LongestSystemPrompt = 768;
    private const int ShortestMessage = 8;
    private const int LongestMessage = 256;
    private const int ShortestAnswer = 8;
    private const int LongestAnswer = 192;
    private readonly DemonstrationOptions _options;
    private readonly Random _random;
    private readonly ZipfSampler _systemPromptRanks;
    private readonly ZipfSampler _sessionRanks;
    private readonly int[][] _systemPrompts;
    private readonly int?[] _conversationOfSession;
    private readonly List<List<int>> _conversations = [];
    private readonly List<Turn> _turns = [];

    private WorkloadGenerator(DemonstrationOptions options)
    {
        _options = options;
        _random = new Random(options.Seed);
        _systemPromptRanks = new ZipfSampler(_random, options.SystemPrompts, options.ZipfExponent);
        _sessionRanks = new ZipfSampler(_random, options.Sessions, options.ZipfExponent);
        _conversationOfSession = new int?[options.Sessions];
        _systemPrompts = new int[options.SystemPrompts][];
        for (int i = 0; i < _systemPrompts.Length; i++)
        {
            _systemPrompts[i] = RandomTokens(_random.Next(ShortestSystemPrompt, LongestSystemPrompt + 1));
        }
    }

    public static Workload Generate(DemonstrationOptions options)
    {
        WorkloadGenerator generator = new(options);
        Queue<int> recentSessions = [];
        for (int i = 0; i < options.Turns; i++)
        {
            generator.AddTurn(generator.NextSession(recentSessions));
        }

        return new Workload(generator._conversations, generator._turns);
    }

    /// <summary>Draws a session that has had no turn lately: people read an answer before they go on.</summary>
    private int NextSession(Queue<int> recent)
    {
        int session;
        do
        {
            session = _sessionRanks.Next();
        }
        while (recent.Contains(session));
        recent.Enqueue(session);
        if (recent.Count > Math.Min(_options.MaxRunning, _options.Sessions - 1))
        {
            recent.Dequeue();
        }

        return session;
    }

    private void AddTurn(int session)
    {
        int[] message = RandomTokens(_random.Next(ShortestMessage, LongestMessage + 1));
        int[] answer = RandomTokens(_random.Next(ShortestAnswer, LongestAnswer + 1));
        int samples = _random.NextDouble() < _options.ParallelSampling ? 2 : 1;
        int number = ConversationFor(session, message.Length + answer.Length);
        List<int> conversation = _conversations[number];
        conversation.AddRange(message);
        _turns.Add(new Turn(number, conversation.Count, answer.Length, samples));
        conversation.AddRange(answer);
    }

    private int ConversationFor(int session, int addedTokens)
    {
        if (_conversationOfSession[session] is int current &&
            _conversations[current].Count + addedTokens <= _options.LongestConversation)
        {
            return current;
        }

        _conversations.Add([.. _systemPrompts[_systemPromptRanks.Next()]]);
        _conversationOfSession[session] = _conversations.Count - 1;
        return _conversations.Count - 1;
    }

    private int[] RandomTokens(int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = _random.Next(Vocabulary);
        }

        return tokens;
    }
}
