using KvCache.Attention;
using KvCache.GpuCheck.Workloads;
using KvCache.Memory;

namespace KvCache.GpuCheck.Checks;

/// <summary>A case's numbers, and what the processor's attention answers.</summary>
internal sealed class HostAnswer
{
    public HostAnswer(AttentionCase drawn, CpuAttention attention)
    {
        AttentionShape shape = drawn.Shape;
        int prefix = drawn.Cached.Sum();
        PrefixKeys = Patterns.Floats((long)prefix * shape.KvHeads * shape.KeyDim, drawn.Seed + 1);
        PrefixValues = Patterns.Floats((long)prefix * shape.KvHeads * shape.ValueDim, drawn.Seed + 2);
        Keys = Patterns.Floats((long)drawn.Tokens * shape.KvHeads * shape.KeyDim, drawn.Seed + 3);
        Values = Patterns.Floats((long)drawn.Tokens * shape.KvHeads * shape.ValueDim, drawn.Seed + 4);
        Queries = Patterns.Floats((long)drawn.Tokens * shape.QueryHeads * shape.KeyDim, drawn.Seed + 5);
        Output = new float[(long)drawn.Tokens * shape.QueryHeads * shape.ValueDim];

        using CacheScene scene = new(HostDevice.Instance, shape, 1, drawn.Lengths, drawn.Seed);
        using (KvStep step = scene.Begin(drawn.Cached))
        {
            attention.Append(step.Enter(0), PrefixKeys, PrefixValues);
            step.Leave(0);
            step.Complete();
        }

        using KvStep asked = scene.Begin(drawn.New);
        KvLayerView view = asked.Enter(0);
        attention.Append(view, Keys, Values);
        attention.Attend(view, Queries, Output);
    }

    public float[] PrefixKeys { get; }

    public float[] PrefixValues { get; }

    public float[] Keys { get; }

    public float[] Values { get; }

    public float[] Queries { get; }

    public float[] Output { get; }

    /// <summary>‖theirs − ours‖ / ‖ours‖; infinite where they have a number that is none.</summary>
    public double ErrorOf(ReadOnlySpan<float> theirs)
    {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < theirs.Length; i++)
        {
            difference += Math.Pow((double)theirs[i] - Output[i], 2);
            size += Math.Pow(Output[i], 2);
        }

        return double.IsFinite(difference) ? Math.Sqrt(difference / Math.Max(size, double.Epsilon)) : double.PositiveInfinity;
    }
}
