using FsCheck;
using FsCheck.Fluent;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>Draws workloads that hardly fit their memory, and makes failing ones smaller.</summary>
internal static class WorkloadGenerator
{
    private static readonly Gen<Arrival> Arrivals =
        from delay in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 3)), (1, Gen.Choose(4, 12)))
        from kind in Gen.Choose(0, 4)
        from prompt in Gen.Frequency((3, Gen.Choose(1, 12)), (1, Gen.Choose(13, 50)))
        from output in Gen.Frequency((1, Gen.Constant(1)), (4, Gen.Choose(2, 30)))
        from priority in Gen.Choose(-1, 1)
        from cancelAfter in Gen.Frequency((5, Gen.Constant(-1)), (1, Gen.Choose(0, 20)))
        from within in Gen.Elements(true, false)
        select new Arrival(delay, kind, prompt, output, priority, cancelAfter, within);

    private static readonly Gen<Workload> Workloads =
        from blockTokens in Gen.Choose(1, 6)
        from positions in Gen.Choose(20, 140)
        from stepTokens in Gen.Frequency((1, Gen.Choose(1, 8)), (3, Gen.Choose(9, 40)))
        from sequences in Gen.Frequency((1, Gen.Choose(1, 3)), (3, Gen.Choose(4, 20)))
        from caching in Gen.Elements(true, false)
        from priorities in Gen.Frequency((1, Gen.Constant(true)), (2, Gen.Constant(false)))
        from count in Gen.Choose(1, 30)
        from unshared in Gen.Frequency((1, Gen.Constant(true)), (2, Gen.Constant(false)))
        from arrivals in Arrivals.ArrayOf(count)
        select new Workload(
            blockTokens,
            Math.Max(1, positions / blockTokens),
            stepTokens,
            sequences,
            caching,
            priorities,
            [.. arrivals.Select((arrival, i) => unshared ? arrival with { Kind = -1 - i } : arrival)]);

    public static Arbitrary<Workload> Arbitrary { get; } = Arb.From(Workloads, Shrink);

    private static IEnumerable<Workload> Shrink(Workload workload)
    {
        Arrival[] arrivals = [.. workload.Arrivals];
        for (int chunk = arrivals.Length / 2; chunk > 0; chunk /= 2)
        {
            for (int start = 0; start + chunk <= arrivals.Length; start += chunk)
            {
                yield return workload with { Arrivals = [.. arrivals[..start], .. arrivals[(start + chunk)..]] };
            }
        }

        for (int i = 0; i < arrivals.Length; i++)
        {
            foreach (Arrival smaller in Shrink(arrivals[i]))
            {
                yield return workload with { Arrivals = [.. arrivals[..i], smaller, .. arrivals[(i + 1)..]] };
            }
        }
    }

    private static IEnumerable<Arrival> Shrink(Arrival arrival)
    {
        if (arrival.CancelAfter >= 0)
        {
            yield return arrival with { CancelAfter = -1 };
        }

        if (arrival.Delay > 0)
        {
            yield return arrival with { Delay = 0 };
        }

        if (arrival.Output > 1)
        {
            yield return arrival with { Output = arrival.Output / 2 };
        }

        if (arrival.Prompt > 1)
        {
            yield return arrival with { Prompt = arrival.Prompt / 2 };
        }
    }
}
