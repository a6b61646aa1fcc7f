namespace Generate.Tests;

/// <summary>What a run of the tool gave.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public static ToolResult Run(params string[] args)
    {
        StringWriter output = new();
        StringWriter error = new();
        int exitCode = GenerateTool.Run(args, output, error);
        return new ToolResult(exitCode, output.ToString(), error.ToString());
    }
}
