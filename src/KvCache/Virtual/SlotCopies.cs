using System.Buffers;
using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Virtual;

/// <summary>Copies between a slot's positions, which follow one another in every layer, and the places of a host store.</summary>
internal sealed class SlotCopies(HostStore store, GroupMemory memory, PageTable table)
{
    private readonly LayerPlace[] _layers = memory.Places(table);

    /// <summary>Copies whole blocks, and waits for it.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="first">The block of it with which to begin.</param>
    /// <param name="places">The host's places of the slot's blocks, those before the first among them.</param>
    /// <param name="toHost">The direction.</param>
    /// <returns>Whether they have arrived.</returns>
    public bool TryMove(int slot, int first, ReadOnlySpan<int> places, bool toHost)
    {
        int[] blocks = ArrayPool<int>.Shared.Rent(places.Length);
        for (int i = first; i < places.Length; i++)
        {
            blocks[i] = i;
        }

        TierCopies copies = store.Begin(toHost);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            nint keys = _layers[layer].Keys + (nint)(slot * memory.Layout.KeyPageStride);
            if (memory.IsInterleaved)
            {
                copies.AddInterleaved(layer, keys, blocks.AsSpan(first..places.Length), places[first..]);
                continue;
            }

            nint values = _layers[layer].Values + (nint)(slot * memory.Layout.ValuePageStride);
            copies.Add(layer, keys, values, blocks.AsSpan(first..places.Length), places[first..]);
        }

        ArrayPool<int>.Shared.Return(blocks);
        return store.TryRun();
    }
}
