namespace Generate.Engine;

/// <summary>What an engine has done so far.</summary>
internal sealed class EngineStatistics
{
    public int Steps { get; private set; }

    /// <summary>Gets the tokens computed several at a time: prompts, and whatever was preempted.</summary>
    public long PrefillTokens { get; private set; }

    /// <summary>Gets the tokens computed one at a time.</summary>
    public long DecodeTokens { get; private set; }

    public TimeSpan PrefillTime { get; private set; }

    public TimeSpan DecodeTime { get; private set; }

    /// <summary>Gets the tokens that were found in the cache when a sequence was opened.</summary>
    public long HitTokens { get; set; }

    public int Forks { get; set; }

    public int Preemptions { get; set; }

    /// <summary>Counts a step; the time of one that does both is divided by their tokens.</summary>
    public void AddStep(int prefillTokens, int decodeTokens, TimeSpan time)
    {
        Steps++;
        PrefillTokens += prefillTokens;
        DecodeTokens += decodeTokens;
        TimeSpan prefillTime = time * prefillTokens / (prefillTokens + decodeTokens);
        PrefillTime += prefillTime;
        DecodeTime += time - prefillTime;
    }
}
