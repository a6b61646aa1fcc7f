using KvCache.Attention;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Attention;

/// <summary>Attention on a GPU, for caches in its memory: kernels written in C# that ILGPU compiles for whatever device is there.</summary>
/// <remarks>
/// <para>Float32 operands in memory that the device knows (its arenas, and what <see cref="GpuDevice.Wrap(nint, long)"/> told it
/// of); float32, float16 and bfloat16 caches; any head dims and any number of query heads per KV head. Dims
/// that are multiples of 8 in pages of 2ⁿ tokens are read 16 bytes at a time.</para>
/// <para>On NVIDIA GPUs of compute capability 8.0 and up, kernels on tensor cores serve float16 and bfloat16 caches with head dims of 64, 128
/// and, for rows with one new token, 256. They round queries and weights to 16 bits: see <see cref="GpuAttentionOptions.TensorCores"/>.
/// <see cref="DecodeKernel"/>, <see cref="PrefillKernel"/> and <see cref="KernelChosen"/> tell which kernel runs, and why.</para>
/// <para>Rows with one new token are cut into segments that are worked on at once and brought together; where a row is cut
/// follows from its length and the device alone, so that a row's result has the same bits whatever else is in the batch.
/// Rows with more are computed in blocks of 64 queries.</para>
/// <para>Threads: one call at a time; a second is refused with <see cref="InvalidOperationException"/>. A call submits its work to
/// the device's stream and returns: <see cref="Memory.IKvDevice.RecordFence"/> tells when it has finished. A kernel is compiled
/// when a shape first asks for it, once for an accelerator; after that a call allocates nothing on the managed heap. The memory
/// in which segments' results wait grows with the largest call and is given back by <see cref="Dispose"/>.</para>
/// </remarks>
public sealed class GpuAttention : IKvAttention
{
    private readonly GpuDevice _device;
    private readonly KernelLauncher _launcher;
    private int _busy;
    private bool _disposed;

    /// <summary>Makes an attention that uses a device.</summary>
    /// <param name="device">Where the caches lie that it will be given.</param>
    /// <exception cref="ArgumentNullException"><paramref name="device"/> is null.</exception>
    public GpuAttention(GpuDevice device)
        : this(device, GpuAttentionOptions.Default)
    {
    }

    /// <summary>Makes an attention that uses a device in a way.</summary>
    /// <param name="device">Where the caches lie that it will be given.</param>
    /// <param name="options">How.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public GpuAttention(GpuDevice device, GpuAttentionOptions options)
        : this(device, options, TensorTuningTable.Shipped)
    {
    }

    /// <summary>Makes one whose kernels on tensor cores are what a table says.</summary>
    internal GpuAttention(GpuDevice device, GpuAttentionOptions options, TensorTuningTable tuning)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        _device = device;
        _launcher = Create(device, KernelPolicy.For(device.Accelerator), TensorCores.Of(device, options, tuning));
    }

    /// <summary>Makes one that uses the kernels that a policy says.</summary>
    internal GpuAttention(GpuDevice device, KernelPolicy policy)
    {
        _device = device;
        _launcher = Create(device, policy, TensorCores.None(device));
    }

    /// <summary>Raised after a call that was the first to use a kernel for a shape, on the calling thread.</summary>
    /// <remarks>A handler that throws does so out of that call, whose work has been submitted.</remarks>
    public event EventHandler<GpuKernelChosenEventArgs>? KernelChosen;

    /// <summary>Gets the kernel that the latest attention used for rows with one new token; null where it had none.</summary>
    public string? DecodeKernel => _launcher.Decoded?.Name;

    /// <summary>Gets the kernel that the latest attention used for rows with several new tokens; null where it had none.</summary>
    public string? PrefillKernel => _launcher.Prefilled?.Name;

    /// <inheritdoc/>
    public void Append(KvLayerView view, KvTensor keys, KvTensor values)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        DeviceArguments.CheckMemory(_device, view);
        AttentionOperands.CheckAppend(view, keys, values);
        if (view.TokenCount == 0)
        {
            return;
        }

        Enter();
        try
        {
            AppendArguments arguments = new()
            {
                Cache = DeviceArguments.Of(_device, view),
                Keys = DeviceArguments.Of(_device, keys, nameof(keys)),
                Values = DeviceArguments.Of(_device, values, nameof(values)),
                KeyStride = keys.TokenStride / sizeof(float),
                ValueStride = values.TokenStride / sizeof(float),
                Tokens = view.TokenCount,
            };
            bool aligned = DeviceArguments.IsAligned(view) && DeviceArguments.IsAligned(keys) && DeviceArguments.IsAligned(values);
            _launcher.Append(_device.Stream, in arguments, view.Shape.ElementType, aligned);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public void Attend(KvLayerView view, KvTensor queries, KvTensor output, KvScoring scoring)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        DeviceArguments.CheckMemory(_device, view);
        AttentionOperands.CheckAttend(view, queries, output);
        if (view.TokenCount == 0)
        {
            return;
        }

        Enter();
        try
        {
            float scale = scoring.ScaleFor(view.Shape.KeyDim);
            AttendArguments arguments = new()
            {
                Cache = DeviceArguments.Of(_device, view),
                Queries = DeviceArguments.Of(_device, queries, nameof(queries)),
                Output = DeviceArguments.Of(_device, output, nameof(output)),
                QueryStride = queries.TokenStride / sizeof(float),
                OutputStride = output.TokenStride / sizeof(float),
                QueryScale = scoring.SoftCap > 0 ? scale / scoring.SoftCap : scale * Softmax.Log2E,
                CapLog2E = scoring.SoftCap * Softmax.Log2E,
                Tokens = view.TokenCount,
                QueryHeads = queries.Heads,
                Group = queries.Heads / view.Shape.KvHeads,
            };
            RowSummary rows = RowSummary.Of(view.Lengths, view.QueryOffsets);
            _launcher.Attend(_device.Stream, ref arguments, rows, KernelShape.Of(view, queries.Heads));
        }
        finally
        {
            Leave();
        }

        Tell(_launcher.Decoded);
        Tell(_launcher.Prefilled);
    }

    /// <inheritdoc/>
    /// <remarks>Waits for what was submitted to the device. Dispose the attention before the device.</remarks>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _device.Stream.Synchronize();
            _launcher.Dispose();
        }
    }

    private static KernelLauncher Create(GpuDevice device, KernelPolicy policy, TensorCores tensor) =>
        new(device.Accelerator, policy, new KernelChooser(device.Accelerator, policy, tensor));

    private void Tell(KernelChoice? choice)
    {
        if (choice is { IsTold: false })
        {
            choice.IsTold = true;
            KernelChosen?.Invoke(this, new GpuKernelChosenEventArgs(choice.Phase, choice.Name, choice.Tensor is not null, choice.Reason));
        }
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw new InvalidOperationException("Another thread is in a call of this attention; it takes one call at a time.");
        }
    }

    private void Leave() => Volatile.Write(ref _busy, 0);
}
