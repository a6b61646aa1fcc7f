using System.CommandLine;
using System.CommandLine.Invocation;
using Generate.CommandLine;
using Generate.Gguf;

namespace Generate;

/// <summary>The tool as a function of its arguments: what it prints goes to the given writers.</summary>
internal static class GenerateTool
{
    public const int Succeeded = 0;
    public const int Failed = 2;

    /// <summary>Runs the tool.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        GenerateCommand command = new(options => new GenerateRun(options, output, error).Run());

        // A prompt may begin with @ without naming a file of more options.
        ParseResult parsed = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
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
            exception is GenerateException or GgufException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            return Fail(error, exception.Message);
        }
    }

    private static int Fail(TextWriter error, string message)
    {
        error.WriteLine($"generate: {message.ReplaceLineEndings(" ")}");
        return Failed;
    }
}
