namespace KvCache.Serving.Text;

/// <summary>Reads a whole file of comma-separated values.</summary>
internal static class CsvFile
{
    /// <summary>Reads a file, and adds the place to what goes wrong.</summary>
    /// <exception cref="MalformedFileException">The file cannot be read, or is not as expected.</exception>
    public static T Read<T>(string path, string what, Func<CsvReader, T> read)
    {
        using FileStream stream = InputFile.Open(path, what);
        LineReader lines = new(stream);
        try
        {
            return read(new CsvReader(lines));
        }
        catch (UnexpectedTextException exception)
        {
            throw new MalformedFileException(path, lines.LineNumber, exception.Message, exception);
        }
    }
}
