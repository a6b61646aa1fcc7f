using Generate.Engine;
using Generate.Model;
using Generate.Sampling;
using Generate.Tests.Model;
using KvCache;
using KvCache.Memory;
using Xunit;

namespace Generate.Tests.Engine;

/// <summary>Runs an engine over a small random model, whose bits no schedule changes, and keeps what it generated.</summary>
internal sealed class EngineRun : IGenerationListener
{
    private static readonly ModelWeights Weights = RandomModel.CreateWeights(TestModels.Llama);
    private readonly Dictionary<(int Prompt, int Sample), List<int>> _tokens = [];
    private readonly List<(int Prompt, int Sample)> _finished = [];

    private EngineRun()
    {
    }

    /// <summary>Gets the tokens of each text, without its prompt.</summary>
    public IReadOnlyDictionary<(int Prompt, int Sample), List<int>> Tokens => _tokens;

    /// <summary>Gets the texts in the order in which they ended.</summary>
    public IReadOnlyList<(int Prompt, int Sample)> Finished => _finished;

    public EngineStatistics Statistics { get; private set; } = null!;

    /// <summary>Runs requests to their end; the books must balance then, and nothing be held any more.</summary>
    public static EngineRun Run(IReadOnlyList<GenerationRequest> requests, int blocks = 1000, int blockTokens = 4, int prefillChunk = 16) =>
        Run(requests, geometry => KvAllocators.Create("paged", geometry, blockTokens, geometry.BytesPerToken * blockTokens * blocks, HostDevice.Instance), prefillChunk);

    /// <summary>Runs requests to their end over a manager of the caller's.</summary>
    public static EngineRun Run(IReadOnlyList<GenerationRequest> requests, Func<KvGeometry, IKvAllocator> create, int prefillChunk = 16)
    {
        EngineRun run = new();
        KvGeometry geometry = TestModels.Llama.Geometry(KvElementType.Float32);
        using IKvAllocator allocator = create(geometry);
        using PlainAttention attention = new();
        GenerationEngine engine = new(new Transformer(TestModels.Llama, Weights, attention, new HostOperations()), allocator, prefillChunk, run);
        engine.Run(requests);
        run.Statistics = engine.Statistics;
        allocator.CheckIntegrity();
        Assert.Equal((0, 0), (allocator.Usage.OpenSequences, allocator.Usage.OwnedBlocks));
        Assert.Equal(requests.Sum(static request => request.Samples), run.Finished.Count);
        return run;
    }

    /// <summary>A request without an end but its length.</summary>
    public static GenerationRequest Request(int[] prompt, int maxTokens, int samples = 1, SamplingSettings? sampling = null, params int[] stopTokens) =>
        new(prompt, maxTokens, samples, sampling ?? new SamplingSettings(), stopTokens.ToHashSet());

    /// <summary>The tokens that a request gives with an engine of its own.</summary>
    public static List<int> Alone(GenerationRequest request, int sample = 0) => Run([request]).Tokens[(0, sample)];

    public void OnToken(Generation generation, int token)
    {
        (int, int) key = (generation.Prompt, generation.Sample);
        if (!_tokens.TryGetValue(key, out List<int>? tokens))
        {
            _tokens[key] = tokens = [];
        }

        tokens.Add(token);
    }

    public void OnFinished(Generation generation) => _finished.Add((generation.Prompt, generation.Sample));
}
