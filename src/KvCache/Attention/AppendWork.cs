namespace KvCache.Attention;

/// <summary>An append in parts: runs of the step's tokens.</summary>
internal sealed unsafe class AppendWork : IPartedWork
{
    private AppendCall _call;
    private AttentionKernels? _kernels;
    private int _tokens;
    private int _perPart;

    /// <summary>Cuts an append into parts.</summary>
    /// <returns>How many.</returns>
    public int Prepare(in AppendCall call, AttentionKernels kernels, int tokens, int perPart)
    {
        _call = call;
        _kernels = kernels;
        _tokens = tokens;
        _perPart = perPart;
        return (tokens + perPart - 1) / perPart;
    }

    public void Do(int part, int worker)
    {
        int first = part * _perPart;
        int end = Math.Min(_tokens, first + _perPart);
        int* offsets = _call.Cache.QueryOffsets;
        int row = new ReadOnlySpan<int>(offsets, _call.Cache.Rows + 1).BinarySearch(first);
        row = row < 0 ? ~row - 1 : row;
        for (; first < end; row++)
        {
            int last = Math.Min(end, offsets[row + 1]);
            if (last > first)
            {
                _kernels!.Append(in _call, row, first - offsets[row], last - offsets[row]);
                first = last;
            }
        }
    }
}
