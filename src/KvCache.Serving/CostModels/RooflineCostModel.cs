namespace KvCache.Serving.CostModels;

/// <summary>
/// A step costs what its arithmetic or its memory traffic takes at a device's datasheet speed, whichever is longer, at given
/// efficiencies.
/// </summary>
/// <remarks>
/// <para>A layer of a step over t tokens, on each of g devices that share the heads: projections of P weights take
/// max(2·P·t/g ÷ arithmetic, 2·P/g bytes ÷ bandwidth); attention of a prefill row, n tokens behind a context of c,
/// max(4·h·d·n·(c + n/2)/g ÷ arithmetic, its keys and values ÷ bandwidth); attention of the decode rows their keys and values ÷ bandwidth;
/// two all-reduces of the hidden state where g &gt; 1, each of which sends 2·(g − 1)/g of it; and an overhead. The output head is a
/// projection of the rows that yield a token. Source: the roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009) over the
/// operation counts of a transformer (Kaplan et al., arXiv 2001.08361, Table 1).</para>
/// <para>An estimate costs O(rows).</para>
/// </remarks>
public sealed class RooflineCostModel : ICostModel
{
    private readonly TransformerModel _model;
    private readonly int _devices;
    private readonly int _kvHeads;
    private readonly double _matrixFlops;
    private readonly double _attentionFlops;
    private readonly double _memory;
    private readonly double _peers;
    private readonly double _link;
    private readonly AcceleratorDevice _device;
    private readonly RooflineEfficiencies _efficiencies;

    /// <summary>Makes a model.</summary>
    /// <param name="model">The transformer.</param>
    /// <param name="device">The device.</param>
    /// <param name="efficiencies">How much of the datasheet is reached; null for the defaults.</param>
    /// <param name="tensorParallel">The devices that share each layer; it divides the heads.</param>
    /// <exception cref="ArgumentOutOfRangeException">The heads cannot be shared so, or an efficiency is out of its range.</exception>
    public RooflineCostModel(
        TransformerModel model, AcceleratorDevice device, RooflineEfficiencies? efficiencies = null, int tensorParallel = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        model.EnsureDivides(tensorParallel);
        _efficiencies = efficiencies ?? new RooflineEfficiencies();
        _efficiencies.Validate();
        _model = model;
        _device = device;
        _devices = tensorParallel;
        _kvHeads = Math.Max(1, model.KvHeads / tensorParallel);
        _matrixFlops = device.FlopsPerSecond * _efficiencies.MatrixProducts;
        _attentionFlops = device.FlopsPerSecond * _efficiencies.PrefillAttention;
        _memory = device.MemoryBytesPerSecond * _efficiencies.Memory;
        _peers = device.PeerBytesPerSecond * _efficiencies.Link;
        _link = device.LinkBytesPerSecond * _efficiencies.Link;
    }

    /// <inheritdoc />
    public StepCost Estimate(in StepWork work)
    {
        if (work.Tokens == 0)
        {
            return new StepCost(_efficiencies.StepOverhead, _model.Layers, TimeSpan.Zero, TimeSpan.Zero);
        }

        double exchange = 2 * AllReduce(work.Tokens);
        double layer = Projection(_model.LayerParameters, work.Tokens) + Attention(work.Rows) + exchange;
        double embedding = (double)work.Tokens * _model.HiddenSize * TransformerModel.ElementBytes / _memory;
        double head = work.SampledRows == 0 ? 0 : Projection(_model.HeadParameters, work.SampledRows);
        return new StepCost(
            _efficiencies.StepOverhead + TimeSpan.FromSeconds(embedding),
            _model.Layers,
            _efficiencies.LayerOverhead + TimeSpan.FromSeconds(layer),
            TimeSpan.FromSeconds(head))
        {
            PerLayerExchange = _device.ExchangesOverHostLink ? TimeSpan.FromSeconds(exchange) : TimeSpan.Zero,
        };
    }

    /// <summary>How long a copy between device and host takes: a latency, and the bytes at the link's speed.</summary>
    /// <param name="bytes">What one device copies; at least 0.</param>
    /// <returns>Its time.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public TimeSpan EstimateCopy(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return _device.LinkLatency + TimeSpan.FromSeconds(bytes / _link);
    }

    private double Projection(long parameters, int tokens) =>
        Math.Max(2.0 * parameters * tokens / _matrixFlops, (double)parameters * TransformerModel.ElementBytes / _memory) / _devices;

    private double Attention(ReadOnlySpan<RowWork> rows)
    {
        double cacheBytes = 2.0 * _kvHeads * _model.HeadDim * TransformerModel.ElementBytes;
        double flops = 4.0 * _model.QueryHeads * _model.HeadDim / _devices;
        double seconds = 0;
        foreach (RowWork row in rows)
        {
            double read = ((double)row.Context + row.Tokens) * cacheBytes / _memory;
            double computed = flops * row.Tokens * (row.Context + (row.Tokens / 2.0)) / _attentionFlops;
            seconds += row.IsDecode ? read : Math.Max(read, computed);
        }

        return seconds;
    }

    private double AllReduce(int tokens)
    {
        double bytes = (double)tokens * _model.HiddenSize * TransformerModel.ElementBytes;
        return _devices == 1 ? 0 : _device.PeerLatency.TotalSeconds + (2.0 * (_devices - 1) / _devices * bytes / _peers);
    }
}
