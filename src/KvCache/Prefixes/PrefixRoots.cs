namespace KvCache.Prefixes;

/// <summary>The namespaces in use, found by exact comparison, dropped when nothing needs them any more.</summary>
internal sealed class PrefixRoots(PrefixHash hash)
{
    private readonly Dictionary<KvNamespace, PrefixRoot> _byIdentity = [];
    private readonly Dictionary<long, PrefixRoot> _byContent = [];
    private long _next = -1;

    public int Count => _byIdentity.Count;

    /// <summary>Finds a namespace; null where nothing was ever published under it.</summary>
    public PrefixRoot? Find(KvNamespace identity) => _byIdentity.GetValueOrDefault(identity);

    public PrefixRoot? TryGet(long content) => _byContent.GetValueOrDefault(content);

    /// <summary>Gets the users of all roots together, for integrity checks.</summary>
    public int Users => _byContent.Values.Sum(root => root.Users);

    /// <summary>Finds or adds a namespace and counts one more user.</summary>
    public PrefixRoot Acquire(KvNamespace identity)
    {
        if (!_byIdentity.TryGetValue(identity, out PrefixRoot? root))
        {
            root = new PrefixRoot(identity, _next--, hash.HashRoot(PrefixRoot.Encode(identity)));
            _byIdentity.Add(identity, root);
            _byContent.Add(root.Content, root);
        }

        root.Users++;
        return root;
    }

    /// <summary>Counts one more user of a root.</summary>
    public void Acquire(long content) => _byContent[content].Users++;

    /// <summary>Counts one user less; the last one takes the root with it.</summary>
    public void Release(long content)
    {
        PrefixRoot root = _byContent[content];
        if (--root.Users == 0)
        {
            _byIdentity.Remove(root.Identity);
            _byContent.Remove(content);
        }
    }

    /// <summary>Drops every root. No sequence may be open.</summary>
    public void Clear()
    {
        _byIdentity.Clear();
        _byContent.Clear();
    }
}
