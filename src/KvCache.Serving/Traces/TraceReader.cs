using System.Diagnostics.CodeAnalysis;
using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>Reads a trace request by request, in any of the forms of <see cref="TraceForm"/>; which one, it sees by the content.</summary>
/// <remarks>
/// <para>Byte order marks, either kind of line ending, blank lines, quoted fields, other columns and keys, and columns in any order
/// are taken as they come. Arrivals are whole microseconds; what is finer is cut off.</para>
/// <para>Holds one line at a time, of the Mooncake form up to 256 requests until the size of a block is known.
/// Threads: one at a time.</para>
/// </remarks>
public sealed class TraceReader : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly LineReader _lines;
    private readonly BlockNumbers _numbers = new();
    private readonly ITraceFormReader _requests;
    private int _count;

    private TraceReader(string path, int blockTokens)
    {
        _path = path;
        _stream = InputFile.Open(path, "a trace file");
        _lines = new LineReader(_stream);
        try
        {
            _requests = Locate(() => Recognize(blockTokens));
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>Gets the form that was recognised.</summary>
    public TraceForm Form { get; private set; }

    /// <summary>Gets the tokens that one block id of the trace stands for; 0 where the form has none.</summary>
    public int BlockTokens => _requests.BlockTokens;

    /// <summary>Gets how many different block ids have been read.</summary>
    public int DistinctBlocks => _numbers.Count;

    /// <summary>Gets how much of the file has been read, 0 … 1; 0 where that cannot be known.</summary>
    public double Progress => _stream.CanSeek && _stream.Length > 0 ? (double)_stream.Position / _stream.Length : 0;

    /// <summary>Gets whether the trace can be opened and read again: a file can, a pipe cannot.</summary>
    public bool CanRepeat => _stream.CanSeek;

    /// <summary>Opens a trace and sees what form it has.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="blockTokens">
    /// Tokens that one block id stands for; 0 to find out from the lengths and the numbers of ids of the first requests.
    /// </param>
    /// <returns>The reader.</returns>
    /// <exception cref="MalformedFileException">The file cannot be read, or is no trace.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="blockTokens"/> is negative.</exception>
    public static TraceReader Open(string path, int blockTokens = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfNegative(blockTokens);
        return new TraceReader(path, blockTokens);
    }

    /// <summary>Reads the next request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="MalformedFileException">The line is no request, or the file has none at all.</exception>
    public bool TryRead([NotNullWhen(true)] out TraceRequest? request)
    {
        request = Locate(() => _requests.Read(_count) ?? (_count > 0 ? null : throw NoRequest()));
        _count += request is null ? 0 : 1;
        return request is not null;
    }

    /// <summary>Reads the requests that are left, one by one, and insists that they are in order of arrival, as a simulation needs them.</summary>
    /// <returns>The requests; to be enumerated once, while the reader is open.</returns>
    /// <exception cref="MalformedFileException">While they are read: as <see cref="TryRead"/>, or one arrives before the one before it.</exception>
    public IEnumerable<TraceRequest> ReadAll()
    {
        TimeSpan last = TimeSpan.Zero;
        while (TryRead(out TraceRequest? request))
        {
            if (request.Arrival < last)
            {
                throw new MalformedFileException(
                    _path, request.Line, $"no arrival before that of the line before, {last.TotalSeconds:R} s, found {request.Arrival.TotalSeconds:R} s");
            }

            last = request.Arrival;
            yield return request;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    private static UnexpectedTextException NoRequest() => new("at least one request, found the end of the file");

    private ITraceFormReader Recognize(int blockTokens)
    {
        if (!_lines.TryReadText(out ReadOnlySpan<byte> line))
        {
            throw NoRequest();
        }

        bool isJson = line.TrimStart(" \t"u8).StartsWith("{"u8);
        _lines.Unread();
        if (isJson)
        {
            Form = TraceForm.Mooncake;
            return new MooncakeReader(_lines, blockTokens, _numbers);
        }

        CsvReader csv = new(_lines);
        CsvTraceColumns columns = CsvTraceColumns.All.FirstOrDefault(columns => columns.Match(csv))
            ?? throw new UnexpectedTextException(
                "one JSON object a line with timestamp, input_length, output_length and hash_ids, or a header with " +
                $"{string.Join(" or ", CsvTraceColumns.All)}, found '{FieldNumbers.Text(System.Text.Encoding.UTF8.GetBytes(string.Join(',', csv.Names)))}'");
        Form = columns.Form;
        return new CsvTraceReader(csv, _lines, columns);
    }

    /// <summary>Adds the place to what goes wrong.</summary>
    private T Locate<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (UnexpectedTextException exception)
        {
            throw new MalformedFileException(_path, exception.Line ?? _lines.LineNumber, exception.Message, exception);
        }
    }
}
