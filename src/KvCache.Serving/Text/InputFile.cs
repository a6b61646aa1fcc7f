namespace KvCache.Serving.Text;

/// <summary>Opens files that others have written.</summary>
internal static class InputFile
{
    /// <exception cref="MalformedFileException">The file cannot be read.</exception>
    public static FileStream Open(string path, string what)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new MalformedFileException(path, 1, $"{what} that can be read. {exception.Message}", exception);
        }
    }
}
