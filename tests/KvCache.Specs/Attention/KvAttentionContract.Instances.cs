using KvCache.Attention;
using Xunit;

namespace KvCache.Specs.Attention;

/// <content>Several attentions, and one that is used for long.</content>
public abstract partial class KvAttentionContract
{
    private const string UnevenRows = "900+1,0+33,5+1,130+7,0+0,64+1,260+1";

    [Fact]
    public void Attentions_work_beside_one_another()
    {
        Exception?[] failures = new Exception?[4];
        Thread[] threads = [.. Enumerable.Range(0, failures.Length).Select(number => new Thread(() =>
        {
            try
            {
                RunAlone(number);
            }
            catch (Exception exception)
            {
                failures[number] = exception;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(failures, Assert.Null);
    }

    [Fact]
    public void An_attention_serves_one_shape_after_another_and_the_first_again()
    {
        AttentionScene[] scenes =
        [
            Arrange(AttentionCase.Of(KvElementType.Float16, (2, 4), (40, 24), UnevenRows)),
            Arrange(AttentionCase.Of(KvElementType.Float32, (1, 1), (3, 300), "2000+1")),
            Arrange(AttentionCase.Of(KvElementType.BFloat16, (8, 1), (100, 9), "0+40,0+0")),
            Arrange(AttentionCase.Of(KvElementType.Float32, (1, 32), (16, 16), "70+1,70+1,70+1")),
        ];
        float[][] outputs = [.. scenes.Select(scene => Check(scene))];
        for (int round = 0; round < 50; round++)
        {
            int next = round * 7 % 4;
            OutputComparison.AssertSame(scenes[next].Attend(Attention), outputs[next], $"{scenes[next].Case}: round {round}");
        }
    }

    [Fact]
    public void An_attention_may_be_disposed_before_it_was_used()
    {
        IKvAttention attention = CreateAttention();
        attention.Dispose();
        attention.Dispose();
    }

    private void RunAlone(int number)
    {
        using IKvAttention attention = CreateAttention();
        using AttentionScene scene = new(Site, AttentionCase.Of(KvElementType.Float16, (2, 1 + number), (40, 24), UnevenRows) with { Seed = number });
        ReferenceAttention? expected = null;
        for (int round = 0; round < 25; round++)
        {
            float[] output = scene.Run(attention);
            OutputComparison.AssertNear(output, expected ??= scene.ExpectedOfStored(), Tolerance, $"the formula in round {round} of thread {number}");
        }
    }
}
