namespace KvCache.Prefixes;

/// <summary>The namespaces in use, found by exact comparison, dropped when nothing needs them any more.</summary>
internal sealed class PrefixRoots(PrefixHash hash)
{
    private readonly Dictionary<KvNamespace, PrefixRoot> _byIdentity = [];
    private readonly List<PrefixRoot?> _slots = [];
    private readonly Stack<int> _unused = new();

    public int Count => _byIdentity.Count;

    /// <summary>Gets the users of all roots together, for integrity checks.</summary>
    public int Users => _byIdentity.Values.Sum(root => root.Users);

    /// <summary>Gets the root that a first block names as its parent.</summary>
    public PrefixRoot this[int content] => _slots[~content]!;

    /// <summary>Whether a root is in use, for integrity checks.</summary>
    public bool Has(int content) => ~content < _slots.Count && _slots[~content] is not null;

    /// <summary>Finds a namespace; null where nothing needs one.</summary>
    public PrefixRoot? Find(KvNamespace identity) => _byIdentity.GetValueOrDefault(identity);

    /// <summary>Finds or adds a namespace and counts one more user.</summary>
    public PrefixRoot Acquire(KvNamespace identity)
    {
        if (!_byIdentity.TryGetValue(identity, out PrefixRoot? root))
        {
            if (!_unused.TryPop(out int slot))
            {
                slot = _slots.Count;
                _slots.Add(null);
            }

            root = new PrefixRoot(identity, ~slot, hash.HashRoot(PrefixRoot.Encode(identity)));
            _slots[slot] = root;
            _byIdentity.Add(identity, root);
        }

        root.Users++;
        return root;
    }

    /// <summary>Counts one more user of a root.</summary>
    public void Acquire(int content) => this[content].Users++;

    /// <summary>Counts one user less; the last one takes the root with it.</summary>
    public void Release(int content)
    {
        PrefixRoot root = this[content];
        if (--root.Users == 0)
        {
            _byIdentity.Remove(root.Identity);
            _slots[~content] = null;
            _unused.Push(~content);
        }
    }

    /// <summary>Drops every root. No sequence may be open.</summary>
    public void Clear()
    {
        _byIdentity.Clear();
        _slots.Clear();
        _unused.Clear();
    }
}
