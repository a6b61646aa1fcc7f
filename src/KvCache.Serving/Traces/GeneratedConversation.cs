using KvCache.Serving.Simulation;

namespace KvCache.Serving.Traces;

/// <summary>A conversation being generated: how long it is by now, and the lengths of its next turn.</summary>
internal sealed class GeneratedConversation
{
    private readonly WorkloadOptions _options;
    private readonly Random _random;
    private readonly ConversationText _text;
    private int _turnsLeft;
    private long _length;
    private int _message;
    private int _answer;

    public GeneratedConversation(WorkloadOptions options, Random random, int number, int systemPrompt, int systemPromptTokens)
    {
        _options = options;
        _random = random;
        _text = new ConversationText(number, systemPrompt, systemPromptTokens);
        _turnsLeft = Math.Max(1, options.Turns.Next(random));
        _length = systemPromptTokens;
        Draw();
    }

    /// <summary>Whether there is another turn, and it is not too long.</summary>
    public bool HasNext => _turnsLeft > 0 && _length + _message + _answer <= _options.LongestConversation;

    /// <summary>Takes the next turn. The first one is shortened where it would be too long.</summary>
    public SimulatedRequest Take(double arrival)
    {
        int answer = Math.Min(_answer, _options.LongestConversation - 1);
        int prompt = (int)Math.Min(_length + _message, _options.LongestConversation - answer);
        _length = (long)prompt + answer;
        _turnsLeft--;
        Draw();
        TimeSpan time = TimeSpan.FromTicks((long)(arrival * 1e6) * TimeSpan.TicksPerMicrosecond);
        return new SimulatedRequest(time, prompt, answer) { Text = _text };
    }

    private void Draw()
    {
        _message = Math.Max(1, _options.PromptTokens.Next(_random));
        _answer = Math.Max(1, _options.OutputTokens.Next(_random));
    }
}
