using System.Runtime.InteropServices;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Scheduling;

/// <summary>The one step of a scheduler that is being made or computed. Reused from step to step.</summary>
internal sealed class StepPlan
{
    private readonly List<KvRow> _rows = [];
    private readonly List<RowWork> _work = [];
    private readonly List<ServingRequest> _requests = [];
    private long _lastGeneration;

    /// <summary>Gets the number of the step, from 1 on; 0 while there is none.</summary>
    public long Generation { get; private set; }

    public ReadOnlySpan<KvRow> Rows => CollectionsMarshal.AsSpan(_rows);

    public ReadOnlySpan<RowWork> Work => CollectionsMarshal.AsSpan(_work);

    public ReadOnlySpan<ServingRequest> Requests => CollectionsMarshal.AsSpan(_requests);

    public int TokenCount { get; private set; }

    public int SampledRows { get; private set; }

    public int DecodeRows { get; private set; }

    /// <summary>Gets the requests whose memory was taken for this step's sake.</summary>
    public List<ServingRequest> Preempted { get; } = [];

    /// <summary>Gets the requests that were given memory in this step.</summary>
    public List<ServingRequest> Started { get; } = [];

    /// <summary>Gets the requests that end with this step.</summary>
    public List<ServingRequest> Ended { get; } = [];

    public void Clear()
    {
        _rows.Clear();
        _work.Clear();
        _requests.Clear();
        Preempted.Clear();
        Started.Clear();
        Ended.Clear();
        TokenCount = 0;
        SampledRows = 0;
        DecodeRows = 0;
    }

    /// <summary>Makes a row of every request that has a chunk.</summary>
    public void Open(ReadOnlySpan<ServingRequest> running)
    {
        foreach (ServingRequest request in running)
        {
            if (request.Chunk > 0)
            {
                Add(request, request.Sequence!);
            }
        }

        Generation = ++_lastGeneration;
    }

    public void Close() => Generation = 0;

    private void Add(ServingRequest request, KvSequence sequence)
    {
        int tokens = request.Chunk;
        int context = sequence.ComputedLength;
        bool samples = context + tokens == request.TokenCount;
        bool decodes = samples && tokens == 1 && request.OutputLength > 0;
        _rows.Add(new KvRow(sequence, tokens));
        _work.Add(new RowWork(tokens, context, decodes, samples));
        _requests.Add(request);
        request.Chunk = 0;
        TokenCount += tokens;
        SampledRows += samples ? 1 : 0;
        DecodeRows += decodes ? 1 : 0;
    }
}
