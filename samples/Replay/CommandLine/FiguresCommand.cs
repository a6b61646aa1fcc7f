using System.CommandLine;
using System.Globalization;
using KvCache.Serving.Traces;
using Replay.Figures;
using Replay.Output;
using Spectre.Console;

namespace Replay.CommandLine;

/// <summary>The command <c>replay figures</c>.</summary>
internal sealed class FiguresCommand : Command
{
    private const int DefaultSeeds = 3;

    /// <summary>What a step of the server takes at a time.</summary>
    private const int MostContext = Deployment.MaxStepTokens;
    private readonly IAnsiConsole _console;

    private readonly Argument<string> _set = new("SET")
    {
        Description = "Which figures: layerkv, layer-wise offload with admission by objectives beside the paged manager.",
        HelpName = "layerkv",
    };

    private readonly Option<string> _folder = new("--out")
    {
        Description = "The folder for a CSV and an SVG file of each figure; it is made where it is not there.",
        HelpName = "DIR",
        DefaultValueFactory = static _ => "docs/results",
    };

    private readonly Option<string?> _trace = new("--trace")
    {
        Description = "A trace for its lengths, over whose rate of arrival is drawn. Without one, those figures are left out.",
        HelpName = "FILE",
    };

    private readonly Option<int> _seeds = OptionValues.Count("--seeds", $"Random arrivals of which each point is the mean, from 0 on. [default: {DefaultSeeds}]", "N");
    private readonly Option<string?> _only = new("--only") { Description = "Only the figures whose names contain this.", HelpName = "TEXT" };
    private readonly Option<int> _requests = OptionValues.Count("--requests", "Requests of each point over the context. [default: 100]", "N");

    private readonly Option<int[]> _contexts = new("--contexts")
    {
        Description = "The contexts that are drawn over, in tokens, separated by commas. [default: 128 to 16384]",
        HelpName = "N[,N…]",
        CustomParser = static result =>
        {
            string[] parts = result.Tokens[0].Value.Split(',');
            int[] contexts = [.. parts.Select(static part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int context) ? context : 0)];
            if (contexts.Any(static context => context is < 1 or > MostContext) || contexts.Distinct().Count() < contexts.Length)
            {
                result.AddError($"--contexts takes different whole numbers from 1 to {MostContext}, not '{result.Tokens[0].Value}'.");
            }

            return contexts;
        },
    };

    public FiguresCommand(IAnsiConsole console)
        : base("figures", "Draws a paper's figures anew, from the managers and the scheduler that ship, in virtual time.")
    {
        _console = console;
        _set.AcceptOnlyFromAmong("layerkv");
        Arguments.Add(_set);
        foreach (Option option in (Option[])[_folder, _trace, _seeds, _only, _requests, _contexts])
        {
            Options.Add(option);
        }

        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        string folder = parsed.GetRequiredValue(_folder);
        string only = parsed.GetValue(_only) ?? "";
        int seeds = parsed.GetResult(_seeds) is null ? DefaultSeeds : parsed.GetValue(_seeds);
        Figure[] figures = [.. Figures(parsed).All.Where(figure => figure.Name.Contains(only, StringComparison.Ordinal))];
        if (figures.Length == 0)
        {
            throw new ReplayException($"--only {only}: expected a part of a figure's name, found none that has it.");
        }

        Directory.CreateDirectory(folder);
        foreach (Figure figure in figures)
        {
            using OutputFiles files = new(parsed.GetValue(_trace));
            Stream csv = files.Create(Path.Combine(folder, $"{figure.Name}.csv"))!;
            Stream svg = files.Create(Path.Combine(folder, $"{figure.Name}.svg"))!;
            IReadOnlyList<Outcome> outcomes = _console.WithProgress(figure.Name, report => Cases.Serve(figure.Cases, seeds, report));
            FigureCsv.Write(figure, outcomes, csv);
            FigurePlot.WriteSvg(figure, outcomes, svg);
            files.Commit();
            _console.Write(FigureTable.Create(figure, outcomes));
        }

        return ReplayTool.Succeeded;
    }

    private LayerKvFigures Figures(ParseResult parsed)
    {
        LayerKvFigures figures = new();
        if (parsed.GetResult(_requests) is not null)
        {
            figures = figures with { Requests = parsed.GetValue(_requests) };
        }

        if (parsed.GetResult(_contexts) is not null)
        {
            figures = figures with { Contexts = parsed.GetValue(_contexts)! };
        }

        if (parsed.GetValue(_trace) is not { } path)
        {
            return figures;
        }

        using TraceReader reader = TraceReader.Open(path);
        return figures with
        {
            LengthsName = Path.GetFileName(path),
            Lengths = [.. reader.ReadAll().Select(static request => (request.PromptTokens, request.OutputTokens))],
        };
    }
}
