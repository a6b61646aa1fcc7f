using System.CommandLine;
using Replay.Manager;
using Replay.Output;
using Replay.Prefixes;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The command <c>replay prefix</c>.</summary>
internal sealed class PrefixCommand : Command
{
    private const int DefaultRuns = 5;
    private readonly IAnsiConsole _console;

    private readonly Option<string> _trace = new("--trace")
    {
        Description = "The trace: JSON lines with timestamp (or timestamp_ms), input_length, output_length and hash_ids.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<int> _blockTokens = OptionValues.Count("--block-tokens", "Tokens in a block of the cache.", "N");
    private readonly Option<int> _capacity = OptionValues.Count("--capacity", "Blocks in the cache.", "BLOCKS");
    private readonly Option<int> _traceBlockTokens = OptionValues.Count(
        "--trace-block-tokens", "Tokens that one id of the trace stands for. [default: as --block-tokens]", "N");

    private readonly Option<string[]> _allocators = AllocatorOption.Create();

    private readonly Option<int> _groupBlocks = OptionValues.PowerOfTwo(
        "--group-blocks", "Blocks whose memory virtual tensors map together; a power of two. [default: 1]", "N");

    private readonly Option<string> _policy = OptionValues.Choice(
        "--policy", "Which cached blocks are given up first.", EvictionPolicies.Names);

    private readonly Option<string> _deduplicate = OptionValues.Choice(
        "--deduplicate", "Whether equal blocks are kept only once. Virtual tensors never do.", ["on", "off"]);

    private readonly Option<int> _runs = OptionValues.Count(
        "--runs", "How often to replay; the manager's time is the median. [default: 5]", "N");

    private readonly Option<string?> _requestsOut = new("--requests-out")
    {
        Description = "Write the hits of every request there, as CSV: request_index,hit_tokens. " + ManagerFiles.Help,
        HelpName = "FILE",
    };

    private readonly Option<string?> _json = new("--json")
    {
        Description = "Write the summary there, as JSON. " + ManagerFiles.Help,
        HelpName = "FILE",
    };

    public PrefixCommand(IAnsiConsole console)
        : base("prefix", "Replays a trace's prompts one after another and counts the tokens found in the prefix cache.")
    {
        _console = console;
        _blockTokens.Required = true;
        _capacity.Required = true;
        Options.Add(_trace);
        Options.Add(_blockTokens);
        Options.Add(_capacity);
        Options.Add(_traceBlockTokens);
        Options.Add(_allocators);
        Options.Add(_groupBlocks);
        Options.Add(_policy);
        Options.Add(_deduplicate);
        Options.Add(_runs);
        Options.Add(_requestsOut);
        Options.Add(_json);
        SetAction(Run);
    }

    private PrefixOptions ToOptions(ParseResult parsed, string manager, int managers)
    {
        int blockTokens = parsed.GetValue(_blockTokens);
        return new PrefixOptions(
            parsed.GetRequiredValue(_trace),
            manager,
            blockTokens,
            parsed.GetResult(_traceBlockTokens) is null ? blockTokens : parsed.GetValue(_traceBlockTokens),
            parsed.GetValue(_capacity),
            parsed.GetResult(_groupBlocks) is null ? 1 : parsed.GetValue(_groupBlocks),
            parsed.GetRequiredValue(_policy),
            parsed.GetValue(_deduplicate) == "on",
            parsed.GetResult(_runs) is null ? DefaultRuns : parsed.GetValue(_runs),
            ManagerFiles.Of(parsed.GetValue(_requestsOut), manager, managers),
            ManagerFiles.Of(parsed.GetValue(_json), manager, managers));
    }

    private int Run(ParseResult parsed)
    {
        IReadOnlyList<string> managers = _allocators.Names(parsed);
        using OutputFiles files = new(parsed.GetRequiredValue(_trace));
        (PrefixOptions Options, Stream? Requests, Stream? Json)[] runs = [.. managers.Select(manager =>
        {
            PrefixOptions options = ToOptions(parsed, manager, managers.Count);
            return (options, files.Create(options.RequestsOut), files.Create(options.JsonOut));
        })];
        List<PrefixSummary> summaries = [];
        foreach ((PrefixOptions options, Stream? requestsFile, Stream? jsonFile) in runs)
        {
            PrefixSummary summary = _console.WithProgress($"Replaying ({options.Manager})", report =>
            {
                using RequestsCsv? requests = requestsFile is null ? null : new RequestsCsv(requestsFile);
                return RepeatedReplay.Run(options, requests, report);
            });
            summaries.Add(summary);
            if (jsonFile is not null)
            {
                PrefixReport.WriteJson(summary, jsonFile);
            }
        }

        files.Commit();
        _console.Write(PrefixReport.ToTable(summaries));
        return ReplayTool.Succeeded;
    }
}
