using KvCache.Benchmarks.Contestants;

namespace KvCache.Benchmarks.Ratios;

/// <summary>What a comparison must show: that the one takes at least so many times as long as the other.</summary>
/// <param name="Claim">What is claimed.</param>
/// <param name="Slow">Who takes long; where there are several, the fastest of them.</param>
/// <param name="Fast">Who takes less.</param>
/// <param name="Least">How many times as long, at least; below 1 for a part of the fastest reading that attention must reach.</param>
internal sealed record Target(string Claim, string[] Slow, string Fast, double Least)
{
    /// <summary>The claims about a shape.</summary>
    public static IEnumerable<Target> For(RatioTable table)
    {
        if (!table.Shape.IsDecode)
        {
            yield return new("as fast as ONNX Runtime", [ContestantSet.Onnx], ContestantSet.Ours, 1.0);
            yield break;
        }

        yield return new("faster than gathering pages first", [ContestantSet.Gather], ContestantSet.Ours, 1.5);
        yield return new("faster than ONNX Runtime", [ContestantSet.Onnx], ContestantSet.Ours, 1.2);
        if (table.Shape.IsGroupOfOne)
        {
            yield return new("as fast as reading, contiguous", ContestantSet.ReadContiguous, ContestantSet.OursContiguous, 0.75);
            yield return new("as fast as reading, shuffled pages", ContestantSet.ReadPages, ContestantSet.Ours, 0.70);
            yield break;
        }

        yield return new("bf16 faster than f32", [ContestantSet.Ours], ContestantSet.OursBrain, 1.3);
    }

    /// <summary>The claims about places of keys and values.</summary>
    public static IEnumerable<Target> ForPlaces(RatioTable table)
    {
        const double AsFast = 1 / 1.05;
        const double Faster = 1.15;
        yield return new("virtual as fast as contiguous, huge pages", [PlaceContestants.Contiguous], PlaceContestants.Virtual, AsFast);
        yield return new("virtual as fast as contiguous, small pages", [PlaceContestants.ContiguousSmall], PlaceContestants.VirtualSmall, AsFast);
        yield return new("virtual faster than pages of 16, huge pages", [PlaceContestants.Paged], PlaceContestants.Virtual, Faster);
        yield return new("virtual faster than pages of 16, small pages", [PlaceContestants.PagedSmall], PlaceContestants.VirtualSmall, Faster);
        yield return new("as fast as reading, virtual, huge pages", [PlaceContestants.ReadingOf(PlaceContestants.Virtual)], PlaceContestants.Virtual, 0.75);
        yield return new("as fast as reading, pages of 16, huge pages", [PlaceContestants.ReadingOf(PlaceContestants.Paged)], PlaceContestants.Paged, 0.70);
        yield return new("reading faster than reading pages of 16, huge pages", [PlaceContestants.ReadingOf(PlaceContestants.Paged)], PlaceContestants.ReadingOf(PlaceContestants.Virtual), Faster);
    }

    /// <summary>The smaller one of both ratios; null where somebody did not take part.</summary>
    public double? Reached(RatioTable table)
    {
        if (!table.Has(Fast) || !Slow.All(table.Has))
        {
            return null;
        }

        (double ofMedians, double ofRounds) = table.Ratio(Slow.MinBy(table.MedianOf)!, Fast);
        return Math.Min(ofMedians, ofRounds);
    }
}
