using Xunit;

namespace KvCache.Specs.Model;

/// <summary>Counts what the programs of a run came across, so that a run which tests nothing is noticed.</summary>
public sealed class ModelTally
{
    private readonly long[] _refusals = new long[Enum.GetValues<KvRefusal>().Length];

    public long Operations { get; set; }

    public long Opened { get; set; }

    public long HitTokens { get; set; }

    public long Steps { get; set; }

    public long ComputedTokens { get; set; }

    public long ReadTokens { get; set; }

    public void Count(KvRefusal refusal) => _refusals[(int)refusal]++;

    public void CheckReach(bool prefixCaching, bool late, bool copiesFail)
    {
        Assert.True(Opened > 0 && Steps > 0 && ComputedTokens > 0 && ReadTokens > 0, ToString());
        Assert.True(HitTokens > 0 == prefixCaching, ToString());
        Assert.True(_refusals[(int)KvRefusal.OutOfDeviceMemory] > 0 && _refusals[(int)KvRefusal.TooLong] > 0, ToString());
        Assert.True(_refusals[(int)KvRefusal.TransferFailed] > 0 == late || !copiesFail, ToString());
    }

    public override string ToString() =>
        $"{Operations} operations, {Opened} opened, {HitTokens} tokens hit, {Steps} steps, {ComputedTokens} tokens computed, "
        + $"{ReadTokens} read back; {string.Join(", ", Enum.GetValues<KvRefusal>().Select(refusal => $"{refusal} {_refusals[(int)refusal]}"))}";
}
