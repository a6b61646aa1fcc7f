using Spectre.Console;

namespace Replay.Output;

/// <summary>Makes the console that tables and progress bars are drawn on.</summary>
internal static class Consoles
{
    private const int RedirectedWidth = 1_000;

    /// <summary>Colours and cursor movement only where somebody watches; plain text everywhere else.</summary>
    public static IAnsiConsole Create(TextWriter output, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = RedirectedWidth;
        }

        return console;
    }

    /// <summary>Runs work that reports how much of it is done, 0 … 1, on a progress bar where there is a terminal.</summary>
    public static TResult WithProgress<TResult>(
        this IAnsiConsole console, string description, Func<Action<double>, TResult> work) =>
        console.Profile.Capabilities.Interactive
            ? console.Progress().AutoClear(true).Start(context =>
            {
                ProgressTask task = context.AddTask(description, maxValue: 1);
                return work(done => task.Value = done);
            })
            : work(static _ => { });
}
