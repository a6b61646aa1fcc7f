using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public sealed unsafe class NativeFloatsTests : IDisposable
{
    private readonly NativeFloats _floats = new();

    [Fact]
    public void Memory_stays_where_it_is_until_there_must_be_more()
    {
        nint first = Ensure(1000);
        new Span<float>((float*)first, 1000).Fill(7);
        foreach (int less in (int[])[1000, 1, 999])
        {
            Assert.Equal(first, Ensure(less));
        }

        Assert.All(new Span<float>((float*)first, 1000).ToArray(), element => Assert.Equal(7, element));

        // The new memory is taken before the old is given back.
        Assert.NotEqual(first, Ensure(1001));
    }

    [Fact]
    public void Memory_is_aligned_to_cache_lines()
    {
        for (int floats = 1; floats < 600; floats += 7)
        {
            Assert.Equal(0, Ensure(floats) % 64);
        }
    }

    [Fact]
    public void What_cannot_be_had_leaves_what_there_was()
    {
        nint before = Ensure(1000);
        new Span<float>((float*)before, 1000).Fill(7);
        Assert.Throws<OutOfMemoryException>(() => { Ensure(long.MaxValue / 16); });
        Assert.Equal(before, Ensure(1000));
        Assert.All(new Span<float>((float*)before, 1000).ToArray(), element => Assert.Equal(7, element));
    }

    [Fact]
    public void What_was_given_back_can_be_had_again()
    {
        Ensure(1000);
        _floats.Dispose();
        new Span<float>((float*)Ensure(500), 500).Fill(7);
    }

    public void Dispose() => _floats.Dispose();

    private nint Ensure(long floats) => (nint)_floats.Ensure(floats);
}
