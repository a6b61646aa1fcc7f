using System.CommandLine;
using System.Globalization;
using Generate.Engine;
using Generate.Sampling;

namespace Generate.CommandLine;

/// <summary>The tool's only command, and what it says of itself.</summary>
internal sealed class GenerateCommand : RootCommand
{
    private const string Summary =
        "Continues texts with a language model, whose keys and values a KV-cache manager keeps.\n\n" +
        "One text is written to standard output as it comes: the prompt, its continuation and a line's end; several are written " +
        "one after the other, each under a heading. Everything else goes to standard error.\n\n" +
        "Example: generate --model stories260K.gguf --prompt \"Once upon a time\" --tokens 100\n\n" +
        "Exit code: 0, or 2 where an option, a file, the device or the memory is not as expected; standard error says in one line which.";

    private readonly Option<string?> _model = OptionValues.NamingFiles(new Option<string?>("--model")
    {
        Description = "The model: a GGUF file of architecture llama, qwen2 or qwen3. [default: a small one with random weights]",
        HelpName = "FILE",
    });

    private readonly Option<string[]> _prompts = OptionValues.Several(
        "--prompt", "What to continue; may be given several times. [default: an empty text]", "TEXT");

    private readonly Option<int> _tokens = OptionValues.Count("--tokens", "The most tokens to generate for each text, after its prompt.", 256);
    private readonly Option<int> _samples = OptionValues.Count("--samples", "How many continuations of each prompt.", 1, most: 65536);

    private readonly Option<double> _temperature = OptionValues.Number(
        "--temperature", "How freely tokens are chosen; 0 takes the likeliest one.", "X", 0.0, NumberStyles.Float,
        static value => value >= 0 && double.IsFinite(value), "a number of at least 0");

    private readonly Option<double> _topP = OptionValues.Number(
        "--top-p", "The likeliest tokens that together have this probability are chosen among.", "X", 1.0, NumberStyles.Float,
        static value => value is > 0 and <= 1, "a number above 0 and up to 1");

    private readonly Option<ulong> _seed = OptionValues.Number(
        "--seed", "Where random choices begin; the same seed gives the same text.", "N", 0UL, NumberStyles.None,
        static _ => true, $"a whole number from 0 to {ulong.MaxValue}");

    private readonly Option<DeviceChoice> _device = new("--device")
    {
        Description = "Where model and cache are: this processor, ILGPU's simulation of a GPU on it (slow), or a CUDA GPU. [default: cpu]",
        HelpName = "cpu|cpu-accelerator|cuda[:N]",
        CustomParser = static result =>
        {
            string name = result.Tokens[0].Value;
            if (!DeviceChoice.TryParse(name, out DeviceChoice choice))
            {
                result.AddError($"--device takes {DeviceChoice.Names}, not '{name}'.");
            }

            return choice;
        },
    };

    private readonly Option<string> _allocator = OptionValues.Choice("--allocator", "The manager of the cache.", KvAllocators.Names);
    private readonly Option<string> _elementType = OptionValues.Choice("--kv", "How keys and values are stored.", ElementTypes.Names);
    private readonly Option<int> _blockTokens = OptionValues.Count("--block-tokens", "Tokens in a block of the cache.", 16);

    private readonly Option<double> _memory = OptionValues.Number(
        "--memory-mib", "Memory for keys and values, in MiB; may be a fraction.", "X", 512.0, NumberStyles.Float,
        static value => value is > 0 and <= 1L << 40, "a number above 0");

    private readonly Option<double?> _hostMemory = new("--host-memory-mib")
    {
        Description = "Memory on the host for layers that leave the device, in MiB; for layerwise. [default: as much as can be of use]",
        HelpName = "X",
        CustomParser = static result =>
        {
            string value = result.Tokens[0].Value;
            if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is >= 0 and <= 1L << 40)
            {
                return number;
            }

            result.AddError($"--host-memory-mib takes a number of at least 0, not '{value}'.");
            return null;
        },
    };

    private readonly Option<int> _prefillChunk = OptionValues.Count(
        "--prefill-chunk", "The most tokens that one step computes, over all texts.", 256);

    private readonly Option<int> _threads = OptionValues.Number(
        "--threads", "Threads that attention on the processor uses.", "N", Environment.ProcessorCount, NumberStyles.None,
        static value => value is >= 1 and <= 1024, "a whole number from 1 to 1024");

    private readonly Option<string[]> _feeds = OptionValues.Files(
        "--feed", "Instead of generating, feed the token ids in this file (numbers, between spaces, commas or line ends); may be " +
        "given several times, to feed several sequences together.");

    private readonly Option<string[]> _logits = OptionValues.Files(
        "--logits", "Where the logits of what is fed go: [positions][vocabulary], little-endian float32. One for each --feed.");

    private readonly Option<int> _feedChunk = OptionValues.Count("--feed-chunk", "Tokens of each sequence that one step feeds.", 1);

    public GenerateCommand(Func<GenerateOptions, int> run)
        : base(Summary)
    {
        Option[] options =
        [
            _model, _prompts, _tokens, _samples, _temperature, _topP, _seed, _device, _allocator, _elementType, _blockTokens, _memory, _hostMemory,
            _prefillChunk, _threads, _feeds, _logits, _feedChunk,
        ];
        Array.ForEach(options, Options.Add);
        Validators.Add(result =>
        {
            if (result.GetResult(_feeds) is { Implicit: false } && result.GetResult(_prompts) is { Implicit: false })
            {
                result.AddError("--feed and --prompt do not go together: what is fed is not continued.");
            }
        });
        SetAction(parsed => run(ToOptions(parsed)));
    }

    private GenerateOptions ToOptions(ParseResult parsed) => new()
    {
        Model = parsed.GetValue(_model),
        Prompts = parsed.GetRequiredValue(_prompts),
        Tokens = parsed.GetValue(_tokens),
        Samples = parsed.GetValue(_samples),
        Sampling = new SamplingSettings(parsed.GetValue(_temperature), parsed.GetValue(_topP), parsed.GetValue(_seed)),
        Device = parsed.GetValue(_device),
        Allocator = parsed.GetRequiredValue(_allocator),
        ElementType = ElementTypes.Find(parsed.GetRequiredValue(_elementType)),
        BlockTokens = parsed.GetValue(_blockTokens),
        MemoryMebibytes = parsed.GetValue(_memory),
        HostMemoryMebibytes = parsed.GetValue(_hostMemory),
        PrefillChunk = parsed.GetValue(_prefillChunk),
        Threads = parsed.GetValue(_threads),
        Feeds = parsed.GetRequiredValue(_feeds),
        Logits = parsed.GetRequiredValue(_logits),
        FeedChunk = parsed.GetValue(_feedChunk),
    };
}
