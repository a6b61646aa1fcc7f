using Xunit;

namespace KvCache.Specs.Attention;

/// <content>Keys and values are written where the view says, rounded to nearest even, and nothing else is.</content>
public abstract partial class KvAttentionContract
{
    /// <summary>Lower halves of a number: the ends, both sides of what is half way for either 16-bit type, and odd and even neighbours.</summary>
    private static readonly uint[] LowerHalves =
    [
        0x0000, 0x0001, 0x0FFF, 0x1000, 0x1001, 0x1FFF, 0x2000, 0x2FFF, 0x3000, 0x3001, 0x7FFF, 0x8000, 0x8001, 0xEFFF, 0xF000, 0xF001, 0xFFFF,
    ];

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Every_number_is_rounded_to_the_nearest_even(KvElementType type)
    {
        // As keys and as values, all upper halves with every lower half; 256 tokens (3 are there already) of odd widths.
        AttentionCase drawn = AttentionCase.Of(type, (1, 1), (257, 259), "3+200,0+56");
        foreach (uint lower in LowerHalves)
        {
            using AttentionScene scene = new(Site, drawn);
            uint key = 0;
            uint value = 0;
            foreach (RowContents row in scene.Rows)
            {
                key = FillWithNumbers(row.Keys, key, lower);
                value = FillWithNumbers(row.Values, value, lower);
            }

            scene.Append(Attention);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(128)]
    public void Large_batches_are_written_to_their_pages_and_nowhere_else(int page)
    {
        AttentionRow[] rows =
        [
            new(0, 700), .. Enumerable.Range(0, 33).Select(cached => new AttentionRow(cached * 5, 1)), new(50, 333, Ahead: 90), new(40, 9, Shared: 33),
        ];
        foreach (KvElementType type in ElementTypes)
        {
            AttentionCase drawn = AttentionCase.Of(type, (3, 1), (40, 25), "") with { PageTokens = page, Gap = page % 4, Skew = page % 5, Rows = rows };
            using AttentionScene scene = new(Site, drawn);
            scene.Append(Attention);
        }
    }

    [Fact]
    public void Appending_again_replaces_what_was_appended()
    {
        AttentionScene scene = Arrange(new AttentionCase { ElementType = KvElementType.Float16, Rows = AttentionCase.ParseRows("3+5,17+1") });
        scene.Append(Attention);
        foreach (RowContents row in scene.Rows)
        {
            Array.Reverse(row.Keys);
            Array.Reverse(row.Values);
        }

        scene.FillOperands();
        scene.Append(Attention);
    }

    private static uint FillWithNumbers(float[] elements, uint upper, uint lower)
    {
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = BitConverter.UInt32BitsToSingle((upper++ << 16) | lower);
        }

        return upper;
    }
}
