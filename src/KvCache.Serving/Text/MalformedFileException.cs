namespace KvCache.Serving.Text;

/// <summary>A file that is not what it should be: which, where in it, and what was expected there.</summary>
public sealed class MalformedFileException : FormatException
{
    /// <summary>Names the place.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="expected">What was expected there, and what was found.</param>
    /// <param name="innerException">What else is known; null for nothing.</param>
    public MalformedFileException(string file, long line, string expected, Exception? innerException = null)
        : base($"{file}:{line}: expected {expected}", innerException)
    {
        File = file;
        Line = line;
        Expected = expected;
    }

    /// <summary>Gets the file's path.</summary>
    public string File { get; }

    /// <summary>Gets the line, from 1.</summary>
    public long Line { get; }

    /// <summary>Gets what was expected there, and what was found.</summary>
    public string Expected { get; }
}
