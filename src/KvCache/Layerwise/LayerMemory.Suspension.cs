using KvCache.Tiers;

namespace KvCache.Layerwise;

/// <content>Suspension: pages leave from wherever they are, and come back to the host's places, from which steps bring them in.</content>
internal sealed partial class LayerMemory
{
    public override bool TrySave(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places) =>
        TrySave(blocks, store, places, fromFrames: true) && TrySave(blocks, store, places, fromFrames: false);

    public override bool TryLoad(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places)
    {
        TierCopies copies = store.Begin(toHost: false);
        for (int layer = 0; layer < Layers; layer++)
        {
            copies.Add(layer, _host.KeyBase(layer), _host.ValueBase(layer), blocks, places);
            foreach (int block in blocks)
            {
                Frames.Forget(layer, block);
                Frames.Drop(layer, block);
                Pages.SetOnHost(layer, block, true);
            }
        }

        return store.TryRunOnHost();
    }

    private bool TrySave(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places, bool fromFrames)
    {
        TierCopies copies = store.Begin(toHost: true);
        int[] pages = new int[blocks.Length];
        int[] targets = new int[blocks.Length];
        for (int layer = 0; layer < Layers; layer++)
        {
            int count = 0;
            for (int i = 0; i < blocks.Length; i++)
            {
                int frame = FrameOfContent(layer, blocks[i]);
                if (frame >= 0 == fromFrames)
                {
                    (pages[count], targets[count++]) = (fromFrames ? frame : blocks[i], places[i]);
                }
            }

            copies.Add(
                layer,
                fromFrames ? _arena.Keys : _host.KeyBase(layer),
                fromFrames ? _arena.Values : _host.ValueBase(layer),
                pages.AsSpan(0, count),
                targets.AsSpan(0, count));
        }

        return fromFrames ? store.TryRun() : store.TryRunOnHost();
    }
}
