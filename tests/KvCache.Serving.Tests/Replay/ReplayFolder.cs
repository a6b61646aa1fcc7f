using Replay;

namespace KvCache.Serving.Tests.Replay;

/// <summary>A temporary folder, and the tool run inside the test's process on files in it.</summary>
public sealed class ReplayFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("replay-").FullName;

    public IEnumerable<string> FileNames => Directory.EnumerateFiles(_path).Select(file => Path.GetFileName(file)).Order();

    public string PathOf(string name) => Path.Combine(_path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    public string Read(string name) => File.ReadAllText(PathOf(name));

    public void Dispose() => Directory.Delete(_path, recursive: true);

    /// <summary>Runs the tool as a redirected process would.</summary>
    internal static (int ExitCode, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = ReplayTool.Run(args, output, error, isTerminal: false);
        return (exitCode, output.ToString(), error.ToString());
    }
}
