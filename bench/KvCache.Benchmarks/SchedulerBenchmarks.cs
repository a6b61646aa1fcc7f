using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Serving.Scheduling;

namespace KvCache.Benchmarks;

/// <summary>A step of continuous batching in which every running request decodes: scheduling, and the manager's bookkeeping with it.</summary>
[BenchmarkCategory("scheduler")]
[Config(typeof(SchedulerSettings))]
public class SchedulerBenchmarks
{
    // Behind a prompt of 33 blocks a sequence's table has room for 64: what is measured is steady.
    private const int Steps = 450;
    private const int PromptTokens = 528;
    private const int BlockTokens = 16;
    private const int BlocksPerRequest = (PromptTokens + Steps + BlockTokens) / BlockTokens + 1;
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(1);
    private PagedKvAllocator _allocator = null!;
    private ContinuousBatchScheduler _scheduler = null!;
    private NaiveScheduler _naive = null!;
    private int[] _tokens = [];
    private int _generation;

    [Params(1, 32, 256, 1024)]
    public int Running { get; set; }

    [Params(false, true)]
    public bool PrefixCaching { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _allocator = new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(layers: 32, kvHeads: 8, headDim: 128),
            Device = new DryDevice(),
            BlockTokens = BlockTokens,
            BlockCount = Running * BlocksPerRequest,
            PrefixCaching = PrefixCaching,
        });
        _scheduler = new ContinuousBatchScheduler(
            _allocator, new SchedulerOptions { MaxSequences = Running, MaxStepTokens = Running * PromptTokens });
        _naive = new NaiveScheduler(Running * BlocksPerRequest, BlockTokens);
        _tokens = new int[Running];
        Warm(StartRequests, ContinuousBatchScheduler);
        Warm(StartNaiveRequests, Lists);
    }

    [GlobalCleanup]
    public void Cleanup() => _allocator.Dispose();

    [IterationSetup(Target = nameof(ContinuousBatchScheduler))]
    public void StartRequests()
    {
        foreach (ServingRequest request in _scheduler.Running.ToArray())
        {
            _scheduler.Cancel(request);
        }

        _generation++;
        for (int i = 0; i < Running; i++)
        {
            Require(_scheduler.TrySubmit(new ServingRequest(Prompt(i), Steps + 2), out _));
        }

        Require(Step() == Running * PromptTokens && _scheduler.Running.Length == Running);
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public int ContinuousBatchScheduler()
    {
        int tokens = 0;
        for (int i = 0; i < Steps; i++)
        {
            tokens += Step();
        }

        Require(tokens == Steps * Running);
        return tokens;
    }

    [IterationSetup(Target = nameof(Lists))]
    public void StartNaiveRequests()
    {
        _naive.Clear();
        for (int i = 0; i < Running; i++)
        {
            _naive.Start(Prompt(i), Steps + 2);
        }

        _naive.Step(token: 0);
    }

    /// <summary>Finds no prefixes, whatever is asked.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Steps)]
    public int Lists()
    {
        int rows = 0;
        for (int i = 0; i < Steps; i++)
        {
            rows += _naive.Step(token: 0);
        }

        return rows;
    }

    /// <summary>The runtime compiles for speed what has run for a while, in the background: runs of few requests would be over before it.</summary>
    private static void Warm(Action prepare, Func<int> run)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Warming;)
        {
            prepare();
            run();
        }
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("Not every running request decoded a token in every step.");
        }
    }

    private int[] Prompt(int number)
    {
        int[] prompt = new int[PromptTokens];
        prompt.AsSpan().Fill((_generation * Running) + number);
        return prompt;
    }

    private int Step()
    {
        Require(_scheduler.TrySchedule(out ScheduledStep step));
        int tokens = step.TokenCount;
        using (KvStep memory = _allocator.BeginStep(step.Rows))
        {
            memory.Complete();
        }

        _scheduler.Complete(step, _tokens.AsSpan(0, step.SampledRows));
        return tokens;
    }
}
