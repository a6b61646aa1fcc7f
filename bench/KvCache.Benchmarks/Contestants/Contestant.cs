using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>One way to do a layer's part of a step. Every call takes the next layer, as a forward pass does, and begins anew after the last.</summary>
internal abstract class Contestant(string name, AttentionShape shape, KvElementType elementType) : IDisposable
{
    private readonly int _layers = shape.Layers(elementType);
    private int _next;

    public string Name { get; } = name;

    /// <summary>How the keys and values are stored.</summary>
    public KvElementType ElementType { get; } = elementType;

    /// <summary>Bytes of the keys and values that a call is about.</summary>
    public long BytesPerCall { get; } = shape.Bytes(elementType);

    /// <summary>Multiplications and additions of a call.</summary>
    public virtual double OperationsPerCall => shape.Operations;

    /// <summary>What the last call computed, [rows × new tokens][query heads][dim]; empty where nothing is computed.</summary>
    public abstract ReadOnlySpan<float> Output { get; }

    public void RunNext()
    {
        Run(_next);
        _next = _next + 1 == _layers ? 0 : _next + 1;
    }

    /// <summary>Runs every layer once, the first one last: all memory has been touched then, and the output is that of layer 0.</summary>
    public void RunAll()
    {
        for (int layer = _layers - 1; layer >= 0; layer--)
        {
            Run(layer);
        }

        _next = 0;
    }

    public abstract void Dispose();

    /// <summary>Does one layer's part; leaves everything as it was for another call.</summary>
    protected abstract void Run(int layer);
}
