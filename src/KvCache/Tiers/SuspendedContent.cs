using KvCache.Blocks;

namespace KvCache.Tiers;

/// <summary>What a suspended sequence has on the host: all its tokens, and the keys and values of those that are computed.</summary>
internal sealed class SuspendedContent
{
    private readonly HostStore _store;
    private readonly int[] _tokens;
    private BlockTable _places;

    private SuspendedContent(HostStore store, int[] tokens, BlockTable places)
    {
        _store = store;
        _tokens = tokens;
        _places = places;
        store.Count(1);
    }

    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>The places of the computed blocks in the host tier, in order of position.</summary>
    public ReadOnlySpan<int> Places => _places.Blocks;

    /// <summary>Takes places, has the blocks copied there, and keeps both.</summary>
    /// <param name="store">The host tier, or null where there is none.</param>
    /// <param name="tokens">The sequence's tokens.</param>
    /// <param name="blocks">How many blocks hold something that was computed.</param>
    /// <param name="save">Copies the blocks to so many places, and answers whether they have arrived.</param>
    /// <param name="refusal">Why not, where the answer is null; then nothing has changed.</param>
    public static SuspendedContent? TryKeep(
        HostStore? store, int[] tokens, int blocks, Func<HostStore, ReadOnlySpan<int>, bool> save, out KvRefusal refusal)
    {
        refusal = KvRefusal.OutOfHostMemory;
        if (store is null || !store.TryTake(blocks, out BlockTable places))
        {
            return null;
        }

        if (!save(store, places.Blocks))
        {
            store.Release(ref places);
            refusal = KvRefusal.TransferFailed;
            return null;
        }

        refusal = KvRefusal.None;
        return new SuspendedContent(store, tokens, places);
    }

    /// <summary>Gives the places back.</summary>
    public void Release()
    {
        _store.Release(ref _places);
        _store.Count(-1);
    }
}
