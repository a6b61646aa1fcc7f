using KvCache.Attention;
using KvCache.Memory;
using Xunit;

namespace KvCache.Specs.Attention;

/// <content>What is refused writes nothing, and says what was given and what was expected.</content>
public abstract partial class KvAttentionContract
{
    private static readonly AttentionCase Refused = AttentionCase.Of(KvElementType.Float16, (3, 2), (20, 12), "9+1,0+4,17+2");

    /// <summary>Tokens, heads, elements: each once too few and once too many; the wrong number and the right one.</summary>
    public static TheoryData<int, int, int> WrongShapes => new()
    {
        { -1, 0, 0 },
        { 1, 0, 0 },
        { 0, -1, 0 },
        { 0, 1, 0 },
        { 0, 0, -1 },
        { 0, 0, 1 },
    };

    [Theory]
    [MemberData(nameof(WrongShapes))]
    public void Operands_of_another_shape_are_refused(int tokens, int heads, int dim)
    {
        AttentionScene scene = Arrange(Refused);
        KvTensor keys = Changed(scene.Keys.Tensor, tokens, heads, dim);
        KvTensor values = Changed(scene.Values.Tensor, tokens, heads, dim);
        KvTensor queries = Changed(scene.Queries.Tensor, tokens, heads, dim);
        KvTensor output = Changed(scene.Output.Tensor, tokens, heads, dim);
        AssertOperandRefused(scene, "keys", keys, scene.Keys.Tensor, () => Attention.Append(scene.View, keys, scene.Values.Tensor));
        AssertOperandRefused(scene, "values", values, scene.Values.Tensor, () => Attention.Append(scene.View, scene.Keys.Tensor, values));
        AssertOperandRefused(scene, "output", output, scene.Output.Tensor, () => Attention.Attend(scene.View, scene.Queries.Tensor, output));
        if (heads == 0)
        {
            AssertOperandRefused(scene, "queries", queries, scene.Queries.Tensor, () => Attention.Attend(scene.View, queries, scene.Output.Tensor));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    public void Query_heads_that_the_KV_heads_do_not_divide_are_refused(int heads)
    {
        AttentionScene scene = Arrange(Refused);
        KvTensor queries = new(scene.Queries.Tensor.Address, scene.Case.TokenCount, heads, scene.Case.KeyDim);
        KvTensor output = new(scene.Output.Tensor.Address, scene.Case.TokenCount, heads, scene.Case.ValueDim);
        AssertRefused("queries", [$"{heads}", "multiple", "3"], scene, () => Attention.Attend(scene.View, queries, output));
    }

    [Fact]
    public void Element_types_that_are_not_supported_are_refused()
    {
        AttentionScene scene = Arrange(Refused);
        foreach (KvElementType type in RefusedOperandTypes)
        {
            string[] words = [$"{type}", "expected"];
            KvTensor Retyped(KvTensor right) => new(right.Address, right.Tokens, right.Heads, right.HeadDim, type);
            AssertRefused("keys", words, scene, () => Attention.Append(scene.View, Retyped(scene.Keys.Tensor), scene.Values.Tensor));
            AssertRefused("values", words, scene, () => Attention.Append(scene.View, scene.Keys.Tensor, Retyped(scene.Values.Tensor)));
            AssertRefused("queries", words, scene, () => Attention.Attend(scene.View, Retyped(scene.Queries.Tensor), scene.Output.Tensor));
            AssertRefused("output", words, scene, () => Attention.Attend(scene.View, scene.Queries.Tensor, Retyped(scene.Output.Tensor)));
        }
    }

    [Fact]
    public void An_operand_that_was_left_out_is_refused()
    {
        AttentionScene scene = Arrange(Refused);
        AssertRefused("keys", ["7"], scene, () => Attention.Append(scene.View, default, scene.Values.Tensor));
        AssertRefused("values", ["7"], scene, () => Attention.Append(scene.View, scene.Keys.Tensor, default));
        AssertRefused("queries", ["7"], scene, () => Attention.Attend(scene.View, default, scene.Output.Tensor));
        AssertRefused("output", ["7"], scene, () => Attention.Attend(scene.View, scene.Queries.Tensor, default));
    }

    [Fact]
    public void Nothing_need_be_given_where_there_is_nothing_to_do()
    {
        AttentionScene scene = Arrange(Refused with { Rows = AttentionCase.ParseRows("9+0,0+0") });
        scene.Fill();
        Attention.Append(scene.View, default, default);
        Attention.Attend(scene.View, default, default, default);
        scene.AssertMemory();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_step_that_has_ended_is_refused(bool completed)
    {
        AttentionScene scene = Arrange(Refused);
        scene.Append(Attention);
        if (completed)
        {
            scene.Step.Complete();
        }
        else
        {
            scene.Step.Dispose();
        }

        foreach (KvLayerView view in (KvLayerView[])[scene.View, default])
        {
            Assert.Throws<InvalidOperationException>(() => Attention.Append(view, scene.Keys.Tensor, scene.Values.Tensor));
            Assert.Throws<InvalidOperationException>(() => Attention.Attend(view, scene.Queries.Tensor, scene.Output.Tensor));
        }

        scene.Output.AssertUnchanged();
    }

    [Fact]
    public void A_disposed_attention_refuses()
    {
        AttentionScene scene = Arrange(Refused);
        scene.Fill();
        IKvAttention attention = CreateAttention();
        attention.Dispose();
        attention.Dispose();
        Assert.Throws<ObjectDisposedException>(() => attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor));
        Assert.Throws<ObjectDisposedException>(() => attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor));
        scene.AssertMemory();
        scene.Output.AssertUnchanged();
    }

    [Fact]
    public void Memory_that_cannot_be_reached_is_refused_by_the_name_of_its_device()
    {
        AttentionScene scene = Arrange(Refused with { Rows = [new AttentionRow(0, 1)] });
        using IKvAllocator allocator = Site.CreateAllocator(BatchLayout.SetupOf(scene.Case) with { Device = new DryDevice() });
        Assert.True(allocator.TryOpen([1], null, 0, out KvSequence? sequence, out _));
        using KvStep step = allocator.BeginStep([new KvRow(sequence, 1)]);
        KvLayerView view = step.Enter(0);
        foreach (Action call in (Action[])
        [
            () => Attention.Append(view, scene.Keys.Tensor, scene.Values.Tensor),
            () => Attention.Attend(view, scene.Queries.Tensor, scene.Output.Tensor),
        ])
        {
            Assert.Contains("'dry'", Assert.Throws<NotSupportedException>(call).Message, StringComparison.Ordinal);
        }

        scene.Output.AssertUnchanged();
    }

    [Fact]
    public void After_a_refusal_the_next_call_is_served()
    {
        AttentionScene scene = Arrange(Refused);
        An_operand_that_was_left_out_is_refused();
        Check(scene);
    }

    private static KvTensor Changed(KvTensor right, int tokens, int heads, int dim) =>
        new(right.Address, right.Tokens + tokens, right.Heads + heads, right.HeadDim + dim);

    private static void AssertOperandRefused(AttentionScene scene, string name, KvTensor wrong, KvTensor right, Action call) =>
        AssertRefused(name, [$"[{wrong.Tokens}][{wrong.Heads}][{wrong.HeadDim}]", $"[{right.Tokens}][{right.Heads}][{right.HeadDim}]"], scene, call);

    private static void AssertRefused(string name, string[] words, AttentionScene scene, Action call)
    {
        scene.Fill();
        ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(call);
        Assert.Equal(name, refusal.ParamName);
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
        scene.AssertMemory();
        scene.Output.AssertUnchanged();
    }
}
