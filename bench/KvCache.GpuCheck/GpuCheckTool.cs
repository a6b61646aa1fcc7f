using System.CommandLine;
using System.CommandLine.Invocation;
using KvCache.Gpu;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Tune;

namespace KvCache.GpuCheck;

/// <summary>The program as a function of its arguments: what it prints goes to the given writers.</summary>
internal static class GpuCheckTool
{
    public const int Correct = 0;
    public const int Wrong = 1;
    public const int Failed = 2;
    public const int NoDevice = 3;

    /// <summary>Runs the program.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        ParseResult parsed = new GpuCheckCommand(options => Run(options, output, error)).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            return Say(error, Failed, $"{parsed.Errors[0].Message} Try --help.");
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (PlatformNotSupportedException exception)
        {
            return Say(error, NoDevice, exception.Message);
        }
        catch (Exception exception) when (exception is GpuException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            return Say(error, Failed, exception.Message);
        }
    }

    private static int Run(GpuCheckOptions options, TextWriter output, TextWriter error) =>
        options.KernelFolder is not null
            ? KernelCompilation.Run(options, output)
            : new GpuCheckRun(options, options.Tune ? [new TensorTune(options.Folder)] : GpuChecks.All, output, error).Run();

    private static int Say(TextWriter error, int code, string message)
    {
        error.WriteLine($"gpu-check: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
