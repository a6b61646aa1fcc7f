using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>Reads requests from JSON lines in Mooncake's form; finds out what a block id stands for, where nobody says.</summary>
internal sealed class MooncakeReader : ITraceFormReader
{
    /// <summary>So many requests are looked at to find out the block's size.</summary>
    private const int Sample = 256;

    private readonly LineReader _lines;
    private readonly BlockNumbers _numbers;
    private readonly MooncakeLine _line = new();
    private readonly Queue<TraceRequest> _ahead = [];

    /// <param name="lines">The file.</param>
    /// <param name="blockTokens">Tokens that an id stands for; 0 to find out.</param>
    /// <param name="numbers">Receives the ids.</param>
    public MooncakeReader(LineReader lines, int blockTokens, BlockNumbers numbers)
    {
        _lines = lines;
        _numbers = numbers;
        BlockTokens = blockTokens > 0 ? blockTokens : Infer();
    }

    public int BlockTokens { get; }

    public TraceRequest? Read(int index)
    {
        if ((_ahead.TryDequeue(out TraceRequest? request) ? request : ReadLine()) is not { } read)
        {
            return null;
        }

        EnsureIdsFit(read);
        return read with { Index = index, BlockTokens = BlockTokens };
    }

    private TraceRequest? ReadLine()
    {
        if (!_lines.TryReadText(out ReadOnlySpan<byte> line))
        {
            return null;
        }

        _line.Read(line);
        return new TraceRequest(0, _lines.LineNumber, _line.Arrival, _line.InputLength, _line.OutputLength)
        {
            Blocks = _numbers.Of(_line.BlockIds),
        };
    }

    private int Infer()
    {
        BlockSizeGuess guess = new();
        while (_ahead.Count < Sample && ReadLine() is { } request)
        {
            _ahead.Enqueue(request);
            guess.Add(request.PromptTokens, request.Blocks.Length);
        }

        return guess.Best;
    }

    /// <summary>Some traces name the last, partly filled block, others only the full ones.</summary>
    private void EnsureIdsFit(TraceRequest request)
    {
        (int full, int rest) = Math.DivRem(request.PromptTokens, BlockTokens);
        int all = full + (rest > 0 ? 1 : 0);
        int given = request.Blocks.Length;
        if (given != full && given != all)
        {
            string count = full == all ? $"{full}" : $"{full} or {all}";
            throw new UnexpectedTextException(
                $"{count} hash_ids for {request.PromptTokens} tokens in blocks of {BlockTokens}, found {given}", request.Line);
        }
    }
}
