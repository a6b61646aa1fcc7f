using Generate.CommandLine;
using Generate.Engine;
using Generate.Model;
using Generate.Output;
using KvCache;

namespace Generate;

/// <summary>One run of the tool: model, cache and engine put together as the options say.</summary>
internal sealed class GenerateRun(GenerateOptions options, TextWriter output, TextWriter error)
{
    private const double BytesPerMebibyte = 1 << 20;

    public int Run()
    {
        using ComputeDevice device = ComputeDevice.Open(options.Device, options.Threads);
        using LoadedModel model = Load();
        using IKvAllocator allocator = KvAllocators.Create(
            options.Allocator,
            model.Shape.Geometry(options.ElementType),
            options.BlockTokens,
            (long)(options.MemoryMebibytes * BytesPerMebibyte),
            device.Memory,
            options.HostMemoryMebibytes is { } host ? (long)(host * BytesPerMebibyte) : null);
        Transformer transformer = new(model.Shape, model.Weights, device.Attention, device.Operations);
        if (options.Feeds.Count + options.Logits.Count > 0)
        {
            new FeedFiles(options.Feeds, options.Logits, options.Model).Run(transformer, allocator, options.FeedChunk);
        }
        else
        {
            Generate(model, transformer, allocator);
        }

        return GenerateTool.Succeeded;
    }

    private LoadedModel Load()
    {
        if (options.Model is not null)
        {
            return LoadedModel.Open(options.Model);
        }

        LoadedModel model = LoadedModel.CreateRandom();
        error.WriteLine($"No --model: random weights ({model.Shape}), so the text means nothing.");
        return model;
    }

    private void Generate(LoadedModel model, Transformer transformer, IKvAllocator allocator)
    {
        IReadOnlyList<string> prompts = options.Prompts.Count > 0 ? options.Prompts : [""];
        int[][] tokens = [.. prompts.Select(model.Tokenizer.Encode)];
        GenerationRequest[] requests = [.. tokens.Select(prompt => new GenerationRequest(
            prompt, options.Tokens, options.Samples, options.Sampling, model.Tokenizer.StopTokens))];
        NoteUntrained(model.Shape, tokens.Max(static prompt => prompt.Length) + options.Tokens - 1L);
        IGenerationListener listener = prompts.Count * options.Samples == 1
            ? new StreamedText(model.Tokenizer, prompts[0], tokens[0], output)
            : new LabelledTexts(model.Tokenizer, prompts, tokens, options.Samples, output);
        GenerationEngine engine = new(transformer, allocator, options.PrefillChunk, listener);
        engine.Run(requests);
        StatisticsReport.Write(engine.Statistics, error);
    }

    private void NoteUntrained(ModelShape shape, long positions)
    {
        if (shape.TrainedPositions > 0 && positions > shape.TrainedPositions)
        {
            error.WriteLine($"Texts may reach {positions} positions; the model states a context of {shape.TrainedPositions}.");
        }

        if (shape.TrainedWindow > 0 && positions > shape.TrainedWindow)
        {
            error.WriteLine($"Every token attends to all before it; the model was trained to look back {shape.TrainedWindow}.");
        }
    }
}
