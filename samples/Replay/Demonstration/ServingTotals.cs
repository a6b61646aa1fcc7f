using System.Diagnostics;

namespace Replay.Demonstration;

/// <summary>What is summed up while turns are served.</summary>
internal sealed class ServingTotals
{
    private double _waste;
    private long _steps;

    /// <summary>Gets the time inside the manager.</summary>
    public Stopwatch ManagerTime { get; } = new();

    public long PromptTokens { get; private set; }

    public long HitTokens { get; private set; }

    /// <summary>Gets or sets the requests for memory that were refused.</summary>
    public long Refusals { get; set; }

    /// <summary>Gets or sets the blocks of all sequences that were closed.</summary>
    public long Blocks { get; set; }

    public double HitRate => (double)HitTokens / PromptTokens;

    public double AverageWaste => _waste / _steps;

    public double NanosecondsPerBlock => ManagerTime.Elapsed.TotalNanoseconds / Blocks;

    public void AddPrompt(int tokens, int hit)
    {
        PromptTokens += tokens;
        HitTokens += hit;
    }

    public void AddWaste(long emptySlots, long ownedSlots)
    {
        _waste += (double)emptySlots / ownedSlots;
        _steps++;
    }
}
