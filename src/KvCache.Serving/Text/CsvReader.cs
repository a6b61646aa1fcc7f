using System.Text;

namespace KvCache.Serving.Text;

/// <summary>Reads comma-separated values: a header with names, then records, as RFC 4180 has them.</summary>
/// <remarks>
/// Our own, because an error must name the line of the file, which the libraries do not know behind blank lines and line breaks
/// inside quotes. Blank lines are passed over. Fields are bytes, good until the next record.
/// </remarks>
internal sealed class CsvReader
{
    private const byte Quote = (byte)'"';
    private readonly LineReader _lines;
    private readonly List<Range> _fields = [];
    private readonly string[] _names;
    private byte[] _record = [];
    private int _length;

    /// <exception cref="UnexpectedTextException">There is no header, or one with the same name twice.</exception>
    public CsvReader(LineReader lines)
    {
        _lines = lines;
        if (!TryRead())
        {
            throw new UnexpectedTextException("a header with the names of the columns, found the end of the file");
        }

        _names = new string[_fields.Count];
        for (int i = 0; i < _names.Length; i++)
        {
            _names[i] = Encoding.UTF8.GetString(Field(i));
        }
    }

    /// <summary>Gets the names of the columns.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Gets whether there is a column of this name, whatever its case.</summary>
    public bool Has(string name) => _names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The place of a column.</summary>
    /// <exception cref="UnexpectedTextException">There is not exactly one of this name.</exception>
    public int Column(string name)
    {
        int column = Array.FindIndex(_names, other => other.Equals(name, StringComparison.OrdinalIgnoreCase));
        int last = Array.FindLastIndex(_names, other => other.Equals(name, StringComparison.OrdinalIgnoreCase));
        return column >= 0 && column == last
            ? column
            : throw new UnexpectedTextException(
                $"{(column < 0 ? "a" : "one")} column {name} in the header, found '{string.Join(',', _names)}'");
    }

    /// <summary>Reads the next record.</summary>
    /// <exception cref="UnexpectedTextException">It has more or fewer fields than the header, or a quote that does not end.</exception>
    public bool TryRead()
    {
        _fields.Clear();
        _length = 0;
        if (!_lines.TryReadText(out ReadOnlySpan<byte> line))
        {
            return false;
        }

        Split(line);
        if (_names is not null && _fields.Count != _names.Length)
        {
            throw new UnexpectedTextException($"{_names.Length} fields, as in the header, found {_fields.Count}");
        }

        return true;
    }

    /// <summary>A field of the record read last, without its quotes and the white space around it.</summary>
    public ReadOnlySpan<byte> Field(int column) => _record.AsSpan(_fields[column]).Trim(" \t"u8);

    private void Split(ReadOnlySpan<byte> line)
    {
        while (true)
        {
            int start = _length;
            bool more = line.TrimStart(" \t"u8).StartsWith("\""u8) ? TakeQuoted(ref line) : TakePlain(ref line);
            _fields.Add(start.._length);
            if (!more)
            {
                return;
            }
        }
    }

    /// <returns>Whether another field follows.</returns>
    private bool TakePlain(ref ReadOnlySpan<byte> line)
    {
        int comma = line.IndexOf((byte)',');
        Keep(comma < 0 ? line : line[..comma]);
        line = comma < 0 ? default : line[(comma + 1)..];
        return comma >= 0;
    }

    /// <returns>Whether another field follows.</returns>
    private bool TakeQuoted(ref ReadOnlySpan<byte> line)
    {
        line = line[(line.IndexOf(Quote) + 1)..];
        while (true)
        {
            int quote = line.IndexOf(Quote);
            if (quote < 0)
            {
                Keep(line);
                Keep("\n"u8);
                if (!_lines.TryRead(out line))
                {
                    throw new UnexpectedTextException("a quote at the end of a quoted field, found the end of the file");
                }

                continue;
            }

            Keep(line[..quote]);
            line = line[(quote + 1)..];
            if (!line.StartsWith("\""u8))
            {
                return EndQuoted(ref line);
            }

            Keep(line[..1]);
            line = line[1..];
        }
    }

    private static bool EndQuoted(ref ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8);
        if (line.IsEmpty)
        {
            return false;
        }

        if (line[0] != (byte)',')
        {
            throw new UnexpectedTextException("a comma or the end of the line behind a quoted field");
        }

        line = line[1..];
        return true;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_record.Length < _length + bytes.Length)
        {
            Array.Resize(ref _record, Math.Max(_length + bytes.Length, _record.Length * 2));
        }

        bytes.CopyTo(_record.AsSpan(_length));
        _length += bytes.Length;
    }
}
