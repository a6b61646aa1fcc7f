using System.Runtime.InteropServices;
using KvCache.Layerwise;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>
/// Over a manager whose layers move: whoever is on the device as a whole computes; of the others as many, in the order in which they started, as the
/// link can bring layers back for while the step computes. The rest pauses until there is room.
/// </summary>
/// <remarks>
/// <para>A device reads its own memory many times faster than the link brings it: a batch that waits for the link in every step decodes everybody at the
/// link's speed. Paused requests lose time that their objective may allow for, which is <see cref="SloAwareAdmission"/>'s concern
/// (<see cref="SloAwareAdmissionOptions.DeviceTokens"/>); the batch loses none.</para>
/// <para>Source: LayerKV (arXiv 2410.00428) leaves open how decoding goes on with layers on the host; this is ours. O(running) per step, and
/// O(running) more for each request whose layers are brought back.</para>
/// </remarks>
public sealed class ReloadAwareBatch : IBatchPolicy
{
    private readonly LayerwiseKvAllocator _allocator;
    private readonly ICostModel _costs;
    private readonly double _bytesPerSecond;
    private readonly double _share;
    private readonly List<RowWork> _rows = [];
    private readonly long _bytesPerTokenAndLayer;
    private readonly int _layers;
    private ServingRequest? _last;
    private bool _lastAnswer;
    private double _reload;
    private bool _isFull;

    /// <summary>Makes a policy.</summary>
    /// <param name="allocator">The manager.</param>
    /// <param name="costs">How long steps take to compute.</param>
    /// <param name="bytesPerSecond">The link's bandwidth to the device; above 0.</param>
    /// <param name="share">The share of a step's computing in which the link may bring layers back; 0 … 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public ReloadAwareBatch(LayerwiseKvAllocator allocator, ICostModel costs, double bytesPerSecond, double share = 0.5)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentNullException.ThrowIfNull(costs);
        if (!(bytesPerSecond > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(bytesPerSecond), bytesPerSecond, $"The bandwidth is {bytesPerSecond}; expected above 0.");
        }

        if (!(share >= 0 && share <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, $"The share is {share}; expected 0 … 1.");
        }

        _allocator = allocator;
        _costs = costs;
        _bytesPerSecond = bytesPerSecond;
        _share = share;
        _layers = allocator.Geometry.LayerCount;
        _bytesPerTokenAndLayer = allocator.Geometry.BytesPerToken / _layers;
    }

    /// <inheritdoc/>
    public void BeginStep(ContinuousBatchScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        _rows.Clear();
        _reload = 0;
        _isFull = false;
        _last = null;
        bool first = true;
        foreach (ServingRequest request in scheduler.Running)
        {
            int missing = MissingLayers(request);
            if (first || missing == 0)
            {
                Add(request);
                _reload += ReloadSeconds(request, missing);
            }

            first = false;
        }
    }

    /// <inheritdoc/>
    public bool Includes(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request != _last)
        {
            _last = request;
            _lastAnswer = Decide(request);
        }

        return _lastAnswer;
    }

    private bool Decide(ServingRequest request)
    {
        int missing = MissingLayers(request);
        if (missing == 0)
        {
            return true;
        }

        if (!_isFull)
        {
            Add(request);
            double reload = _reload + ReloadSeconds(request, missing);
            if (reload <= _share * _costs.Estimate(new StepWork(CollectionsMarshal.AsSpan(_rows))).Total.TotalSeconds)
            {
                _reload = reload;
                return true;
            }

            _rows.RemoveAt(_rows.Count - 1);
            _isFull = true;
        }

        return false;
    }

    private int MissingLayers(ServingRequest request) => _layers - _allocator.LayersOnDevice(request.Sequence!);

    private double ReloadSeconds(ServingRequest request, int layers) =>
        (double)request.ComputedLength * _bytesPerTokenAndLayer * layers / _bytesPerSecond;

    private void Add(ServingRequest request)
    {
        int tokens = request.UncomputedLength;
        bool decodes = tokens == 1 && request.OutputLength > 0;
        _rows.Add(new RowWork(tokens, request.ComputedLength, decodes, Samples: true));
    }
}
