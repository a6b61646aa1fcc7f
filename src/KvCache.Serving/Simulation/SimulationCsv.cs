namespace KvCache.Serving.Simulation;

/// <summary>Writes a simulation's steps and requests as comma-separated values, times in whole microseconds.</summary>
public static class SimulationCsv
{
    /// <summary>Writes a header and a line per step.</summary>
    /// <param name="result">The simulation's result.</param>
    /// <param name="output">Where to.</param>
    public static void WriteSteps(SimulationResult result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(output);
        output.Write("step,start_us,end_us,scheduled_tokens,prefill_tokens,decode_requests,preempted,running,waiting,free_blocks_after\n");
        for (int i = 0; i < result.Steps.Count; i++)
        {
            StepRecord step = result.Steps[i];
            output.Write(FormattableString.Invariant(
                $"{i},{Microseconds(step.Start)},{Microseconds(step.End)},{step.ScheduledTokens},{step.PrefillTokens},{step.DecodeRequests},"));
            output.Write(FormattableString.Invariant($"{step.Preempted},{step.Running},{step.Waiting},{step.AvailableBlocks}\n"));
        }
    }

    /// <summary>Writes a header and a line per request; the times of one that was refused are empty.</summary>
    /// <param name="result">The simulation's result.</param>
    /// <param name="output">Where to.</param>
    public static void WriteRequests(SimulationResult result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(output);
        output.Write("request,arrival_us,prompt_tokens,output_tokens,first_token_us,finish_us,preemptions\n");
        for (int i = 0; i < result.Requests.Count; i++)
        {
            RequestRecord request = result.Requests[i];
            output.Write(FormattableString.Invariant(
                $"{i},{Microseconds(request.Arrival)},{request.PromptTokens},{request.OutputTokens},"));
            output.Write(request.IsServed
                ? FormattableString.Invariant($"{Microseconds(request.FirstToken)},{Microseconds(request.Finished)},{request.Preemptions}\n")
                : ",,0\n");
        }
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
