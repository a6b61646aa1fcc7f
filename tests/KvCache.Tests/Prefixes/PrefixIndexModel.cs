using KvCache.Blocks;
using KvCache.Prefixes;
using Xunit;

namespace KvCache.Tests.Prefixes;

/// <summary>A prefix index beside a list of (whole prefix, block) pairs: the same publications, the same answers.</summary>
internal sealed class PrefixIndexModel : IDisposable
{
    public const int BlockTokens = 2;
    private const int Blocks = 48;
    private readonly TokenStore _tokens = new(BlockTokens, Blocks);
    private readonly PrefixIndex _subject;
    private readonly bool _keepCopies;
    private readonly List<Publication> _published = [];
    private readonly PrefixRoot[] _roots;

    public PrefixIndexModel(PrefixHash hash, bool keepCopies)
    {
        Assert.True(_tokens.TryReach(Blocks));
        _subject = new PrefixIndex(Blocks, _tokens, hash, events: null);
        _keepCopies = keepCopies;
        _roots = [_subject.Roots.Acquire(Identity(0)), _subject.Roots.Acquire(Identity(1))];
    }

    /// <summary>Publishes a child of a published block (or a first block) with random tokens.</summary>
    public void Publish(Random random)
    {
        int block = random.Next(Blocks);
        if (_published.Exists(publication => publication.Block == block))
        {
            return;
        }

        Publication? parent = _published.Count > 0 && random.Next(4) > 0 ? _published[random.Next(_published.Count)] : null;
        int root = parent?.Root ?? random.Next(_roots.Length);
        int[] own = [random.Next(2), random.Next(2)];
        own.CopyTo(_tokens[block]);
        int[] prefix = [.. parent?.Prefix ?? [], .. own];
        int expected = Oldest(root, prefix)?.Block ?? -1;
        Assert.Equal(expected, _subject.Publish(block, parent?.Block ?? -1, _roots[root], _keepCopies));
        if (expected < 0 || _keepCopies)
        {
            _published.Add(new Publication(block, root, prefix));
        }
    }

    /// <summary>Forgets a block, and with the last copy of its content everything that follows it.</summary>
    public void Forget(Random random)
    {
        if (_published.Count == 0)
        {
            return;
        }

        Publication chosen = _published[random.Next(_published.Count)];
        bool last = _published.Count(other => other.Equals(chosen.Root, chosen.Prefix)) == 1;
        List<Publication> expected = last ? _published.FindAll(other => other.Follows(chosen)) : [chosen];
        List<int> forgotten = [];
        _subject.Forget(chosen.Block, forgotten);
        Assert.Equal(expected.Select(publication => publication.Block).Order(), forgotten.Order());
        _published.RemoveAll(expected.Contains);
    }

    /// <summary>Looks a random prompt up, and what is published under every block.</summary>
    public void Match(Random random)
    {
        int root = random.Next(_roots.Length);
        int[] prompt = [.. Enumerable.Range(0, 2 * random.Next(8)).Select(_ => random.Next(2))];
        List<int> expected = [];
        for (int length = BlockTokens; length <= prompt.Length; length += BlockTokens)
        {
            if (Oldest(root, prompt[..length]) is not { } found)
            {
                break;
            }

            expected.Add(found.Block);
        }

        int[] blocks = new int[prompt.Length / BlockTokens];
        int count = _subject.Match(Identity(root), prompt, blocks);
        Assert.Equal(expected, blocks.AsSpan(0, count).ToArray());
    }

    /// <summary>Compares everything that can be seen at once.</summary>
    public void Check()
    {
        foreach (Publication publication in _published)
        {
            int[] blocks = new int[publication.Prefix.Length / BlockTokens];
            Assert.Equal(blocks.Length, _subject.Match(Identity(publication.Root), publication.Prefix, blocks));
            Assert.Equal(Oldest(publication.Root, publication.Prefix)!.Block, blocks[^1]);
            Assert.Equal(_subject.ContentOf(blocks[^1]), _subject.ContentOf(publication.Block));
        }

        (int, string)[] contents = [.. _published.Select(p => (p.Root, string.Join(',', p.Prefix))).Distinct()];
        Assert.Equal(contents.Length, _subject.Contents.Count);
        Assert.Equal(contents.Length, _subject.ListStored(0).Count);
        int firstBlocks = _published.Where(p => p.Prefix.Length == BlockTokens).Select(p => (p.Root, string.Join(',', p.Prefix))).Distinct().Count();
        Assert.Equal(firstBlocks + _roots.Length, _subject.Roots.Users);
        Assert.Equal(_published.Count, Enumerable.Range(0, Blocks).Count(block => _subject.ContentOf(block) != 0));
    }

    public void Dispose() => _tokens.Dispose();

    private static KvNamespace Identity(int root) => new(Salt: $"{root}");

    private Publication? Oldest(int root, int[] prefix) => _published.Find(publication => publication.Equals(root, prefix));

    private sealed record Publication(int Block, int Root, int[] Prefix)
    {
        public bool Follows(Publication other) =>
            Root == other.Root && Prefix.AsSpan().StartsWith(other.Prefix);

        public bool Equals(int root, int[] prefix) => Root == root && Prefix.AsSpan().SequenceEqual(prefix);
    }
}
