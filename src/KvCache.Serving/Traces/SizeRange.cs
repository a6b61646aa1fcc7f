using System.Numerics;

namespace KvCache.Serving.Traces;

/// <summary>Sizes from one to another, both included.</summary>
internal readonly record struct SizeRange(long Least, long Most)
{
    public static SizeRange All { get; } = new(1, int.MaxValue);

    public bool IsEmpty => Least > Most;

    /// <summary>The size with the most zeros at its end in binary, below twice the least.</summary>
    public long Roundest
    {
        get
        {
            long most = Math.Min(Most, (2 * Least) - 1);
            for (long step = (long)BitOperations.RoundUpToPowerOf2((ulong)Least); step > 1; step /= 2)
            {
                long candidate = (Least + step - 1) / step * step;
                if (candidate <= most)
                {
                    return candidate;
                }
            }

            return Least;
        }
    }

    public SizeRange Cut(long least, long most) => new(Math.Max(Least, least), Math.Min(Most, most));
}
