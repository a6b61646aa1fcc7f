using KvCache.Serving.Simulation;

namespace KvCache.Serving.Traces;

/// <summary>Generates a load: conversations that begin at random, their turns, and what they say.</summary>
public static class WorkloadGenerator
{
    /// <summary>Generates requests in order of arrival, one by one. Arrivals are whole microseconds, the first conversation's after one gap.</summary>
    /// <param name="options">What the load is like.</param>
    /// <returns>The requests; the same ones whenever they are enumerated.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static IEnumerable<SimulatedRequest> Generate(WorkloadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Requests(options);
    }

    private static IEnumerable<SimulatedRequest> Requests(WorkloadOptions options)
    {
        Random random = new(options.Seed);
        int[] systemPrompts = new int[options.SystemPrompts];
        for (int i = 0; i < systemPrompts.Length; i++)
        {
            systemPrompts[i] = options.SystemPromptTokens.Next(random);
        }

        // Turns to come, by arrival and then by conversation; a conversation draws its next turn when this one is taken.
        PriorityQueue<GeneratedConversation, (double Arrival, int Number)> turns = new();
        int conversations = 0;
        double nextConversation = options.Arrivals.NextGap(random);
        for (int i = 0; i < options.Requests; i++)
        {
            if (!turns.TryPeek(out GeneratedConversation? conversation, out (double Arrival, int Number) next) || nextConversation <= next.Arrival)
            {
                int system = systemPrompts.Length == 0 ? -1 : random.Next(systemPrompts.Length);
                next = (nextConversation, conversations++);
                conversation = new GeneratedConversation(options, random, next.Number, system, system < 0 ? 0 : systemPrompts[system]);
                nextConversation += options.Arrivals.NextGap(random);
            }
            else
            {
                turns.Dequeue();
            }

            yield return conversation.Take(next.Arrival);
            if (conversation.HasNext)
            {
                double think = -Math.Log(1 - random.NextDouble()) * options.ThinkTime.TotalSeconds;
                turns.Enqueue(conversation, (next.Arrival + think, next.Number));
            }
        }
    }
}
