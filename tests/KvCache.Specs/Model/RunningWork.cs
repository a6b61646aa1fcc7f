using System.Runtime.InteropServices;
using KvCache.Memory;
using Xunit;

namespace KvCache.Specs.Model;

/// <summary>Which positions are used by steps that are open or whose fence has not passed, and by whom.</summary>
/// <remarks>
/// A position is named by its key's address in layer 0. A sequence may write again where it was the only user: work on
/// a device is done in order. Nobody may write where another's step is still running.
/// </remarks>
internal sealed class RunningWork
{
    private readonly List<(KvFence Fence, Dictionary<nint, KvSequence?> Users)> _ended = [];
    private Dictionary<nint, KvSequence?>? _open;

    /// <summary>Begins a step: checks what it will write against all running ones, then notes what it uses.</summary>
    public void Begin(in KvLayerView view, IReadOnlyList<KvRow> rows)
    {
        Dictionary<nint, KvSequence?> users = [];
        for (int row = 0; row < rows.Count; row++)
        {
            int written = view.Lengths[row] - rows[row].TokenCount;
            for (int position = 0; position < view.Lengths[row]; position++)
            {
                nint address = StampedMemory.KeyAddress(view, row, position, 0);
                Assert.True(
                    position < written || MayWrite(address, rows[row].Sequence),
                    $"Row {row} writes position {position} where another sequence's step is running.");
                ref KvSequence? user = ref CollectionsMarshal.GetValueRefOrAddDefault(users, address, out bool shared);
                Assert.False(shared && position >= written, $"Row {row} writes position {position}, which another row uses.");
                user = shared ? null : rows[row].Sequence;
            }
        }

        _open = users;
    }

    public void End(KvFence fence)
    {
        _ended.Add((fence, _open!));
        _open = null;
    }

    /// <summary>Forgets the steps whose fences have passed.</summary>
    public void Forget() => _ended.RemoveAll(step => step.Fence.HasPassed);

    /// <summary>A copy's destination was nobody's: no step that is open or running uses it.</summary>
    public void CheckCopy(KvCopy copy) =>
        CheckUnused(copy.Destination, copy.Bytes, "A block is copied to where a step is open or running.");

    /// <summary>Addresses that are unmapped were nobody's: no step that is open or running uses them.</summary>
    public void CheckUnmap(nint address, long bytes) =>
        CheckUnused(address, bytes, "Addresses are unmapped through which a step that is open or running reads.");

    private void CheckUnused(nint first, long bytes, string fault)
    {
        foreach (Dictionary<nint, KvSequence?> users in All())
        {
            foreach (nint address in users.Keys)
            {
                Assert.False(first <= address && address < first + bytes, fault);
            }
        }
    }

    private bool MayWrite(nint address, KvSequence writer)
    {
        foreach ((KvFence _, Dictionary<nint, KvSequence?> users) in _ended)
        {
            if (users.TryGetValue(address, out KvSequence? user) && user != writer)
            {
                return false;
            }
        }

        return true;
    }

    private IEnumerable<Dictionary<nint, KvSequence?>> All() =>
        _ended.Where(step => !step.Fence.HasPassed).Select(step => step.Users).Concat(_open is null ? [] : [_open]);
}
