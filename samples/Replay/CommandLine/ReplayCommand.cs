using System.CommandLine;
using Replay.Demonstration;
using Replay.Output;
using Replay.Serving;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The tool's root command: without a command it gives the demonstration.</summary>
internal static class ReplayCommand
{
    private const string Description =
        "Serves requests through a KV-cache manager, on addresses without memory and in virtual time: what users would get, how well " +
        "prefixes are reused, how much memory is needed. Without a command: a demonstration on generated conversations.\n\n" +
        "Examples:\n" +
        "  replay serve --trace AzureLLMInferenceTrace_conv.csv --first 1000 --model Llama-3.1-8B --device L40S --plot served.svg\n" +
        "  replay plan --model Llama-3.1-8B --device L40S --context 4096\n" +
        "  replay memory --model Yi-6B --device A100-80G --context 2048 --output 4096 --plot memory.svg\n" +
        "  replay figures layerkv --out figures\n" +
        "  replay prefix --trace conversation_trace.jsonl --block-tokens 512 --capacity 64000 --json summary.json\n\n" +
        "Exit code: 0, or 2 where an option, a trace or an output file is not as expected; standard error says in one line which.";

    public static RootCommand Create(IAnsiConsole console)
    {
        Option<string> plot = new("--out")
        {
            Description = "Where the demonstration's plots go, as SVG.",
            HelpName = "FILE",
            DefaultValueFactory = static _ => "replay-served.svg",
        };
        RootCommand root = new(Description) { plot, new ServeCommand(console), new PlanCommand(console), new MemoryCommand(console), new PrefixCommand(console), new FiguresCommand(console) };
        root.SetAction(parsed => Demonstrate(console, new DemonstrationOptions(), parsed.GetRequiredValue(plot)));
        return root;
    }

    /// <summary>Gives the demonstration.</summary>
    internal static int Demonstrate(IAnsiConsole console, DemonstrationOptions options, string plotPath)
    {
        using OutputFiles files = new(input: null);
        Stream plot = files.Create(plotPath)!;
        string title =
            $"{options.Load.Requests:N0} turns of conversations over {options.Load.SystemPrompts} system prompts, " +
            $"{options.Model.Name} on {options.Device.Name}";
        console.WriteLine($"{title}, blocks of {options.BlockTokens} tokens, seed {options.Load.Seed}.");
        IReadOnlyList<ServedLoad> served = console.WithProgress("Serving", report => DemonstrationRun.Run(options, report));
        ServingPlot.WriteSvg(served, title, plot);
        files.Commit();
        console.Write(ServingTable.Create(served));

        // Past the console, which would break a long path into lines.
        console.Profile.Out.Writer.WriteLine($"Plots: {Path.GetFullPath(plotPath)}");
        return ReplayTool.Succeeded;
    }
}
