namespace KvCache.Layerwise;

/// <summary>Where the page of every block is in every layer: in which frame of the device, if in any, and whether the host has it.</summary>
/// <remarks>The host's place of a page is fixed; so only whether it holds the present content is kept. Grows with the blocks ever used.</remarks>
internal sealed class LayerPages
{
    private readonly int[][] _frames;
    private readonly bool[][] _onHost;
    private readonly int[] _onHostCounts;

    public LayerPages(int layers)
    {
        _frames = new int[layers][];
        _onHost = new bool[layers][];
        _onHostCounts = new int[layers];
        Array.Fill(_frames, []);
        Array.Fill(_onHost, []);
    }

    public int Blocks => _frames[0].Length;

    /// <summary>Makes room for blocks 0 … <paramref name="blocks"/> − 1.</summary>
    public void Reach(int blocks)
    {
        if (blocks <= Blocks)
        {
            return;
        }

        int grown = (int)Math.Min(Array.MaxLength, Math.Max(blocks, Blocks * 2L));
        for (int layer = 0; layer < _frames.Length; layer++)
        {
            int old = _frames[layer].Length;
            Array.Resize(ref _frames[layer], grown);
            Array.Resize(ref _onHost[layer], grown);
            _frames[layer].AsSpan(old).Fill(-1);
        }
    }

    /// <summary>The frames of a layer's pages by block; −1 where a page has none.</summary>
    public int[] Frames(int layer) => _frames[layer];

    /// <summary>Whether the host has the present content of a page.</summary>
    public bool OnHost(int layer, int block) => _onHost[layer][block];

    /// <summary>Whether the host has the present content of any page of a layer.</summary>
    public bool AnyOnHost(int layer) => _onHostCounts[layer] > 0;

    public void SetOnHost(int layer, int block, bool value)
    {
        ref bool known = ref _onHost[layer][block];
        if (known != value)
        {
            known = value;
            _onHostCounts[layer] += value ? 1 : -1;
        }
    }
}
