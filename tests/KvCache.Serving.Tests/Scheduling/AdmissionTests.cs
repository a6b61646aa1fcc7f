using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>Policies: who may start, and whose memory is taken.</summary>
public sealed class AdmissionTests
{
    [Fact]
    public void A_policy_may_pass_over_requests_or_end_the_scan()
    {
        Scripted policy = new() { ["b"] = AdmissionDecision.Skip, ["d"] = AdmissionDecision.Stop };
        using Engine engine = new(blocks: 20, options: options => options with { Admission = policy });
        foreach (string tag in (string[])["a", "b", "c", "d", "e"])
        {
            engine.Submit(prompt: 2, maxTokens: 3, tag);
        }

        Assert.Equal("a:2 c:2", engine.Step());
        Assert.Equal(["a+0+2", "b+0+2", "c+0+2", "d+0+2"], policy.Asked);
        policy.Clear();
        Assert.Equal("a:1 c:1 b:2 d:2 e:2", engine.Step());
        engine.RunToEnd();
        Assert.Equal(2, policy.Steps);
    }

    [Fact]
    public void A_policy_is_told_the_hit_and_the_chunk()
    {
        Scripted policy = [];
        using Engine engine = new(blocks: 20, prefixCaching: true, options: options => options with { Admission = policy, MaxStepTokens = 10 });
        engine.Submit(prompt: 9, maxTokens: 1, tag: "a");
        engine.RunToEnd();
        engine.Submit(prompt: 30, maxTokens: 1, tag: "b");
        engine.RunToEnd();
        Assert.Equal(["a+0+9", "b+8+10"], policy.Asked);
    }

    [Fact]
    public void Prompts_that_begin_alike_wait_for_the_blocks_they_can_share()
    {
        using Engine engine = new(
            blocks: 40, prefixCaching: true, options: static options => options with { Admission = new SharedPrefixAdmission(), MaxStepTokens = 24 });
        engine.Submit(prompt: 20, maxTokens: 2, tag: "a");
        engine.Submit(prompt: 21, maxTokens: 2, tag: "b");
        engine.Submit(new ServingRequest([9, 9], 2) { Tag = "c" });
        engine.Submit(new ServingRequest([.. Enumerable.Range(0, 9)], 2) { Tag = "d", SequenceOptions = new KvSequenceOptions { Namespace = new KvNamespace(Salt: "x") } });
        Assert.Equal(["a:20 c:2 d:2", "a:1 c:1 d:7 b:1", "d:1 b:1"], Enumerable.Range(0, 3).Select(_ => engine.Step()));
        Assert.Equal(20, engine.Scheduler.Statistics.HitTokens);
    }

    [Fact]
    public void The_victim_is_the_last_to_start_of_the_least_urgent()
    {
        ServingRequest[] running = [.. new[] { 0, 2, 1, 2, 1, 0 }.Select(static priority => Engine.Request(1, 1, priority: priority))];
        LastStartedVictim policy = new();
        Assert.Equal(3, policy.Choose(running));
        Assert.Equal(2, policy.Choose(running.AsSpan(4..6)[..1]) + 2);
        Assert.Equal(1, policy.Choose([running[0], running[5]]));
    }

    [Fact]
    public void Another_victim_may_be_chosen()
    {
        using Engine engine = new(blocks: 5, options: static options => options with { Victims = new First() });
        engine.Submit(prompt: 8, maxTokens: 2, tag: "a");
        engine.Submit(prompt: 8, maxTokens: 2, tag: "b");
        engine.Step();
        Assert.Equal("a:1", engine.Step());
        engine.Submit(prompt: 8, maxTokens: 2, tag: "c");
        engine.RunToEnd();
        Assert.Contains("b preempted", engine.Heard);
    }

    private sealed class First : IVictimPolicy
    {
        public int Choose(ReadOnlySpan<ServingRequest> running) => running.Length > 1 ? 1 : 0;
    }

    /// <summary>Decides by tag; admits whom it does not know.</summary>
    private sealed class Scripted : Dictionary<string, AdmissionDecision>, IAdmissionPolicy
    {
        public List<string> Asked { get; } = [];

        public int Steps { get; private set; }

        public void BeginStep(ContinuousBatchScheduler scheduler) => Steps++;

        public AdmissionDecision Decide(AdmissionCandidate candidate)
        {
            string tag = (string)candidate.Request.Tag!;
            Asked.Add($"{tag}+{candidate.HitTokens}+{candidate.Tokens}");
            return GetValueOrDefault(tag);
        }

        private AdmissionDecision GetValueOrDefault(string tag) => TryGetValue(tag, out AdmissionDecision decision) ? decision : AdmissionDecision.Admit;
    }
}
