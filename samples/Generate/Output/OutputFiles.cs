namespace Generate.Output;

/// <summary>Files that are written together: what is not completed is emptied, lest half of it be taken for the whole.</summary>
internal sealed class OutputFiles : IDisposable
{
    private readonly List<FileStream> _streams = [];
    private bool _completed;

    public OutputFiles(IEnumerable<string> paths)
    {
        try
        {
            foreach (string path in paths)
            {
                // Unbuffered, so that the length is what has been written.
                _streams.Add(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Refuses to write over what is read, or to write two things to one file.</summary>
    /// <exception cref="GenerateException">An output is an input, or there twice.</exception>
    public static void EnsureApart(IReadOnlyList<string> outputs, IReadOnlyList<string> inputs)
    {
        HashSet<string> read = [.. inputs.Select(Target)];
        HashSet<string> written = [];
        foreach (string path in outputs)
        {
            if (read.Contains(Target(path)))
            {
                throw new GenerateException($"--logits names '{path}', which is read; expected another file, for it is overwritten.");
            }

            if (!written.Add(Target(path)))
            {
                throw new GenerateException($"--logits names '{path}' twice; expected a file for each --feed.");
            }
        }
    }

    public void Write(int file, ReadOnlySpan<byte> bytes) => _streams[file].Write(bytes);

    /// <summary>Says that everything has been written.</summary>
    public void Complete() => _completed = true;

    public void Dispose()
    {
        foreach (FileStream stream in _streams)
        {
            using (stream)
            {
                if (!_completed && stream.CanSeek && stream.Length > 0)
                {
                    stream.SetLength(0);
                }
            }
        }
    }

    /// <summary>Where a path leads, links followed.</summary>
    private static string Target(string path) =>
        File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path) : Path.GetFullPath(path);
}
