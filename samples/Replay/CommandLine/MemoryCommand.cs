using System.CommandLine;
using System.Globalization;
using KvCache.Serving.CostModels;
using Replay.Footprints;
using Replay.Output;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The command <c>replay memory</c>.</summary>
internal sealed class MemoryCommand : Command
{
    private const int DefaultBlockTokens = 16;
    private const int DefaultLongest = 32_768;
    private const int DefaultMaxStepTokens = 8_192;
    private const int LeastChunkKib = 64;
    private const decimal BytesPerGib = 1L << 30;
    private static readonly int[] DefaultBatches = [1, 2, 4, 8, 16, 32, 64, 128];
    private readonly IAnsiConsole _console;

    private readonly Option<TransformerModel> _model =
        OptionValues.Named("--model", "The model", TransformerModels.All, static model => model.Name);

    private readonly Option<AcceleratorDevice> _device =
        OptionValues.Named("--device", "The device", AcceleratorDevices.All, static device => device.Name);

    private readonly Option<int> _tensorParallel =
        OptionValues.Count("--tensor-parallel", "Devices that share each layer; the memory is that of one. [default: 1]", "N");

    private readonly Option<decimal> _deviceGib = OptionValues.Number("--device-gib", "The device's memory. [default: as its datasheet has it]", "G");

    private readonly Option<decimal> _occupied = OptionValues.Number(
        "--occupied-gib", "What weights and activations take of each device. [default: worked out from the model]", "G");

    private readonly Option<decimal> _utilization = OptionValues.Number(
        "--utilization", "The share of the device's memory that the paged pool and what else there is take together, up to 1. [default: 0.9]", "X");

    private readonly Option<int[]> _batches = new("--batch")
    {
        Description = $"How many sequences run, separated by commas. [default: {string.Join(',', DefaultBatches)}]",
        HelpName = "N[,N…]",
        CustomParser = static result =>
        {
            string[] parts = result.Tokens[0].Value.Split(',');
            int[] batches = [.. parts.Select(static part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int batch) ? batch : 0)];
            if (batches.Contains(0) || batches.Distinct().Count() < batches.Length)
            {
                result.AddError($"--batch takes different whole numbers of at least 1, not '{result.Tokens[0].Value}'.");
            }

            return batches;
        },
    };

    private readonly Option<int> _context = OptionValues.Count("--context", "Tokens of a prompt.", "N");
    private readonly Option<int> _output = OptionValues.Count("--output", "Tokens of an answer.", "N");

    private readonly Option<string> _answers = OptionValues.Choice(
        "--answers", "Whether the sequences stand in all stages of their answers, or have them complete.", ["growing", "complete"]);

    private readonly Option<int> _longest = OptionValues.Count(
        "--longest", $"The longest sequence: static reservation takes memory for so many tokens, virtual tensors take addresses. [default: {DefaultLongest}]", "N");

    private readonly Option<int> _lookahead = OptionValues.Count(
        "--lookahead", "Tokens before the end of its memory at which a sequence's next memory is mapped. [default: never]", "N");

    private readonly Option<int> _maxStepTokens = OptionValues.Count(
        "--max-step-tokens", $"The most tokens of a step, for which there are activations. [default: {DefaultMaxStepTokens}]", "N");

    private readonly Option<int> _blockTokens = OptionValues.Count("--block-tokens", $"Tokens in a block. [default: {DefaultBlockTokens}]", "N");
    private readonly Option<int> _chunk = ChunkOption.Create(LeastChunkKib);
    private readonly Option<string?> _csv = OptionValues.OutputFile("--csv", "Write every figure there, in bytes.", "csv");
    private readonly Option<string?> _plot = OptionValues.OutputFile("--plot", "Draw free memory over the number of sequences there.", "svg");

    public MemoryCommand(IAnsiConsole console)
        : base("memory", "Says how much of a device's memory is free while sequences run: paged, with virtual tensors, and reserved for the longest sequence.")
    {
        _console = console;
        foreach (Option option in (Option[])[_model, _device, _context, _output])
        {
            option.Required = true;
        }

        foreach (Option option in (Option[])
            [_model, _device, _tensorParallel, _context, _output, _answers, _batches, _deviceGib, _occupied, _utilization, _longest, _lookahead, _maxStepTokens, _blockTokens, _chunk, _csv, _plot])
        {
            Options.Add(option);
        }

        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        TransformerModel model = parsed.GetRequiredValue(_model);
        AcceleratorDevice device = parsed.GetRequiredValue(_device);
        FootprintOptions options = ToOptions(parsed, model, device);
        int[] batches = parsed.GetResult(_batches) is null ? DefaultBatches : parsed.GetValue(_batches)!;
        using OutputFiles files = new(input: null);
        Stream? csv = files.Create(parsed.GetValue(_csv));
        Stream? plot = files.Create(parsed.GetValue(_plot));
        IReadOnlyList<Footprint> footprints = _console.WithProgress("Running", report => FootprintRun.Run(options, batches, report));
        string title = $"{model.Name} on {device.Name}, {options.Context:N0} + {options.Output:N0} tokens, answers {parsed.GetRequiredValue(_answers)}";
        if (csv is not null)
        {
            FootprintCsv.Write(footprints, csv);
        }

        if (plot is not null)
        {
            FootprintPlot.WriteSvg(footprints, title, options.DeviceBytes, plot);
        }

        files.Commit();
        _console.WriteLine(
            $"{title}: {options.DeviceBytes / (double)BytesPerGib:N2} GiB, of which weights and activations take {options.OccupiedBytes / (double)BytesPerGib:N2}.");
        _console.Write(FootprintTable.Chunks(options));
        _console.Write(FootprintTable.Free(footprints));
        return ReplayTool.Succeeded;
    }

    /// <exception cref="ReplayException">Options contradict each other.</exception>
    private FootprintOptions ToOptions(ParseResult parsed, TransformerModel model, AcceleratorDevice device)
    {
        int Value(Option<int> option, int otherwise) => parsed.GetResult(option) is null ? otherwise : parsed.GetValue(option);
        int tensorParallel = Value(_tensorParallel, 1);
        int context = parsed.GetValue(_context);
        int output = parsed.GetValue(_output);
        int longest = Value(_longest, DefaultLongest);
        decimal utilization = parsed.GetResult(_utilization) is null ? (decimal)MemoryBudget.DefaultUtilization : parsed.GetValue(_utilization);
        long deviceBytes = Bytes(parsed, _deviceGib) ?? device.MemoryBytes;
        if ((long)context + output > longest)
        {
            throw new ReplayException($"Expected at most {longest} tokens, as --longest says, found {context} + {output}.");
        }

        if (utilization > 1)
        {
            throw new ReplayException($"--utilization takes a share above 0 and up to 1, not {utilization}.");
        }

        try
        {
            long occupied = Bytes(parsed, _occupied)
                ?? deviceBytes - MemoryBudget.CacheBytes(model, device with { MemoryBytes = deviceBytes }, Value(_maxStepTokens, DefaultMaxStepTokens), tensorParallel: tensorParallel, utilization: 1);
            return new FootprintOptions
            {
                Geometry = model.Geometry(tensorParallel),
                DeviceBytes = deviceBytes,
                OccupiedBytes = occupied < deviceBytes
                    ? occupied
                    : throw new ReplayException(
                        $"Expected a device that holds more than the weights and activations of {model.Name} on {tensorParallel}, found {deviceBytes / (double)BytesPerGib:N2} GiB."),
                Utilization = (double)utilization,
                Context = context,
                Output = output,
                Complete = parsed.GetRequiredValue(_answers) == "complete",
                Longest = longest,
                Lookahead = Value(_lookahead, 0),
                BlockTokens = Value(_blockTokens, DefaultBlockTokens),
                ChunkBytes = _chunk.Bytes(parsed),
            };
        }
        catch (ArgumentOutOfRangeException exception) when (exception.ParamName == nameof(tensorParallel))
        {
            throw new ReplayException(
                $"--tensor-parallel {tensorParallel}: expected devices that can share the {model.QueryHeads} query heads and {model.KvHeads} KV heads of {model.Name}.");
        }
    }

    private static long? Bytes(ParseResult parsed, Option<decimal> option)
    {
        if (parsed.GetResult(option) is null)
        {
            return null;
        }

        decimal gib = parsed.GetValue(option);
        return gib is > 0 and < 1 << 20
            ? (long)(gib * BytesPerGib)
            : throw new ReplayException($"{option.Name} takes GiB above 0 and below {1 << 20}, not {gib}.");
    }
}
