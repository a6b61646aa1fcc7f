using System.CommandLine;
using System.Text;
using KvCache.Serving.Simulation;
using Replay.Output;
using Replay.Serving;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The command <c>replay serve</c>.</summary>
internal sealed class ServeCommand : Command
{
    private readonly IAnsiConsole _console;
    private readonly LoadOptions _load;
    private readonly ServerOptions _server;

    private readonly Option<decimal> _firstTokenObjective = OptionValues.Number(
        "--slo-ttft", "The longest time to first token that is good service.", "MS");

    private readonly Option<decimal> _tokenObjective = OptionValues.Number(
        "--slo-tpot", "The longest mean time per output token that is good service.", "MS");

    private readonly Option<string?> _steps = OptionValues.OutputFile("--steps", "Write every step there. " + ManagerFiles.Help, "csv");
    private readonly Option<string?> _requests = OptionValues.OutputFile("--requests-out", "Write every request there, likewise.", "csv");
    private readonly Option<string?> _json = OptionValues.OutputFile("--json", "Write the summary there.", "json");
    private readonly Option<string?> _plot = OptionValues.OutputFile("--plot", "Draw times to first token and memory over time there.", "svg");

    public ServeCommand(IAnsiConsole console)
        : base("serve", "Serves a trace, or requests made up, in virtual time: the real scheduler and manager, only the computing is left out.")
    {
        _console = console;
        _load = new LoadOptions(this);
        _server = new ServerOptions(this, modelIsRequired: false);
        foreach (Option option in (Option[])[_firstTokenObjective, _tokenObjective, _steps, _requests, _json, _plot])
        {
            Options.Add(option);
        }

        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        ILoad load = _load.ToLoad(parsed);
        Server server = _server.ToServer(parsed);
        IReadOnlyList<string> allocators = _server.Allocators(parsed);
        using OutputFiles files = new(_load.Trace(parsed));
        (string Manager, Stream? Steps, Stream? Requests)[] runs = [.. allocators.Select(manager => (
            manager,
            files.Create(ManagerFiles.Of(parsed.GetValue(_steps), manager, allocators.Count)),
            files.Create(ManagerFiles.Of(parsed.GetValue(_requests), manager, allocators.Count))))];
        Stream? json = files.Create(parsed.GetValue(_json));
        Stream? plot = files.Create(parsed.GetValue(_plot));
        List<ServedLoad> served = [];
        foreach ((string manager, Stream? steps, Stream? requests) in runs)
        {
            ServedLoad result = _console.WithProgress(
                $"Serving ({manager})", report => ServedLoad.Serve(manager, server, load, Objectives(parsed), report));
            Write(steps, writer => SimulationCsv.WriteSteps(result.Result, writer));
            Write(requests, writer => SimulationCsv.WriteRequests(result.Result, writer));
            served.Add(result);
        }

        if (json is not null)
        {
            ServingJson.Write(served, json);
        }

        if (plot is not null)
        {
            ServingPlot.WriteSvg(served, load.Description, plot);
        }

        files.Commit();
        _console.WriteLine($"{load.Description}.");
        _console.Write(ServingTable.Create(served));
        return ReplayTool.Succeeded;
    }

    private ServiceObjectives Objectives(ParseResult parsed)
    {
        TimeSpan? Time(Option<decimal> option) =>
            parsed.GetResult(option) is null ? null : TimeSpan.FromMicroseconds((double)parsed.GetValue(option) * 1e3);
        return new ServiceObjectives(Time(_firstTokenObjective), Time(_tokenObjective));
    }

    private static void Write(Stream? stream, Action<TextWriter> write)
    {
        if (stream is not null)
        {
            using StreamWriter writer = new(stream, new UTF8Encoding(false), bufferSize: 1 << 16, leaveOpen: true);
            write(writer);
        }
    }
}
