using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache;

/// <summary>One forward pass over a batch: enter and leave every layer in order, then complete.</summary>
/// <remarks>
/// <para>A small value that names a step by generation, so that a stale copy is caught. Disposing a step that was not
/// completed commits nothing; disposing it afterwards, or twice, does nothing.</para>
/// <para>Memory given back while a step is open or running is handed on only after the step's fence.</para>
/// <para>Threads: the allocator's owner thread. Allocates nothing.</para>
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A handle; two of them are never compared.")]
public readonly struct KvStep : IDisposable
{
    private readonly StepState? _state;
    private readonly long _generation;

    internal KvStep(StepState state, long generation)
    {
        _state = state;
        _generation = generation;
    }

    /// <summary>Gets a value indicating whether the step has been neither completed nor disposed.</summary>
    public bool IsOpen => _state is not null && _state.IsCurrent(_generation);

    /// <summary>Gets the number of rows.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public int RowCount => State.RowCount;

    /// <summary>Gets the number of positions that the step computes, over all rows.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public int TokenCount => State.TokenCount;

    /// <summary>Gets the view of a layer; from here on the layer is resident until <see cref="Leave(int)"/>.</summary>
    /// <param name="layer">0 … layers − 1.</param>
    /// <returns>The view, valid until the step ends.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public KvLayerView Enter(int layer) => State.Enter(layer);

    /// <summary>Says that all work of the step on a layer has been submitted; the layer may leave the device after it.</summary>
    /// <param name="layer">0 … layers − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public void Leave(int layer) => State.Leave(layer, elsewhere: null);

    /// <summary>Says that all work of the step on a layer has been submitted, elsewhere than to the allocator's device.</summary>
    /// <remarks>Where layers move, a layer that leaves the device is not copied before the fence has passed; the call may wait for it.</remarks>
    /// <param name="layer">0 … layers − 1.</param>
    /// <param name="fence">Passes when that work has finished.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public void Leave(int layer, KvFence fence) => State.Leave(layer, fence);

    /// <summary>Commits the step: the computed cursors advance, full blocks become shareable.</summary>
    /// <remarks>The work need only have been submitted to the allocator's device; its fence is recorded here.</remarks>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public void Complete() => State.End(completed: true, fence: null);

    /// <summary>Commits the step, whose work was submitted elsewhere than to the allocator's device.</summary>
    /// <param name="fence">Passes when all work of the step has finished.</param>
    /// <exception cref="InvalidOperationException">The step has ended, or a layer has left the device without <see cref="Leave(int, KvFence)"/>.</exception>
    public void Complete(KvFence fence) => State.End(completed: true, fence);

    /// <summary>Ends the step. If it was not completed, nothing is committed.</summary>
    public void Dispose()
    {
        if (IsOpen)
        {
            _state!.End(completed: false, fence: null);
        }
    }

    private StepState State
    {
        get
        {
            if (!IsOpen)
            {
                Throw.InvalidOperation("The step has ended: it was completed or disposed, or is no step at all.");
            }

            return _state!;
        }
    }
}
