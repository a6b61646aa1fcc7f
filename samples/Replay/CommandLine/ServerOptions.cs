using System.CommandLine;
using KvCache.Serving.CostModels;
using Replay.Serving;

namespace Replay.CommandLine;

/// <summary>The options that say what serves: shared by all commands that simulate a server.</summary>
internal sealed class ServerOptions
{
    private const int DefaultBlockTokens = 16;
    private const int DefaultMaxSequences = 256;
    private const int DefaultMaxStepTokens = 2_048;
    private const decimal BytesPerGib = 1L << 30;

    private readonly Option<string[]> _allocators = AllocatorOption.Create();

    private readonly Option<TransformerModel> _model =
        OptionValues.Named("--model", "The model", TransformerModels.All, static model => model.Name);

    private readonly Option<AcceleratorDevice> _device =
        OptionValues.Named("--device", "The device", AcceleratorDevices.All, static device => device.Name);

    private readonly Option<int> _tensorParallel =
        OptionValues.Count("--tensor-parallel", "Devices that share each layer. [default: 1]", "N");

    private readonly Option<int> _blockTokens = OptionValues.Count("--block-tokens", "Tokens in a block. [default: 16]", "N");

    private readonly Option<int> _blocks = OptionValues.Count(
        "--blocks", "Blocks of the cache, counted as vLLM does: one of them is never used.", "N");

    private readonly Option<decimal> _memory = OptionValues.Number(
        "--memory-gib", "Memory for the cache on each device. [default: what weights and activations leave of nine tenths of the device]", "G");

    private readonly Option<int> _chunk = ChunkOption.Create();

    private readonly Option<int> _maxSequences =
        OptionValues.Count("--max-sequences", "The most requests that run at a time. [default: 256]", "N");

    private readonly Option<int> _maxStepTokens =
        OptionValues.Count("--max-step-tokens", "The most tokens of a step; longer prompts are computed in chunks. [default: 2048]", "N");

    private readonly Option<string> _prefixCache = OptionValues.Choice("--prefix-cache", "Whether prefixes are reused.", ["on", "off"]);

    private readonly Option<string> _deduplicate = OptionValues.Choice("--deduplicate", "Whether equal blocks are kept only once. Virtual tensors never do.", ["on", "off"]);

    private readonly Option<string> _cost = new("--cost")
    {
        Description =
            "How long a step takes: so many microseconds, and so many for each prefill token and each decoding request; tables of measured kernels; " +
            "or model and device by their dimensions, with matrix-products=, prefill-attention=, memory= and link= (shares of the datasheet), " +
            "layer-overhead= and step-overhead= (µs) where they are to be others than the defaults.",
        HelpName = "linear:BASE,PREFILL,DECODE|table:DIR|roofline[:NAME=VALUE,…]",
        DefaultValueFactory = static _ => CostOption.Roofline,
    };

    public ServerOptions(Command command, bool modelIsRequired)
    {
        _model.Required = modelIsRequired;
        _device.Required = modelIsRequired;
        if (!modelIsRequired)
        {
            _model.Description += $" [default: {TransformerModels.Llama31With8B.Name}]";
        }

        foreach (Option option in (Option[])
            [_allocators, _model, _device, _tensorParallel, _blockTokens, _blocks, _memory, _chunk, _maxSequences, _maxStepTokens, _prefixCache, _deduplicate, _cost])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The managers' names, as given.</summary>
    public IReadOnlyList<string> Allocators(ParseResult parsed) => _allocators.Names(parsed);

    /// <summary>What serves.</summary>
    /// <exception cref="ReplayException">Options contradict each other, or something is missing.</exception>
    public Server ToServer(ParseResult parsed)
    {
        TransformerModel model = parsed.GetValue(_model) ?? TransformerModels.Llama31With8B;
        AcceleratorDevice? device = parsed.GetValue(_device);
        int tensorParallel = Value(parsed, _tensorParallel, 1);
        int maxSequences = Value(parsed, _maxSequences, DefaultMaxSequences);
        int maxStepTokens = Value(parsed, _maxStepTokens, DefaultMaxStepTokens);
        int blockTokens = Value(parsed, _blockTokens, DefaultBlockTokens);
        try
        {
            return new Server(
                model,
                tensorParallel,
                CostOption.ToModel(parsed.GetRequiredValue(_cost), model, device, tensorParallel),
                blockTokens,
                Blocks(parsed, model.Geometry(tensorParallel).BytesPerToken * blockTokens, () => device is null
                    ? throw new ReplayException("Expected --blocks, --memory-gib or --device, to know how much memory there is.")
                    : MemoryBudget.CacheBytes(model, device, maxStepTokens, maxSequences, tensorParallel)),
                _chunk.Bytes(parsed),
                maxSequences,
                maxStepTokens,
                parsed.GetValue(_prefixCache) == "on",
                parsed.GetValue(_deduplicate) == "on");
        }
        catch (ArgumentOutOfRangeException exception) when (exception.ParamName == nameof(tensorParallel))
        {
            throw new ReplayException(
                $"--tensor-parallel {tensorParallel}: expected devices that can share the {model.QueryHeads} query heads and {model.KvHeads} KV heads of {model.Name}.");
        }
    }

    private static int Value(ParseResult parsed, Option<int> option, int otherwise) => parsed.GetResult(option) is null ? otherwise : parsed.GetValue(option);

    private int Blocks(ParseResult parsed, long blockBytes, Func<long> left)
    {
        bool hasBlocks = parsed.GetResult(_blocks) is not null;
        bool hasMemory = parsed.GetResult(_memory) is not null;
        if (hasBlocks && hasMemory)
        {
            throw new ReplayException("Expected --blocks or --memory-gib, found both.");
        }

        decimal blocks = hasBlocks
            ? parsed.GetValue(_blocks) - 1
            : decimal.Floor((hasMemory ? parsed.GetValue(_memory) * BytesPerGib : left()) / blockBytes);
        return blocks is >= 1 and <= int.MaxValue
            ? (int)blocks
            : throw new ReplayException(
                $"Expected memory for 1 to {int.MaxValue} blocks of {blockBytes:N0} bytes, found memory for {blocks:N0}" +
                (hasBlocks ? ", since one of --blocks is never used." : hasMemory ? "." : ", once the weights have theirs."));
    }
}
