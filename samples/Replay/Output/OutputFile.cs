namespace Replay.Output;

/// <summary>A file that appears under its name only when it is complete: written beside it, renamed at the end.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _path;
    private readonly string _written;
    private readonly FileStream _stream;
    private bool _committed;

    private OutputFile(string path, string written)
    {
        _path = path;
        _written = written;
        _stream = new FileStream(written, FileMode.Create, FileAccess.Write);
    }

    public Stream Stream => _stream;

    /// <summary>Opens the file for writing, so that a place that cannot be written to is known before any work.</summary>
    /// <exception cref="ReplayException">It cannot be written to.</exception>
    public static OutputFile Create(string path)
    {
        if (path.Length == 0 || Directory.Exists(path))
        {
            throw new ReplayException($"'{path}': expected a file to write to, found a directory or no name.");
        }

        try
        {
            if (IsDevice(path))
            {
                return new OutputFile(path, path);
            }

            string target = FinalPath(path);
            return new OutputFile(target, $"{target}.{Path.GetRandomFileName()}.partial");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ReplayException($"'{path}': expected a file that can be written to: {exception.Message}");
        }
    }

    /// <summary>The path behind any symbolic links: two names of one file have the same.</summary>
    public static string FinalPath(string path) =>
        new FileInfo(path).LinkTarget is null
            ? Path.GetFullPath(path)
            : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;

    /// <summary>Gives the complete file its name.</summary>
    public void Commit()
    {
        _stream.Dispose();
        if (_written != _path)
        {
            File.Move(_written, _path, overwrite: true);
        }

        _committed = true;
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (!_committed && _written != _path)
        {
            File.Delete(_written);
        }
    }

    /// <summary>/dev/stdout and its like cannot be renamed over.</summary>
    private static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows() &&
        (path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal));
}
