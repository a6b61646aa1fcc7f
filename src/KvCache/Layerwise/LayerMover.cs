using KvCache.Memory;
using KvCache.Paged;
using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>Brings the layers of the open step to the device, before they are used where there is room, and lets them go afterwards.</summary>
internal sealed class LayerMover : ILayerTraffic
{
    private readonly LayerMemory _memory;
    private readonly LayerRows _rows;
    private readonly StepLayer[] _layers;
    private readonly LayerLoader _loader;
    private readonly int _depth;
    private bool _leftUnfenced;

    public LayerMover(LayerwiseKvAllocatorOptions options, LayerMemory memory, PagedKvAllocator books, LayerRows rows)
    {
        _memory = memory;
        _rows = rows;
        _layers = [.. Enumerable.Range(0, memory.Layers).Select(number => new StepLayer(number))];
        _loader = new LayerLoader(options, memory, books, rows, _layers);
        _depth = options.PrefetchDepth;
        memory.Mover = this;
    }

    public ReadOnlySpan<StepLayer> Layers => _layers;

    /// <summary>Begins a step, whose rows are known, and starts the copies of the first layers.</summary>
    public void Begin()
    {
        _memory.Copies.ResetCounts();
        Prefetch(0);
    }

    public void Enter(int number)
    {
        StepLayer layer = _layers[number];
        if (layer.State == StepLayerState.Entered)
        {
            return;
        }

        _loader.Load(layer, must: true);
        layer.State = StepLayerState.Entered;
        _loader.Arrive(layer);
        MarkWritten(number);
        Prefetch(number + 1);
    }

    public void Leave(int number, KvFence? elsewhere)
    {
        StepLayer layer = _layers[number];
        if (layer.State == StepLayerState.Entered)
        {
            _leftUnfenced |= elsewhere is null && layer.Staged.Count > 0;
            _loader.Unload(layer, elsewhere);
            Prefetch(number + 1);
        }
    }

    /// <summary>Refuses to commit work elsewhere under layers that have left the device as if it had been the device's.</summary>
    public void CheckElsewhere()
    {
        if (_leftUnfenced)
        {
            Throw.InvalidOperation(
                "Layers have left the device in this step, whose work was submitted elsewhere; expected its fence when a layer is left (KvStep.Leave).");
        }
    }

    /// <summary>Ends the step: whatever is still here for it goes.</summary>
    public void End(KvFence? elsewhere)
    {
        _leftUnfenced = false;
        foreach (StepLayer layer in _layers)
        {
            bool entered = layer.State == StepLayerState.Entered;
            if (entered && elsewhere is { } fence)
            {
                _memory.Frames.Writers = fence;
            }

            _loader.Unload(layer, entered ? elsewhere : null);
        }
    }

    /// <summary>Notes that pages of a layer have moved.</summary>
    public void Moved(int layer) => _layers[layer].Unsettle();

    private void Prefetch(int next)
    {
        int end = (int)Math.Min(_layers.Length, (long)next + _depth);
        for (int number = next; number < end; number++)
        {
            if (!_loader.Load(_layers[number], must: false))
            {
                return;
            }
        }
    }

    /// <summary>What the step writes is not on the host any more.</summary>
    private void MarkWritten(int number)
    {
        if (!_memory.Pages.AnyOnHost(number))
        {
            return;
        }

        for (int row = 0; row < _rows.Count; row++)
        {
            ReadOnlySpan<int> blocks = _rows.Blocks(row);
            for (int i = _rows.FirstWritten(row); i < blocks.Length; i++)
            {
                _memory.Pages.SetOnHost(number, blocks[i], false);
            }
        }
    }
}
