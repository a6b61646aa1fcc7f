using KvCache.Specs.Devices;

namespace KvCache.Specs.Attention;

/// <summary>A copy of all pages of a layer, read by row and position as a view documents it.</summary>
public sealed class LayerImage
{
    private readonly KvLayerView _view;
    private readonly int[][] _pages;

    public LayerImage(KvLayerView view, int pages)
    {
        _view = view;
        Keys = new byte[pages * view.KeyPageStride];
        Values = new byte[pages * view.ValuePageStride];
        _pages = [.. Enumerable.Range(0, view.RowCount).Select(row => view.PageTableRow(row).ToArray())];
        Format = ElementFormat.Of(view.Shape.ElementType);
    }

    public byte[] Keys { get; }

    public byte[] Values { get; }

    public ElementFormat Format { get; }

    /// <summary>The key of one head at a position.</summary>
    public Span<byte> Key(int row, int position, int head)
    {
        long offset = (Page(row, position) * _view.KeyPageStride)
            + (position % _view.TokensPerPage * _view.KeyTokenStride) + (head * _view.KeyHeadStride);
        return Keys.AsSpan((int)offset, _view.Shape.KeyDim * Format.Bytes);
    }

    /// <summary>The value of one head at a position.</summary>
    public Span<byte> Value(int row, int position, int head)
    {
        long offset = (Page(row, position) * _view.ValuePageStride)
            + (position % _view.TokensPerPage * _view.ValueTokenStride) + (head * _view.ValueHeadStride);
        return Values.AsSpan((int)offset, _view.Shape.ValueDim * Format.Bytes);
    }

    /// <summary>Writes keys and values of a row's positions.</summary>
    public void Write(int row, int first, int end, RowContents contents)
    {
        KvLayerGroup shape = _view.Shape;
        for (int position = first; position < end; position++)
        {
            for (int head = 0; head < shape.KvHeads; head++)
            {
                int index = (position * shape.KvHeads) + head;
                Write(Key(row, position, head), contents.Keys.AsSpan(index * shape.KeyDim, shape.KeyDim));
                Write(Value(row, position, head), contents.Values.AsSpan(index * shape.ValueDim, shape.ValueDim));
            }
        }
    }

    /// <summary>All keys or values of a row's first positions, [position][KV head][dim], as numbers.</summary>
    public double[] Numbers(int row, int length, bool values)
    {
        KvLayerGroup shape = _view.Shape;
        int dim = values ? shape.ValueDim : shape.KeyDim;
        double[] numbers = new double[length * shape.KvHeads * dim];
        for (int index = 0; index < length * shape.KvHeads; index++)
        {
            (int position, int head) = Math.DivRem(index, shape.KvHeads);
            ReadOnlySpan<byte> bytes = values ? Value(row, position, head) : Key(row, position, head);
            for (int d = 0; d < dim; d++)
            {
                numbers[(index * dim) + d] = Format.Read(bytes, d);
            }
        }

        return numbers;
    }

    /// <summary>Whether a page holds positions of no row.</summary>
    public bool IsUnused(int page) => !_pages.Where((_, row) => _view.UsedPages(row).Contains(page)).Any();

    public void FillWithPoison(PoisonKind kind, int seed)
    {
        Poison.Fill(Keys, Format, kind, seed);
        Poison.Fill(Values, Format, kind, seed + 1);
    }

    public void Upload(DeviceMemory memory)
    {
        memory.Write(_view.KeyBase, Keys);
        memory.Write(_view.ValueBase, Values);
    }

    public LayerImage Download(DeviceMemory memory)
    {
        LayerImage image = new(_view, (int)(Keys.Length / _view.KeyPageStride));
        memory.Read(_view.KeyBase, image.Keys);
        memory.Read(_view.ValueBase, image.Values);
        return image;
    }

    private long Page(int row, int position) => _pages[row][position / _view.TokensPerPage];

    private void Write(Span<byte> bytes, ReadOnlySpan<float> elements)
    {
        for (int d = 0; d < elements.Length; d++)
        {
            Format.Write(bytes, d, elements[d]);
        }
    }
}
