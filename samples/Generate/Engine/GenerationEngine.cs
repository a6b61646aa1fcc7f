using System.Diagnostics;
using Generate.Model;
using KvCache;

namespace Generate.Engine;

/// <summary>The engine's loop: admit, compute a step over everything that runs, choose tokens, make room for them.</summary>
/// <remarks>
/// <para>Nothing in it knows which manager stands behind <see cref="IKvAllocator"/>.</para>
/// <para>A text is the same whatever runs beside it, and however often it is preempted, as far as sums do not depend on how a
/// prompt is cut into chunks: kernels may round differently then, which shows where two tokens are all but equally likely.</para>
/// </remarks>
internal sealed class GenerationEngine
{
    private readonly Transformer _model;
    private readonly IKvAllocator _allocator;
    private readonly IGenerationListener _listener;
    private readonly StepPlanner _planner;
    private readonly Admission _admission;
    private readonly RunningTexts _running = [];

    public GenerationEngine(Transformer model, IKvAllocator allocator, int prefillChunk, IGenerationListener listener)
    {
        _model = model;
        _allocator = allocator;
        _listener = listener;
        _planner = new StepPlanner(prefillChunk);
        _admission = new Admission(allocator, Statistics);
    }

    public EngineStatistics Statistics { get; } = new();

    /// <summary>Generates all texts, those of earlier requests first where there is not memory for all at once.</summary>
    /// <exception cref="GenerateException">A text cannot fit the memory; nothing has been generated then.</exception>
    public void Run(IReadOnlyList<GenerationRequest> requests)
    {
        Enqueue(requests);
        while (_running.Count + _admission.Waiting > 0)
        {
            _admission.Admit(_running);
            _planner.Plan(_running);
            long start = Stopwatch.GetTimestamp();
            ReadOnlySpan<float> logits = Compute(_planner.Batch);
            Statistics.AddStep(_planner.PrefillTokens, _planner.DecodeTokens, Stopwatch.GetElapsedTime(start));
            Continue(_planner.Due, logits);
            MakeRoom();
        }
    }

    private void Enqueue(IReadOnlyList<GenerationRequest> requests)
    {
        int age = 0;
        for (int prompt = 0; prompt < requests.Count; prompt++)
        {
            GenerationRequest request = requests[prompt];
            Generation first = new(request, prompt, sample: 0, age++);
            for (int sample = 1; sample < request.Samples; sample++)
            {
                first.Siblings.Add(new Generation(request, prompt, sample, age++));
            }

            _admission.EnsureFits(first);
            _admission.Enqueue(first);
        }
    }

    private ReadOnlySpan<float> Compute(StepBatch batch)
    {
        using KvStep step = _allocator.BeginStep(batch.Rows);
        ReadOnlySpan<float> logits = _model.Forward(step, batch);
        step.Complete();
        return logits;
    }

    private void Continue(IReadOnlyList<Generation> due, ReadOnlySpan<float> logits)
    {
        int width = _model.Shape.VocabularySize;
        for (int i = 0; i < due.Count; i++)
        {
            ReadOnlySpan<float> own = logits.Slice(i * width, width);
            foreach (Generation sibling in Fork(due[i]))
            {
                Continue(sibling, own);
            }

            Continue(due[i], own);
        }
    }

    private void Continue(Generation generation, ReadOnlySpan<float> logits)
    {
        if (generation.Continue(logits) is int token)
        {
            _listener.OnToken(generation, token);
        }

        if (generation.IsFinished)
        {
            _running.Remove(generation);
            _listener.OnFinished(generation);
        }
        else if (generation.Sequence is null)
        {
            _admission.Enqueue(generation); // a sample that could not be forked
        }
    }

    /// <summary>Gives a prompt's other samples the blocks that were computed for the first one, as far as there is memory.</summary>
    private Generation[] Fork(Generation first)
    {
        Generation[] siblings = [.. first.Siblings];
        first.Siblings.Clear();
        foreach (Generation sibling in siblings)
        {
            if (first.Sequence!.TryFork(first.Tokens.Length, out KvSequence? child, out _))
            {
                Statistics.Forks++;
                sibling.Sequence = child;
                _running.Add(sibling);
            }
        }

        return siblings;
    }

    /// <summary>Appends the tokens that were chosen, the oldest text's first; where memory is short, the youngest gives its own up.</summary>
    private void MakeRoom()
    {
        for (int i = 0; i < _running.Count; i++)
        {
            Generation generation = _running[i];
            while (generation.Sequence is KvSequence sequence
                && !sequence.TryAppend(generation.Tokens[sequence.Length..], out KvRefusal refusal))
            {
                if (refusal is not (KvRefusal.OutOfDeviceMemory or KvRefusal.OutOfHostMemory))
                {
                    throw new GenerateException($"Prompt {generation.Prompt + 1} was refused its next token: {refusal}.");
                }

                Preempt(_running[^1]);
            }
        }
    }

    /// <summary>Takes a text's memory. It keeps its tokens, and goes on when they have been computed again.</summary>
    private void Preempt(Generation generation)
    {
        Statistics.Preemptions++;
        _running.Remove(generation);
        _admission.Enqueue(generation);
    }
}
