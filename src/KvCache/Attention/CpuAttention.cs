namespace KvCache.Attention;

/// <summary>Attention on the processor's vector units, for caches in memory that the process can read.</summary>
/// <remarks>
/// <para>Float32 operands; float32, float16 and bfloat16 caches; any head dims (8 … 256 are what it is tuned for) and any number
/// of query heads per KV head. Vectors are as wide as the hardware and the dims allow: 512, 256 or 128 bits.</para>
/// <para>A row with one new token costs one pass over its keys and values, at the speed of memory; rows with more go through
/// register-blocked products. A decode row's result has the same bits whatever else is in the batch and however many
/// threads there are.</para>
/// <para>Threads: one call at a time; a second is refused with <see cref="InvalidOperationException"/>. Do not dispose it during a
/// call. A call returns when its work is done. Nothing is allocated on the managed heap once shapes have been seen. Its own
/// threads sleep between uses and end when it is disposed.</para>
/// </remarks>
public sealed unsafe class CpuAttention : IKvAttention
{
    private const int BytesPerAppendPart = 256 * 1024;
    private const long SmallCall = 256 * 1024; // multiplications; below, waking others takes longer than the work

    private readonly WorkerSet _workers;
    private readonly KernelChoice _kernels;
    private readonly AttendWork _attend = new();
    private readonly AppendWork _append = new();
    private int _busy;
    private bool _disposed;

    /// <summary>Makes an attention that uses the processor.</summary>
    /// <param name="options">How; null for the defaults.</param>
    public CpuAttention(CpuAttentionOptions? options = null)
    {
        options ??= new CpuAttentionOptions();
        _workers = new WorkerSet(options.Threads);
        _kernels = new KernelChoice(options.ForcedWidth);
    }

    /// <summary>Gets how many threads work on a call.</summary>
    public int Threads => _workers.Workers;

    /// <summary>Gets the bits of the widest vectors that are used: 512, 256 or 128.</summary>
    /// <remarks>Code compiled ahead of time uses only what its compiler was told that every target has
    /// (<c>IlcInstructionSet</c>); code compiled at run time uses all that the processor has.</remarks>
    public int VectorBits => _kernels.Widest;

    /// <summary>Gets the threads, so that what is compared with this attention can use the same.</summary>
    internal WorkerSet Workers => _workers;

    /// <inheritdoc/>
    public void Append(KvLayerView view, KvTensor keys, KvTensor values)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        AttentionOperands.CheckHostMemory(view);
        AttentionOperands.CheckAppend(view, keys, values);
        int tokens = view.TokenCount;
        if (tokens == 0)
        {
            return;
        }

        Enter();
        try
        {
            KvLayerGroup shape = view.Shape;
            var call = new AppendCall(
                AttentionCall.Of(view), keys.Address, keys.TokenStride / sizeof(float), values.Address, values.TokenStride / sizeof(float));
            int perPart = (int)Math.Max(1, BytesPerAppendPart / (shape.KeyBytesPerToken + shape.ValueBytesPerToken));
            _workers.Run(_append, _append.Prepare(in call, _kernels.For(shape), tokens, perPart));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>As <see cref="Append(KvLayerView, KvTensor, KvTensor)"/>, from managed memory.</summary>
    /// <param name="view">The layer, entered in a step that is open.</param>
    /// <param name="keys">Tokens × KV heads × key dim elements.</param>
    /// <param name="values">Tokens × KV heads × value dim elements.</param>
    /// <exception cref="ArgumentException">An operand has another length.</exception>
    public void Append(KvLayerView view, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        KvLayerGroup shape = view.Shape;
        fixed (float* k = keys, v = values)
        {
            Append(
                view,
                Describe(k, keys.Length, view.TokenCount, shape.KvHeads, shape.KeyDim, nameof(keys)),
                Describe(v, values.Length, view.TokenCount, shape.KvHeads, shape.ValueDim, nameof(values)));
        }
    }

    /// <inheritdoc/>
    public void Attend(KvLayerView view, KvTensor queries, KvTensor output, KvScoring scoring)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        AttentionOperands.CheckHostMemory(view);
        AttentionOperands.CheckAttend(view, queries, output);
        if (view.TokenCount == 0)
        {
            return;
        }

        Enter();
        try
        {
            AttentionCall call = AttentionCall.Of(view, queries, output, scoring);
            if (IsSmall(in call))
            {
                WorkerSet.RunHere(_attend, _attend.Prepare(in call, _kernels.For(view.Shape), workers: 1));
            }
            else
            {
                _workers.Run(_attend, _attend.Prepare(in call, _kernels.For(view.Shape), _workers.Workers));
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>As <see cref="Attend(KvLayerView, KvTensor, KvTensor, KvScoring)"/>, over managed memory.</summary>
    /// <param name="view">The layer; the step's own keys and values have been appended.</param>
    /// <param name="queries">Tokens × query heads × key dim elements; the number of heads follows from the length.</param>
    /// <param name="output">Tokens × query heads × value dim elements.</param>
    /// <exception cref="ArgumentException">An operand has another length.</exception>
    public void Attend(KvLayerView view, ReadOnlySpan<float> queries, Span<float> output) =>
        Attend(view, queries, output, default);

    /// <summary>As <see cref="Attend(KvLayerView, KvTensor, KvTensor, KvScoring)"/>, over managed memory.</summary>
    /// <param name="view">The layer; the step's own keys and values have been appended.</param>
    /// <param name="queries">Tokens × query heads × key dim elements; the number of heads follows from the length.</param>
    /// <param name="output">Tokens × query heads × value dim elements.</param>
    /// <param name="scoring">How a dot product becomes a score.</param>
    /// <exception cref="ArgumentException">An operand has another length.</exception>
    public void Attend(KvLayerView view, ReadOnlySpan<float> queries, Span<float> output, KvScoring scoring)
    {
        KvLayerGroup shape = view.Shape;
        int tokens = view.TokenCount;
        int heads = tokens == 0 ? shape.KvHeads : Math.Max(1, queries.Length / tokens / shape.KeyDim);
        fixed (float* q = queries, o = output)
        {
            Attend(
                view,
                Describe(q, queries.Length, tokens, heads, shape.KeyDim, nameof(queries)),
                Describe(o, output.Length, tokens, heads, shape.ValueDim, nameof(output)),
                scoring);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _workers.Dispose();
        _attend.Dispose();
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            Throw.InvalidOperation("Another thread is in a call of this attention; it takes one call at a time.");
        }
    }

    private void Leave() => Volatile.Write(ref _busy, 0);

    private static bool IsSmall(in AttentionCall call)
    {
        long products = 0;
        for (int row = 0; row < call.Rows; row++)
        {
            products += (long)call.NewTokens(row) * call.Lengths[row] * call.QueryHeads * (call.KeyDim + call.ValueDim);
        }

        return products < SmallCall;
    }

    private static KvTensor Describe(float* address, int length, int tokens, int heads, int headDim, string name)
    {
        if (length != (long)tokens * heads * headDim)
        {
            Throw.Argument($"{name} have {length} elements; expected {tokens} × {heads} × {headDim}.", name);
        }

        return tokens == 0 ? default : new KvTensor((nint)address, tokens, heads, headDim);
    }
}
