using System.Diagnostics.CodeAnalysis;

namespace Replay.Traces;

/// <summary>Reads a trace in Mooncake's form request by request; holds one line at a time.</summary>
internal sealed class TraceReader : IDisposable
{
    private readonly string _file;
    private readonly int _blockTokens;
    private readonly FileStream _stream;
    private readonly LineReader _lines;
    private readonly TraceRequest _request = new();
    private bool _any;

    /// <summary>Opens a trace.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="blockTokens">Tokens that one block id of the trace stands for.</param>
    public TraceReader(string file, int blockTokens)
    {
        _file = file;
        _blockTokens = blockTokens;
        _stream = Open(file);
        _lines = new LineReader(_stream);
    }

    /// <summary>Gets how much of the file has been read, 0 … 1; 0 where that cannot be known.</summary>
    public double Progress => _stream.CanSeek && _stream.Length > 0 ? (double)_stream.Position / _stream.Length : 0;

    /// <summary>Gets whether the trace can be opened and read again: a file can, a pipe cannot.</summary>
    public bool CanRepeat => _stream.CanSeek;

    /// <summary>Reads the next request. It is good until the next call.</summary>
    /// <exception cref="MalformedTraceException">The trace is no trace.</exception>
    public bool TryRead([NotNullWhen(true)] out TraceRequest? request)
    {
        try
        {
            request = ReadRequest() ? _request : null;
            return request is not null;
        }
        catch (UnexpectedTextException exception)
        {
            throw new MalformedTraceException(_file, _lines.LineNumber, exception.Message);
        }
    }

    public void Dispose() => _stream.Dispose();

    private static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new MalformedTraceException(file, 1, $"a trace file that can be read. {exception.Message}");
        }
    }

    private bool ReadRequest()
    {
        while (_lines.TryRead(out ReadOnlySpan<byte> line))
        {
            ReadOnlySpan<byte> byteOrderMark = "\uFEFF"u8;
            line = _lines.LineNumber == 1 && line.StartsWith(byteOrderMark) ? line[byteOrderMark.Length..] : line;
            if (line.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            _any = true;
            TraceLine.Read(line, _request);
            EnsureIdsFit();
            return true;
        }

        return _any ? false : throw new UnexpectedTextException("at least one request, found the end of the file");
    }

    /// <summary>Some traces name the last, partly filled block, others only the full ones.</summary>
    private void EnsureIdsFit()
    {
        (int full, int rest) = Math.DivRem(_request.InputLength, _blockTokens);
        int all = full + (rest > 0 ? 1 : 0);
        int given = _request.BlockIds.Count;
        if (given != full && given != all)
        {
            string count = full == all ? $"{full}" : $"{full} or {all}";
            throw new UnexpectedTextException(
                $"{count} hash_ids for {_request.InputLength} tokens in blocks of {_blockTokens}, found {given}");
        }
    }
}
