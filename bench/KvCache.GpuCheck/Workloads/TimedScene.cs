using KvCache.Attention;
using KvCache.Gpu;
using KvCache.Gpu.Attention;

namespace KvCache.GpuCheck.Workloads;

/// <summary>A filled cache of several layers and an open step, for calls that are timed: each takes the next layer.</summary>
internal sealed class TimedScene : IDisposable
{
    /// <summary>More than the second-level cache of any GPU so far: a forward pass would not find a layer in it either.</summary>
    private const long LayersBytes = 512L << 20;

    private readonly IScene _scene;
    private readonly KvStep _step;
    private readonly KvLayerView[] _views;
    private readonly GpuDevice _device;
    private readonly DeviceBuffer _queries;
    private readonly DeviceBuffer _output;
    private readonly DeviceBuffer _keys;
    private readonly DeviceBuffer _values;
    private readonly AttentionShape _shape;
    private readonly int _tokens;
    private GpuAttention _attention;

    private TimedScene(GpuDevice device, AttentionShape shape, IScene scene, int[] cached, int[] added, int layers)
    {
        _device = device;
        _shape = shape;
        _tokens = added.Sum();
        _scene = scene;
        byte[] numbers = Patterns.Numbers(shape.Type, seed: 8);
        _scene.ForEachRegion((address, bytes) => DeviceBuffer.Fill(device, address, bytes, numbers));
        _scene.Assume(cached);
        _attention = new GpuAttention(device);
        _queries = DeviceBuffer.Of<float>(device, Patterns.Floats((long)_tokens * shape.QueryHeads * shape.KeyDim, seed: 9));
        _output = new DeviceBuffer(device, (long)_tokens * shape.QueryHeads * shape.ValueDim * sizeof(float));
        _keys = DeviceBuffer.Of<float>(device, Patterns.Floats((long)_tokens * shape.KvHeads * shape.KeyDim, seed: 10));
        _values = DeviceBuffer.Of<float>(device, Patterns.Floats((long)_tokens * shape.KvHeads * shape.ValueDim, seed: 11));
        _step = _scene.Begin(added);
        _views = [.. Enumerable.Range(0, layers).Select(_step.Enter)];
    }

    /// <summary>Makes a scene of equal rows, or answers null where the device has not the memory.</summary>
    public static TimedScene? Create(GpuDevice device, AttentionShape shape, int rows, int cached, int added) =>
        Create(device, shape, rows, cached, added, (layers, lengths) => new CacheScene(device, shape, layers, lengths, seed: 7));

    /// <summary>Makes a scene of equal rows over a cache that is made for so many layers and rows of these lengths.</summary>
    public static TimedScene? Create(GpuDevice device, AttentionShape shape, int rows, int cached, int added, Func<int, int[], IScene?> make)
    {
        long layer = shape.BytesPerToken * rows * (cached + added);
        long most = (long)(device.Info.MemoryBytes * 0.8);
        if (layer + ((long)rows * added * shape.QueryHeads * (shape.KeyDim + shape.ValueDim) * sizeof(float)) > most)
        {
            return null;
        }

        bool small = device.Info.Kind == GpuDeviceKind.CpuAccelerator;
        int layers = small ? 2 : (int)Math.Clamp(Math.Min((LayersBytes + layer - 1) / layer, most / layer), 1, 64);
        return make(layers, [.. Enumerable.Repeat(cached + added, rows)]) is { } scene
            ? new TimedScene(device, shape, scene, [.. Enumerable.Repeat(cached, rows)], [.. Enumerable.Repeat(added, rows)], layers)
            : null;
    }

    /// <summary>Makes another attention answer the calls from now on; the scene disposes it.</summary>
    public void Use(GpuAttention attention)
    {
        _attention.Dispose();
        _attention = attention;
    }

    /// <summary>Goes through the kernels that can serve the scene, the portable ones first; each is in use until the next is asked for.</summary>
    public IEnumerable<string> Kernels()
    {
        Use(new GpuAttention(_device, GpuAttentionOptions.Default with { TensorCores = false }));
        string portable = Kernel();
        yield return portable;
        Use(new GpuAttention(_device));
        string best = Kernel();
        if (best != portable)
        {
            yield return best;
        }
    }

    /// <summary>What the first layer's attention answers.</summary>
    public float[] Answer()
    {
        Attend(0);
        return _output.ReadFloats();
    }

    public void Append(int round) => _attention.Append(
        View(round), _keys.AsTensor(_tokens, _shape.KvHeads, _shape.KeyDim), _values.AsTensor(_tokens, _shape.KvHeads, _shape.ValueDim));

    public void Attend(int round) => _attention.Attend(
        View(round),
        _queries.AsTensor(_tokens, _shape.QueryHeads, _shape.KeyDim),
        _output.AsTensor(_tokens, _shape.QueryHeads, _shape.ValueDim),
        default);

    public void Dispose()
    {
        _step.Dispose();
        _attention.Dispose();
        _values.Dispose();
        _keys.Dispose();
        _output.Dispose();
        _queries.Dispose();
        _scene.Dispose();
    }

    private string Kernel()
    {
        Attend(0);
        return _attention.DecodeKernel ?? _attention.PrefillKernel!;
    }

    private KvLayerView View(int round) => _views[round % _views.Length];
}
