using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;

namespace Generate.Engine;

/// <summary>What an engine has done so far, and in what time.</summary>
internal sealed class EngineStatistics(ContinuousBatchScheduler scheduler)
{
    private TimeSpan _firstTokenTime;
    private int _firstTokens;

    public long Steps => scheduler.Statistics.Steps;

    /// <summary>Gets the tokens of prompts that were computed, and whatever was preempted.</summary>
    public long PrefillTokens => scheduler.Statistics.PrefillTokens;

    /// <summary>Gets the tokens computed one at a time to continue a text.</summary>
    public long DecodeTokens => scheduler.Statistics.DecodeTokens;

    /// <summary>Gets the tokens that were found in the cache when a sequence was opened.</summary>
    public long HitTokens => scheduler.Statistics.HitTokens;

    public long Preemptions => scheduler.Statistics.Preemptions;

    public TimeSpan PrefillTime { get; private set; }

    public TimeSpan DecodeTime { get; private set; }

    public int Forks { get; set; }

    /// <summary>Gets the mean time from a text's submission to its first token, over those that have ended with one.</summary>
    public TimeSpan MeanTimeToFirstToken => _firstTokens > 0 ? _firstTokenTime / _firstTokens : TimeSpan.Zero;

    /// <summary>Notes that a text has ended.</summary>
    public void AddEnded(ServingRequest request)
    {
        if (request.FirstTokenAt is { } first)
        {
            _firstTokenTime += first - request.SubmittedAt;
            _firstTokens++;
        }
    }

    /// <summary>Adds a step's time; that of one which does both is divided by their tokens.</summary>
    public void AddStep(StepWork work, TimeSpan time)
    {
        TimeSpan prefillTime = time * work.PrefillTokens / work.Tokens;
        PrefillTime += prefillTime;
        DecodeTime += time - prefillTime;
    }
}
