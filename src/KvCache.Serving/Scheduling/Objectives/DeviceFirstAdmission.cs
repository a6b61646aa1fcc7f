using KvCache.Layerwise;

namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>
/// Over a manager whose layers move: whoever fits the device with all layers, while nobody's are on the host, is admitted as a paged manager would admit
/// them; another policy decides on those whose layers would have to move.
/// </summary>
/// <remarks>So nobody is kept waiting whom a manager without a host tier would have admitted. O(running) per step and per candidate.</remarks>
/// <param name="allocator">The manager.</param>
/// <param name="others">Who decides on the others.</param>
public sealed class DeviceFirstAdmission(LayerwiseKvAllocator allocator, IAdmissionPolicy others) : IAdmissionPolicy
{
    private readonly int _layers = allocator.Geometry.LayerCount;
    private bool _isWhole;

    /// <inheritdoc/>
    public void BeginStep(ContinuousBatchScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        others.BeginStep(scheduler);
        _isWhole = true;
        foreach (ServingRequest request in scheduler.Running)
        {
            _isWhole &= allocator.LayersOnDevice(request.Sequence!) == _layers;
        }
    }

    /// <inheritdoc/>
    public AdmissionDecision Decide(AdmissionCandidate candidate)
    {
        _isWhole = _isWhole && allocator.LayersThatFit(candidate.Request.TokenCount - candidate.HitTokens) == _layers;
        AdmissionDecision decision = others.Decide(candidate);
        return _isWhole ? AdmissionDecision.Admit : decision;
    }

    /// <inheritdoc/>
    public void EndRequest(ServingRequest request) => others.EndRequest(request);
}
