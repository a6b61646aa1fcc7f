using System.CommandLine;
using Replay.Demonstration;
using Replay.Output;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The tool's root command: without a command it gives the demonstration.</summary>
internal static class ReplayCommand
{
    private const string Description =
        "Replays requests through a KV-cache manager, on addresses without memory, and shows how well prefixes are " +
        "reused. Without a command: a demonstration on generated conversations.\n\n" +
        "Example: replay prefix --trace conversation_trace.jsonl --block-tokens 512 --capacity 64000 --json summary.json\n\n" +
        "Exit code: 0, or 2 where an option, a trace or an output file is not as expected; standard error says in one line which.";

    public static RootCommand Create(IAnsiConsole console)
    {
        Option<string> plot = new("--out")
        {
            Description = "Where the demonstration's plot goes, as SVG.",
            HelpName = "FILE",
            DefaultValueFactory = static _ => "replay-hit-rate.svg",
        };
        RootCommand root = new(Description) { plot, new PrefixCommand(console) };
        root.SetAction(parsed => Demonstrate(console, new DemonstrationOptions(), parsed.GetRequiredValue(plot)));
        return root;
    }

    /// <summary>Gives the demonstration.</summary>
    internal static int Demonstrate(IAnsiConsole console, DemonstrationOptions options, string plotPath)
    {
        using OutputFile plot = OutputFile.Create(plotPath);
        console.WriteLine(
            $"{options.Turns:N0} turns of {options.Sessions:N0} sessions over {options.SystemPrompts} system prompts, " +
            $"Zipf exponent {options.ZipfExponent}, up to {options.MaxRunning} turns at a time, " +
            $"blocks of {options.BlockTokens} tokens, seed {options.Seed}.");
        IReadOnlyList<DemonstrationResult> results =
            console.WithProgress("Serving", report => DemonstrationRun.Run(options, report));
        HitRatePlot.WriteSvg(results, options, plot.Stream);
        plot.Commit();
        console.Write(DemonstrationTable.Create(results));
        console.WriteLine("Hit rate: prompt tokens found in the cache when their turn was first admitted.");
        console.WriteLine("Waste: token slots of owned blocks that hold no token, averaged over the steps.");
        console.WriteLine("Manager time by the blocks of all sequences when they are closed.");

        // Past the console, which would break a long path into lines.
        console.Profile.Out.Writer.WriteLine($"Plot: {Path.GetFullPath(plotPath)}");
        return ReplayTool.Succeeded;
    }
}
