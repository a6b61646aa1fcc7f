namespace Replay.Traces;

/// <summary>Reads a stream line by line as bytes, through one buffer that grows to the longest line.</summary>
internal sealed class LineReader(Stream stream)
{
    private const int FirstBufferBytes = 1 << 16;
    private const int LongestLineBytes = 1 << 28;
    private byte[] _buffer = new byte[FirstBufferBytes];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>Gets the number of the line read last; the first is 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>Reads the next line, without its line feed. The span is good until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        int searched = 0;
        LineNumber++;
        while (true)
        {
            int length = _buffer.AsSpan((_start + searched)..(_end)).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _buffer.AsSpan(_start, searched + length);
                _start += line.Length + 1;
                return true;
            }

            searched = _end - _start;
            if (_ended)
            {
                line = _buffer.AsSpan(_start, searched);
                _start = _end;
                return !line.IsEmpty;
            }

            Fill();
        }
    }

    private void Fill()
    {
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            if (_end >= LongestLineBytes)
            {
                throw new UnexpectedTextException($"a line of fewer than {LongestLineBytes} bytes");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        _ended = read == 0;
    }
}
