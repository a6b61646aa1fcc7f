using KvCache.Serving.Simulation;

namespace KvCache.Serving.Traces;

/// <summary>What can be done with the requests of a trace. All is done one by one, as they are read.</summary>
public static class TraceRequests
{
    /// <summary>Makes requests arrive faster: every arrival, in whole microseconds, is divided by a factor, and the rest cut off.</summary>
    /// <param name="requests">The requests.</param>
    /// <param name="factor">By how much; above 0.</param>
    /// <returns>The requests with their new arrivals.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="factor"/> is not above 0.</exception>
    public static IEnumerable<TraceRequest> ScaleRate(this IEnumerable<TraceRequest> requests, decimal factor)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        return requests.Select(request => request with
        {
            Arrival = TimeSpan.FromMicroseconds((long)decimal.Floor(request.Arrival.Ticks / TimeSpan.TicksPerMicrosecond / factor)),
        });
    }

    /// <summary>Makes requests for a simulator. A prompt or an answer of no tokens gets one: a server computes at least that.</summary>
    /// <param name="requests">The requests, in order of arrival.</param>
    /// <returns>The same for a simulator, with tokens made of their blocks where the trace has some.</returns>
    public static IEnumerable<SimulatedRequest> ToSimulated(this IEnumerable<TraceRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return requests.Select(static request =>
            new SimulatedRequest(request.Arrival, Math.Max(1, request.PromptTokens), Math.Max(1, request.OutputTokens))
            {
                Text = request.Blocks.IsEmpty ? null : request.Text,
            });
    }
}
