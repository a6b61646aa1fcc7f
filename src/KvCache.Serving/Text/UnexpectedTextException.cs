namespace KvCache.Serving.Text;

/// <summary>Text that is not what it should be; the message is what was expected, without the place, which the reader knows.</summary>
internal sealed class UnexpectedTextException(string expected, long? line = null) : Exception(expected)
{
    /// <summary>Gets the line where that is not the one read last.</summary>
    public long? Line => line;
}
