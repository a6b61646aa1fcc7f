using Xunit;

namespace KvCache.Specs.Attention;

/// <content>What is no number shows wherever it is seen: nothing turns it into one on the way.</content>
public abstract partial class KvAttentionContract
{
    private const int SpoiledDim = 3;

    public static TheoryData<KvElementType, int> TypesAndGroups =>
        new MatrixTheoryData<KvElementType, int>([KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16], [3, 4]);

    [Theory]
    [MemberData(nameof(TypesAndGroups))]
    public void A_spoiled_value_shows_in_its_dim_of_all_that_see_it(KvElementType type, int group)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, group), (20, 20), "68+1,20+50") with { PageTokens = 8 });
        float[] sound = scene.Run(Attention);
        foreach (float spoiled in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            Spoil(scene, value: true, spoiled);
            AssertShows(scene, sound, float.IsFinite, dim => dim == SpoiledDim, $"values spoiled with {spoiled}");
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndGroups))]
    public void A_spoiled_key_shows_in_all_that_see_it(KvElementType type, int group)
    {
        foreach (float cap in (float[])[0, 20])
        {
            AttentionScene scene = Arrange(AttentionCase.Of(type, (2, group), (20, 20), "68+1,20+50") with { PageTokens = 8, SoftCap = cap });
            float[] sound = scene.Run(Attention);
            Spoil(scene, value: false, float.NaN);
            AssertShows(scene, sound, element => !float.IsNaN(element), _ => true, "keys spoiled with NaN");
        }
    }

    /// <summary>What KV head 1 serves is no number in the dims that are told; everything else is as it was.</summary>
    private void AssertShows(AttentionScene scene, float[] sound, Func<float, bool> isSound, Func<int, bool> sees, string what)
    {
        float[] output = scene.Attend(Attention);
        for (int index = 0; index < output.Length; index++)
        {
            (int head, int dim) = Math.DivRem(index, scene.Case.ValueDim);
            bool shows = head % scene.Case.QueryHeads >= scene.Case.Group && sees(dim);
            if (shows ? isSound(output[index]) : output[index] != sound[index])
            {
                Assert.Fail($"{scene.Case}\nElement {index} of the output is {output[index]} with {what}; it was {sound[index]}.");
            }
        }
    }

    /// <summary>Spoils an element of position 20, KV head 1, in both rows.</summary>
    private static void Spoil(AttentionScene scene, bool value, float number)
    {
        for (int row = 0; row < scene.Case.Rows.Length; row++)
        {
            Span<byte> head = value ? scene.Image.Value(row, 20, 1) : scene.Image.Key(row, 20, 1);
            scene.Image.Format.Write(head, SpoiledDim, number);
        }

        scene.Upload();
    }
}
