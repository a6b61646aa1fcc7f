namespace KvCache.Serving.Text;

/// <summary>Reads a stream line by line as bytes, through one buffer that grows to the longest line.</summary>
internal sealed class LineReader(Stream stream)
{
    private const int FirstBufferBytes = 1 << 16;
    private const int LongestLineBytes = 1 << 28;
    private byte[] _buffer = new byte[FirstBufferBytes];
    private Range _line;
    private int _start;
    private int _end;
    private bool _ended;
    private bool _isUnread;

    /// <summary>Gets the number of the line read last; the first is 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>Reads the next line, without its ending and the file's byte order mark. The span is good until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        bool any = _isUnread || TryReadNext();
        _isUnread = false;
        line = any ? _buffer.AsSpan(_line) : default;
        return any;
    }

    /// <summary>Reads the next line that holds anything but white space.</summary>
    public bool TryReadText(out ReadOnlySpan<byte> line)
    {
        while (TryRead(out line))
        {
            if (!line.Trim(" \t\r"u8).IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes the next call read the last line again.</summary>
    public void Unread() => _isUnread = true;

    private bool TryReadNext()
    {
        int searched = 0;
        LineNumber++;
        while (true)
        {
            int length = _buffer.AsSpan((_start + searched).._end).IndexOf((byte)'\n');
            if (length >= 0)
            {
                int end = _start + searched + length;
                SetLine(_start, end);
                _start = end + 1;
                return true;
            }

            searched = _end - _start;
            if (_ended)
            {
                SetLine(_start, _end);
                _start = _end;
                return searched > 0;
            }

            Fill();
        }
    }

    private void SetLine(int start, int end)
    {
        ReadOnlySpan<byte> byteOrderMark = "\uFEFF"u8;
        ReadOnlySpan<byte> line = _buffer.AsSpan(start, end - start);
        start += LineNumber == 1 && line.StartsWith(byteOrderMark) ? byteOrderMark.Length : 0;
        end -= end > start && line.EndsWith("\r"u8) ? 1 : 0;
        _line = start..end;
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
