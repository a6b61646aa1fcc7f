using System.CommandLine;
using Replay.Output;
using Replay.Planning;
using Replay.Serving;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The command <c>replay plan</c>.</summary>
internal sealed class PlanCommand : Command
{
    private const int DefaultOutput = 256;
    private const int DefaultRequests = 400;
    private readonly IAnsiConsole _console;
    private readonly ServerOptions _server;
    private readonly Option<int> _context = OptionValues.Count("--context", "Tokens of a prompt.", "N");
    private readonly Option<int> _output = OptionValues.Count("--output", "Tokens of an answer. [default: 256]", "N");

    private readonly Option<int> _requests =
        OptionValues.Count("--requests", "Requests that are simulated for each rate. [default: 400]", "N");

    public PlanCommand(IAnsiConsole console)
        : base("plan", "Says how many sequences of a length fit a device, what each manager wastes, and from which rate on the queue grows.")
    {
        _console = console;
        _context.Required = true;
        Options.Add(_context);
        Options.Add(_output);
        Options.Add(_requests);
        _server = new ServerOptions(this, modelIsRequired: true);
        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        Server server = _server.ToServer(parsed);
        PlanOptions options = new(
            parsed.GetValue(_context),
            parsed.GetResult(_output) is null ? DefaultOutput : parsed.GetValue(_output),
            parsed.GetResult(_requests) is null ? DefaultRequests : parsed.GetValue(_requests));
        if ((long)options.Context + options.Output > int.MaxValue)
        {
            throw new ReplayException($"Expected at most {int.MaxValue} tokens, found {options.Context} + {options.Output}.");
        }

        List<Plan> plans = [];
        foreach (string manager in _server.Allocators(parsed))
        {
            plans.Add(_console.WithProgress($"Planning ({manager})", report => Plan.Make(manager, server, options, report)));
        }

        _console.Write(PlanTable.Fits(plans, server, options));
        foreach (Plan plan in plans)
        {
            _console.WriteLine($"{plan.Manager}: {options.Requests:N0} requests arriving independently at each rate.");
            _console.Write(PlanTable.Rates(plan));
        }

        return ReplayTool.Succeeded;
    }
}
