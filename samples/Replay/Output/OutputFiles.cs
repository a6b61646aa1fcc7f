namespace Replay.Output;

/// <summary>The files that a command writes: all of them, or none.</summary>
/// <param name="input">The file that it reads, which none may be; or null.</param>
internal sealed class OutputFiles(string? input) : IDisposable
{
    private readonly List<OutputFile> _files = [];
    private readonly HashSet<string> _paths = string.IsNullOrEmpty(input) ? [] : [OutputFile.FinalPath(input)];

    /// <summary>Opens one, if there is a path.</summary>
    /// <exception cref="ReplayException">It cannot be written to, or is another one's.</exception>
    public Stream? Create(string? path)
    {
        if (path is null)
        {
            return null;
        }

        OutputFile file = OutputFile.Create(path);
        _files.Add(file);
        return _paths.Add(OutputFile.FinalPath(path))
            ? file.Stream
            : throw new ReplayException($"'{path}': expected different files for everything that is read and written.");
    }

    /// <summary>Gives the complete files their names.</summary>
    public void Commit() => _files.ForEach(static file => file.Commit());

    public void Dispose() => _files.ForEach(static file => file.Dispose());
}
