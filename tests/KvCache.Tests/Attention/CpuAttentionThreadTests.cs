using System.Diagnostics;
using KvCache.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>How many threads work decides how soon an output is there, not what it is.</summary>
[Collection(RunAlone.Name)]
public sealed class CpuAttentionThreadTests
{
    private const int ManyThreads = 240;

    public static TheoryData<KvElementType> ElementTypes => [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Decoded_rows_are_the_same_on_any_number_of_threads(KvElementType type)
    {
        foreach (string rows in (string[])["4000+1", "900+1,33+1,2000+1,0+1,511+1,512+1,513+1", "1500+1,0+60,20+1"])
        {
            using AttentionScene scene = new(HostSite.Instance, AttentionCase.Of(type, (2, 5), (48, 33), rows));
            float[]? expected = null;
            foreach (int threads in (int[])[1, 2, 3, 8])
            {
                using CpuAttention attention = CpuAttentions.OnThreads(threads);
                Assert.Equal(threads, attention.Threads);
                float[] output = DecodedRows(scene, scene.Run(attention));
                OutputComparison.AssertSame(output, expected ??= output, $"{scene.Case}: {threads} threads");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void No_work_is_lost_in_many_calls(int threads)
    {
        using CpuAttention attention = CpuAttentions.OnThreads(threads);
        AttentionScene[] scenes =
        [
            Scene((2, 2), (16, 16), "0+1"),
            Scene((4, 4), (64, 64), "700+1,40+1,0+1"),
            Scene((2, 2), (16, 16), "0+70,20+9"),
            Scene((2, 4), (96, 96), "33+1,33+1,33+1,33+1,33+1,33+1,33+1,33+1,33+1,33+1,33+1"),
            Scene((2, 3), (64, 64), "2000+1"),
            Scene((3, 2), (40, 40), "100+40,600+1,0+0,70+33"),
        ];
        float[][] expected = [.. scenes.Select(scene => scene.Run(attention))];
        for (int i = 0; i < scenes.Length; i++)
        {
            OutputComparison.AssertNear(expected[i], scenes[i].ExpectedOfStored(), 2e-6, $"the formula on {threads} threads");
        }

        // One call right after the other, as layers follow one another; outputs are looked at now and then.
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < scenes.Length; i++)
            {
                AttentionScene scene = scenes[((i * 5) + round) % scenes.Length];
                scene.Output.Clear();
                for (int call = 0; call < 25; call++)
                {
                    attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
                    attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor);
                }

                scene.AssertMemory();
                OutputComparison.AssertSame(scene.Output.Read(), expected[Array.IndexOf(scenes, scene)], $"{scene.Case}: round {round}");
            }
        }

        Array.ForEach(scenes, scene => scene.Dispose());
    }

    [Fact]
    public void Attentions_come_and_go_between_calls()
    {
        using AttentionScene scene = new(HostSite.Instance, AttentionCase.Of(KvElementType.BFloat16, (2, 3), (32, 32), "900+1,33+1,0+20"));
        ReferenceAttention? expected = null;
        for (int i = 0; i < 60; i++)
        {
            using CpuAttention attention = CpuAttentions.OnThreads(1 + (i % 5));
            OutputComparison.AssertNear(scene.Run(attention), expected ??= scene.ExpectedOfStored(), 2e-6, "the formula");
            attention.Dispose();
        }
    }

    [Fact]
    public void Disposed_attentions_leave_no_threads_behind()
    {
        using AttentionScene scene = new(HostSite.Instance, AttentionCase.Of(KvElementType.Float16, (4, 4), (64, 64), "600+1,600+1,600+1,0+30"));
        int before = CountThreads();
        int sinceDisposal = 0;
        for (int created = 0; created < ManyThreads; created += 8)
        {
            using CpuAttention attention = CpuAttentions.OnThreads(8);
            scene.Run(attention);
        }

        // Those of the runtime and the runner come and go too; as many as were used here do not.
        sinceDisposal = CountThreads() - before;
        Assert.True(sinceDisposal < ManyThreads / 4, $"{sinceDisposal} threads more than before, of {ManyThreads} that were used.");
    }

    [Fact]
    public void A_second_call_at_the_same_time_is_refused_and_spoils_nothing()
    {
        using CpuAttention attention = CpuAttentions.OnThreads(2);
        using AttentionScene scene = Scene((4, 4), (64, 64), "2000+1,700+30");
        using AttentionScene other = Scene((1, 1), (8, 8), "5+1");
        float[] expected = scene.Run(attention);
        other.Fill();
        int refused = 0;
        bool stop = false;
        Thread working = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                refused += IsRefused(() => attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor)) ? 1 : 0;
            }
        });
        working.Start();
        int refusedHere = 0;
        for (int i = 0; i < 1_000_000 && refusedHere < 100; i++)
        {
            refusedHere += IsRefused(() => attention.Append(other.View, other.Keys.Tensor, other.Values.Tensor)) ? 1 : 0;
        }

        Volatile.Write(ref stop, true);
        working.Join();
        Assert.True(refusedHere == 100, $"Of a million calls, {refusedHere} met another ({refused} of the other thread's met one).");
        OutputComparison.AssertSame(scene.Attend(attention), expected, "After calls were refused");
    }

    private static AttentionScene Scene((int KvHeads, int Group) heads, (int Key, int Value) dims, string rows) =>
        new(HostSite.Instance, AttentionCase.Of(KvElementType.Float16, heads, dims, rows));

    private static bool IsRefused(Action call)
    {
        try
        {
            call();
            return false;
        }
        catch (InvalidOperationException refusal) when (refusal.Message.Contains("one call at a time", StringComparison.Ordinal))
        {
            return true;
        }
    }

    /// <summary>The output of the rows that compute one position.</summary>
    private static float[] DecodedRows(AttentionScene scene, float[] output)
    {
        List<float> decoded = [];
        int width = scene.Case.QueryHeads * scene.Case.ValueDim;
        int token = 0;
        foreach (AttentionRow row in scene.Case.Rows)
        {
            decoded.AddRange(row.Computed == 1 ? output.AsSpan(token * width, width) : []);
            token += row.Computed;
        }

        return [.. decoded];
    }

    private static int CountThreads()
    {
        using Process process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
