using KvCache.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>The forms that take managed memory.</summary>
public sealed class CpuAttentionSpanTests : IDisposable
{
    private readonly CpuAttention _attention = new();
    private readonly AttentionScene _scene = new(
        HostSite.Instance, AttentionCase.Of(KvElementType.Float16, (3, 2), (20, 12), "40+1,0+9,17+3") with { SoftCap = 9, Scale = 0.5f });

    private int Tokens => _scene.Case.TokenCount;

    [Fact]
    public void Managed_memory_serves_like_any_other()
    {
        float[] expected = _scene.Run(_attention);
        float[] output = new float[expected.Length];
        _attention.Append(_scene.View, _scene.Keys.Read(), _scene.Values.Read());
        _scene.AssertMemory();
        _attention.Attend(_scene.View, _scene.Queries.Read(), output, _scene.Case.Scoring);
        OutputComparison.AssertSame(output, expected, "From managed memory");

        _attention.Attend(_scene.View, _scene.Queries.Read(), output);
        _attention.Attend(_scene.View, _scene.Queries.Tensor, _scene.Output.Tensor);
        OutputComparison.AssertSame(output, _scene.Output.Read(), "With the default scoring");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Other_lengths_are_refused(int more)
    {
        int keys = Tokens * 3 * 20;
        int values = Tokens * 3 * 12;
        int queries = Tokens * 6 * 20;
        int output = Tokens * 6 * 12;
        AssertRefused("keys", keys + more, () => _attention.Append(_scene.View, new float[keys + more], new float[values]));
        AssertRefused("values", values + more, () => _attention.Append(_scene.View, new float[keys], new float[values + more]));
        AssertRefused("queries", queries + more, () => _attention.Attend(_scene.View, new float[queries + more], new float[output]));
        AssertRefused("output", output + more, () => _attention.Attend(_scene.View, new float[queries], new float[output + more]));
        AssertRefused("queries", 0, () => _attention.Attend(_scene.View, [], new float[output]));
        AssertRefused("keys", 0, () => _attention.Append(_scene.View, [], new float[values]));
    }

    [Fact]
    public void Query_heads_that_the_KV_heads_do_not_divide_are_refused() =>
        Assert.Throws<ArgumentException>("queries", () => _attention.Attend(_scene.View, new float[Tokens * 4 * 20], new float[Tokens * 4 * 12]));

    [Fact]
    public void Nothing_is_needed_where_there_is_nothing_to_do()
    {
        using AttentionScene idle = new(HostSite.Instance, AttentionCase.Of(KvElementType.Float16, (3, 2), (20, 12), "5+0"));
        idle.Fill();
        _attention.Append(idle.View, [], []);
        _attention.Attend(idle.View, [], []);
        idle.AssertMemory();
        Assert.Throws<ArgumentException>("output", () => _attention.Attend(idle.View, [], new float[12]));
    }

    public void Dispose()
    {
        _scene.Dispose();
        _attention.Dispose();
    }

    private void AssertRefused(string name, int given, Action call)
    {
        _scene.Fill();
        ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(call);
        Assert.Equal(name, refusal.ParamName);
        Assert.Contains($"{given}", refusal.Message, StringComparison.Ordinal);
        _scene.AssertMemory();
    }
}
