using System.CommandLine;
using System.CommandLine.Invocation;
using KvCache.Serving.Text;
using Replay.CommandLine;
using Replay.Output;
using Spectre.Console;

namespace Replay;

/// <summary>The tool as a function of its arguments: what it prints goes to the given writers.</summary>
internal static class ReplayTool
{
    public const int Succeeded = 0;
    public const int Failed = 2;

    /// <summary>Runs the tool.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, bool isTerminal)
    {
        IAnsiConsole console = Consoles.Create(output, isTerminal);
        ParseResult parsed = ReplayCommand.Create(console).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            return Fail(error, $"{parsed.Errors[0].Message} Try --help.");
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
            });
        }
        catch (Exception exception) when (
            exception is ReplayException or MalformedFileException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            return Fail(error, exception.Message);
        }
    }

    private static int Fail(TextWriter error, string message)
    {
        error.WriteLine($"replay: {message.ReplaceLineEndings(" ")}");
        return Failed;
    }
}
