using Xunit;

namespace KvCache.Specs.Attention;

/// <summary>Counts what the cases of a run came across, so that a run which tests little is noticed.</summary>
public sealed class AttentionTally
{
    private static readonly string[] Wanted =
    [
        "Float32", "Float16", "BFloat16", "page 1", "page 2", "page 3", "page 16", "page 32", "page 64", "page 128",
        "scattered", "contiguous", "page 0 is nobody's", "shared", "decode", "decode past 1,000", "prefill over a prefix", "prompt",
        "nothing to compute", "mixed batch", "odd dim", "key dim other than value dim", "one query head per KV head",
        "group of more than 8", "one KV head", "gap", "scale", "cap", "tokens ahead",
    ];

    private readonly Dictionary<string, int> _counts = Wanted.ToDictionary(name => name, _ => 0);

    public int Cases { get; private set; }

    public void Count(AttentionScene scene)
    {
        AttentionCase drawn = scene.Case;
        Cases++;
        Count($"{drawn.ElementType}", true);
        Count($"page {drawn.PageTokens}", true);
        Count("page 0 is nobody's", scene.Image.IsUnused(0));
        Count("odd dim", drawn.KeyDim % 2 == 1 || drawn.ValueDim % 2 == 1);
        Count("key dim other than value dim", drawn.KeyDim != drawn.ValueDim);
        Count("one query head per KV head", drawn.Group == 1);
        Count("group of more than 8", drawn.Group > 8);
        Count("one KV head", drawn.KvHeads == 1);
        Count("gap", drawn.Gap > 0);
        Count("scale", drawn.Scale != 0);
        Count("cap", drawn.SoftCap != 0);
        Count("mixed batch", drawn.Rows.Any(row => row.Computed == 1) && drawn.Rows.Any(row => row.Computed > 1));
        for (int row = 0; row < drawn.Rows.Length; row++)
        {
            Count(drawn.Rows[row], scene.View.UsedPages(row).Length > 1, scene.View.TryGetContiguous(row, out _, out _));
        }
    }

    public void CheckReach()
    {
        foreach (string name in Wanted)
        {
            Assert.True(_counts[name] > Cases / 50, $"\"{name}\" was hardly met. {this}");
        }
    }

    public override string ToString() => $"{Cases} cases: {string.Join(", ", _counts.Select(count => $"{count.Key} {count.Value}"))}";

    private void Count(AttentionRow row, bool severalPages, bool contiguous)
    {
        Count("contiguous", severalPages && contiguous);
        Count("scattered", severalPages && !contiguous);
        Count("shared", row.Shared > 0);
        Count("tokens ahead", row.Ahead > 0);
        Count("nothing to compute", row.Computed == 0);
        Count("decode", row.Computed == 1);
        Count("decode past 1,000", row is { Computed: 1, Cached: > 1000 });
        Count("prefill over a prefix", row is { Computed: > 1, Cached: > 0 });
        Count("prompt", row is { Computed: > 1, Cached: 0 });
    }

    private void Count(string name, bool met) => _counts[name] += met ? 1 : 0;
}
