using System.Diagnostics;
using System.Runtime.InteropServices;
using Generate.Model;
using KvCache;
using KvCache.Serving.Scheduling;

namespace Generate.Engine;

/// <summary>The engine's loop: have a step scheduled, compute it, choose tokens, complete it.</summary>
/// <remarks>
/// <para>Nothing in it knows which manager stands behind <see cref="IKvAllocator"/>.</para>
/// <para>A text is the same whatever runs beside it, and however often it is preempted, as far as sums do not depend on how a
/// prompt is cut into chunks: kernels may round differently then, which shows where two tokens are all but equally likely.</para>
/// </remarks>
internal sealed class GenerationEngine : ISchedulerListener
{
    private readonly Transformer _model;
    private readonly IKvAllocator _allocator;
    private readonly IGenerationListener _listener;
    private readonly ContinuousBatchScheduler _scheduler;
    private readonly StepBatch _batch = new();
    private readonly List<int> _chosen = [];

    public GenerationEngine(Transformer model, IKvAllocator allocator, int stepTokens, IGenerationListener listener)
    {
        _model = model;
        _allocator = allocator;
        _listener = listener;
        _scheduler = new ContinuousBatchScheduler(allocator, new SchedulerOptions
        {
            MaxStepTokens = stepTokens,
            MaxSequences = int.MaxValue,
            Admission = new SharedPrefixAdmission(),
            Listener = this,
        });
        Statistics = new EngineStatistics(_scheduler);
    }

    public EngineStatistics Statistics { get; }

    /// <summary>Generates all texts, those of earlier requests first where there is not memory for all at once.</summary>
    /// <exception cref="GenerateException">A text cannot fit the memory; nothing has been generated then.</exception>
    public void Run(IReadOnlyList<GenerationRequest> requests)
    {
        for (int prompt = 0; prompt < requests.Count; prompt++)
        {
            Submit(requests[prompt], prompt);
        }

        while (_scheduler.TrySchedule(out ScheduledStep step))
        {
            long start = Stopwatch.GetTimestamp();
            ReadOnlySpan<float> logits = Compute(step);
            Statistics.AddStep(step.Work, Stopwatch.GetElapsedTime(start));
            Choose(step, logits);
            _scheduler.Complete(step, CollectionsMarshal.AsSpan(_chosen));
        }

        if (_scheduler.WaitingCount > 0)
        {
            throw new GenerateException($"{_scheduler.WaitingCount} texts get no memory while nothing else runs.");
        }
    }

    void ISchedulerListener.OnEnded(ServingRequest request)
    {
        Statistics.AddEnded(request);
        _listener.OnFinished(Generation.Of(request));
    }

    private void Submit(GenerationRequest request, int prompt)
    {
        Generation first = new(request, prompt, sample: 0);
        for (int sample = 1; sample < request.Samples; sample++)
        {
            first.Siblings.Add(new Generation(request, prompt, sample));
        }

        if (!_scheduler.TrySubmit(first.Request, out _))
        {
            long room = (long)_allocator.Usage.TotalBlocks * _allocator.BlockTokens;
            throw new GenerateException(
                $"Prompt {prompt + 1} has {request.Prompt.Length} tokens and with those to generate up to " +
                $"{request.Prompt.Length + (long)request.MaxTokens - 1} positions; the cache has room for {room}. " +
                "Give more memory, or ask for fewer tokens.");
        }
    }

    private ReadOnlySpan<float> Compute(ScheduledStep scheduled)
    {
        _batch.Clear();
        for (int row = 0; row < scheduled.Rows.Length; row++)
        {
            _batch.Add(scheduled.Rows[row].Sequence, scheduled.Tokens(row), withLogits: scheduled.RowWork[row].Samples ? 1 : 0);
        }

        using KvStep step = _allocator.BeginStep(scheduled.Rows);
        ReadOnlySpan<float> logits = _model.Forward(step, _batch);
        step.Complete();
        return logits;
    }

    /// <summary>Chooses a token for every row that yields one, and for the samples that begin there.</summary>
    private void Choose(ScheduledStep step, ReadOnlySpan<float> logits)
    {
        int width = _model.Shape.VocabularySize;
        _chosen.Clear();
        for (int row = 0; row < step.Rows.Length; row++)
        {
            if (step.RowWork[row].Samples && step.Rows[row].Sequence.IsLost)
            {
                // What was computed without its keys and values is nothing; the scheduler has it computed anew.
                _chosen.Add(0);
            }
            else if (step.RowWork[row].Samples)
            {
                ReadOnlySpan<float> own = logits.Slice(_chosen.Count * width, width);
                Generation generation = Generation.Of(step.Requests[row]);
                Fork(step, row, generation, own);
                _chosen.Add(Choose(generation, own));
            }
        }
    }

    /// <summary>Gives a prompt's other samples the blocks that were computed for the first one, as far as there is memory.</summary>
    private void Fork(ScheduledStep step, int row, Generation first, ReadOnlySpan<float> logits)
    {
        foreach (Generation sibling in first.Siblings)
        {
            bool shares = _scheduler.Fork(step, row, sibling.Request, Choose(sibling, logits));
            Statistics.Forks += shares ? 1 : 0;
        }

        first.Siblings.Clear();
    }

    private int Choose(Generation generation, ReadOnlySpan<float> logits)
    {
        int token = generation.Choose(logits);
        if (!generation.IsStop(token))
        {
            _listener.OnToken(generation, token);
        }

        return token;
    }
}
