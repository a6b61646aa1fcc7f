using Xunit;

namespace KvCache.Specs.Attention;

/// <content>All small shapes, and lengths about the edges of pages and tiles.</content>
public abstract partial class KvAttentionContract
{
    public static TheoryData<KvElementType> ElementTypes => [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Every_dimension_is_served(KvElementType type)
    {
        for (int dim = 1; dim <= 68; dim++)
        {
            Check(AttentionCase.Of(type, (2, 2), (dim, 69 - dim), "8+1,0+3") with { PageTokens = 4, Seed = dim });
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Every_group_of_query_heads_is_served(KvElementType type)
    {
        for (int group = 1; group <= 33; group++)
        {
            Check(AttentionCase.Of(type, (1 + (group % 4), group), (24, 20), "8+1,0+3") with { Seed = group });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(64)]
    public void Every_small_length_is_decoded(int page)
    {
        AttentionRow[] rows = [.. Enumerable.Range(0, 131).Select(cached => new AttentionRow(cached, 1))];
        foreach (KvElementType type in ElementTypes)
        {
            Check(AttentionCase.Of(type, (1, 3), (18, 17), "") with { PageTokens = page, Rows = rows });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(64)]
    public void Every_small_prompt_is_computed(int page)
    {
        AttentionRow[] rows = [.. Enumerable.Range(0, 50).Select(count => new AttentionRow(count % 7 * 5, count))];
        foreach (KvElementType type in ElementTypes)
        {
            Check(AttentionCase.Of(type, (1, 2), (18, 17), "") with { PageTokens = page, Rows = rows });
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Lengths_about_the_edges_of_tiles_are_served(KvElementType type)
    {
        foreach (int edge in (int[])[128, 256, 512, 1024, 2048, 4096])
        {
            AttentionRow[] rows = [new(edge - 2, 1), new(edge - 1, 1), new(edge, 1), new(edge - 3, 6), new(edge - 1, 2)];
            Check(AttentionCase.Of(type, (1, 3), (12, 10), "") with { PageTokens = 32, Rows = rows, Seed = edge });
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Long_prompts_are_computed(KvElementType type)
    {
        Check(AttentionCase.Of(type, (1, 1), (9, 9), "0+520"));
        Check(AttentionCase.Of(type, (1, 4), (8, 16), "300+130,1+140"));
    }

    [Fact]
    public void A_step_without_rows_or_positions_does_nothing()
    {
        Check(new AttentionCase { Rows = [] });
        Check(new AttentionCase { Rows = AttentionCase.ParseRows("0+0") });
        Check(new AttentionCase { Rows = AttentionCase.ParseRows("0+0,5+0,40+0") });
    }

    [Fact]
    public void Rows_without_positions_stand_anywhere()
    {
        Check(new AttentionCase { Rows = AttentionCase.ParseRows("0+0,0+0,9+3,0+0,20+1,33+0,0+1,0+0") });
        Check(new AttentionCase { Rows = AttentionCase.ParseRows("40+1,0+0"), Scattered = false });
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Output_may_take_the_place_of_the_queries(KvElementType type)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, 3), (20, 20), "600+1,0+70,9+1,130+40") with { Gap = 5 });
        scene.Append(Attention);
        OutputComparison.AssertNear(scene.AttendInPlace(Attention), scene.ExpectedOfStored(), Tolerance, "the formula");
    }
}
