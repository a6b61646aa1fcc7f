using System.Globalization;
using System.Text;
using KvCache.Serving.Simulation;
using KvCache.Serving.Tests.Scheduling;
using KvCache.Serving.Tests.Scheduling.Reference;

namespace KvCache.Serving.Tests.Golden;

/// <summary>Serves requests by the reference scheduler, whole microseconds throughout, and writes its steps down as the golden files have them.</summary>
internal static class ReferenceSimulation
{
    private const int BaseCost = 5000;
    private const int PrefillCost = 100;
    private const int DecodeCost = 50;

    public static string Steps(IReadOnlyList<SimulatedRequest> requests, int blocks, bool caching)
    {
        // Nobody says what another says.
        Arrival[] arrivals = [.. requests.Select(static (request, i) => new Arrival(0, -1 - i, request.PromptTokens, request.OutputTokens, 0, -1, false))];
        ReferenceScheduler scheduler = new(new Workload(16, blocks, StepTokens: 2048, Sequences: 256, caching, Priorities: false, arrivals));
        ReferenceRequest[] references = [.. arrivals.Select(static (arrival, i) => new ReferenceRequest(i, arrival, priority: 0))];
        StringBuilder lines = new("step,start_us,end_us,scheduled_tokens,prefill_tokens,decode_requests,preempted,running,waiting,free_blocks_after\n");
        long time = 0;
        int arrived = 0;
        for (int number = 0; arrived < requests.Count || !scheduler.IsIdle; number++)
        {
            time = scheduler.IsIdle ? Math.Max(time, Microseconds(requests[arrived])) : time;
            for (; arrived < requests.Count && Microseconds(requests[arrived]) <= time; arrived++)
            {
                scheduler.TrySubmit(references[arrived]);
            }

            ReferenceStep step = scheduler.Schedule();
            int tokens = step.Rows.Sum(static row => row.Tokens);
            int decodes = step.Rows.Count(row =>
                row.Tokens == 1 && row.Context + 1 == references[row.Id].Tokens.Count && row.Context + 1 > arrivals[row.Id].Prompt);
            long end = time + BaseCost + (PrefillCost * (tokens - decodes)) + (DecodeCost * decodes);
            lines.Append(
                CultureInfo.InvariantCulture,
                $"{number},{time},{end},{tokens},{tokens - decodes},{decodes},{step.Preempted.Count},{step.Running},{step.Waiting},{step.Available}\n");
            scheduler.Complete();
            time = end;
        }

        return lines.ToString();
    }

    private static long Microseconds(SimulatedRequest request) => request.Arrival.Ticks / TimeSpan.TicksPerMicrosecond;
}
