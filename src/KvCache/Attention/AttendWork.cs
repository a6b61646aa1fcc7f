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
            Decode(in item, new DecodeScratch(memory, _call.QueryHeads, _call.KeyDim, _call.ValueDim));
        }
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _partials.Dispose();
    }

    private void Decode(in WorkItem item, in DecodeScratch scratch)
    {
        _kernels!.Decode(in _call, item.Row, item.First, item.End, item.HeadFirst, item.HeadEnd, in scratch);
        int first = item.HeadFirst * _call.Group;
        int end = item.HeadEnd * _call.Group;
        if (item.Slot == WorkItem.Whole)
        {
            for (int query = first; query < end; query++)
            {
                WriteShare(scratch.Sums + ((nint)query * scratch.SumStride), scratch.Totals[query], Output(item.Row, query));
            }

            return;
        }

        for (int query = first; query < end; query++)
        {
            _slots.Store(item.Slot, query, in scratch);
        }

        if (_plan.IsLast(item.Row))
        {
            int splits = AttentionPlan.Splits(_call.Lengths[item.Row]);
            for (int query = 0; query < _call.QueryHeads; query++)
            {
                float total = _slots.Combine(_plan.FirstSlot(item.Row), splits, query);
                WriteShare(_slots.Sums(_plan.FirstSlot(item.Row), query), total, Output(item.Row, query));
            }
        }
    }

    private float* Output(int row, int query) =>
        _call.Output + (_call.QueryOffsets[row] * _call.OutputStride) + ((nint)query * _call.ValueDim);

    private void WriteShare(float* sums, float total, float* output)
    {
        float share = 1 / total;
        for (int d = 0; d < _call.ValueDim; d++)
        {
            output[d] = sums[d] * share;
        }
    }
}
