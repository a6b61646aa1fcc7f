namespace KvCache.Attention;

/// <summary>The items of one call, and the memory in which workers do them.</summary>
internal sealed unsafe class AttendWork : IPartedWork, IDisposable
{
    private readonly AttentionPlan _plan = new();
    private readonly NativeFloats _scratch = new();
    private readonly NativeFloats _partials = new();
    private AttentionCall _call;
    private AttentionKernels? _kernels;
    private PartialResults _slots;
    private float* _memory;
    private long _perWorker;
    private int _blockQueries;

    /// <summary>Cuts a call into items and makes room for them.</summary>
    /// <returns>How many items.</returns>
    public int Prepare(in AttentionCall call, AttentionKernels kernels, int workers)
    {
        _call = call;
        _kernels = kernels;
        _plan.Make(in call, workers);
        _blockQueries = (_plan.LargestBlock + kernels.Panel - 1) / kernels.Panel * kernels.Panel;
        long floats = Math.Max(
            DecodeScratch.Floats(call.QueryHeads, call.KeyDim, call.ValueDim),
            PrefillScratch.Floats(_blockQueries, call.KeyDim, call.ValueDim, kernels.Panel));
        _perWorker = (floats + 15) / 16 * 16;
        _memory = _scratch.Ensure(_perWorker * workers);
        _slots = new PartialResults(
            _partials.Ensure(PartialResults.Floats(_plan.Slots, call.QueryHeads, call.ValueDim)), call.QueryHeads, call.ValueDim);
        return _plan.Count;
    }

    public void Do(int part, int worker)
    {
        ref readonly WorkItem item = ref _plan[part];
        float* memory = _memory + (worker * _perWorker);
        if (item.Slot == WorkItem.Prefill)
        {
            var scratch = new PrefillScratch(memory, _blockQueries, _call.KeyDim, _call.ValueDim, _kernels!.Panel);
            _kernels.Prefill(in _call, item.Row, item.First, item.End, item.HeadFirst, in scratch);
        }
        else
        {
            Decode(in item, memory);
        }
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _partials.Dispose();
    }

    private void Decode(in WorkItem item, float* memory)
    {
        AttentionKernels kernels = _kernels!;
        int firstQuery = item.HeadFirst * _call.Group;
        int queries = (item.HeadEnd - item.HeadFirst) * _call.Group;
        var scratch = new DecodeScratch(memory, queries, _call.KeyDim, _call.ValueDim);
        kernels.Decode(in _call, item.Row, item.First, item.End, item.HeadFirst, item.HeadEnd, in scratch);
        if (item.Slot == WorkItem.Whole)
        {
            kernels.Write(in _call, item.Row, firstQuery, queries, in scratch);
            return;
        }

        _slots.Store(item.Slot, firstQuery, queries, in scratch);
        if (_plan.IsLast(item.Row))
        {
            int slots = AttentionPlan.Splits(_call.Lengths[item.Row]);
            kernels.Combine(in _call, item.Row, in _slots, _plan.FirstSlot(item.Row), slots);
        }
    }
}
