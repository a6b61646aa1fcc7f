using Generate.Model;
using Generate.Weights;
using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu;
using KvCache.Memory;

namespace Generate.Gpu;

/// <summary>Operations of a device, in order with its attention; only what is read comes back to the host.</summary>
/// <remarks>Its memory is the device's, which frees it. Products are as simple as can be: this shows a cache, and no fast GEMM.</remarks>
internal sealed class GpuOperations : ITensorOperations
{
    private const int MostGroupThreads = 128;
    private readonly GpuDevice _device;
    private readonly GpuWeights _weights;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, int> _gather;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int> _multiply;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>> _addBias;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, float> _norm;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, RotarySizes> _rotate;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>> _gate;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>> _add;
    private KvArena _rows;
    private float[] _read = [];

    public GpuOperations(GpuDevice device)
    {
        _device = device;
        _weights = new GpuWeights(device);
        _rows = GpuMemory.Allocate(device, sizeof(int));
        Accelerator accelerator = device.Accelerator;
        _gather = accelerator.LoadKernel<ArrayView<float>, ArrayView<int>, ArrayView<float>, int>(GpuKernels.Gather);
        _multiply = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(GpuKernels.Multiply);
        _addBias = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>>(GpuKernels.AddBias);
        _norm = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, float>(GpuKernels.Norm);
        _rotate = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, RotarySizes>(GpuKernels.Rotate);
        _gate = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>>(GpuKernels.Gate);
        _add = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>>(GpuKernels.Add);
    }

    public Activations Allocate(int width) => new GpuActivations(_device, width);

    public void Write(ReadOnlySpan<float> values, Activations outputs) =>
        GpuMemory.Upload(_device, values, ((GpuActivations)outputs).Start);

    public ReadOnlySpan<float> Read(Activations inputs)
    {
        if (_read.Length < inputs.Length)
        {
            _read = GC.AllocateUninitializedArray<float>(inputs.Length);
        }

        Span<float> values = _read.AsSpan(0, inputs.Length);
        GpuMemory.Download(_device, ((GpuActivations)inputs).Start, values);
        return values;
    }

    public void Gather(WeightMatrix table, ReadOnlySpan<int> rows, Activations outputs) => Gather(_weights.Get(table), rows, outputs);

    public void Gather(Activations table, ReadOnlySpan<int> rows, Activations outputs) => Gather(Values(table), rows, outputs);

    public void Multiply(WeightMatrix matrix, Activations inputs, Activations outputs) => _multiply(
        _device.Stream, Config(outputs.Length), _weights.Get(matrix), Values(inputs), Values(outputs), matrix.Rows, matrix.Columns);

    public void AddBias(float[] bias, Activations values) =>
        _addBias(_device.Stream, Config(values.Length), _weights.Get(bias), Values(values));

    public void Norm(Activations inputs, float[] scales, float epsilon, Activations outputs) => _norm(
        _device.Stream, Config(inputs.Length / scales.Length), Values(inputs), _weights.Get(scales), Values(outputs), epsilon);

    public void Rotate(Activations heads, int headDim, Activations cosines, Activations sines, RotaryPairing pairing)
    {
        int pairs = cosines.Width;
        (int step, int distance) = pairing == RotaryPairing.Adjacent ? (2, 1) : (1, pairs);
        RotarySizes sizes = new(heads.Width / headDim, headDim, pairs, step, distance);
        _rotate(_device.Stream, Config(heads.Length / headDim * pairs), Values(heads), Values(cosines), Values(sines), sizes);
    }

    public void Gate(Activations gates, Activations ups) => _gate(_device.Stream, Config(gates.Length), Values(gates), Values(ups));

    public void Add(Activations sums, Activations added) => _add(_device.Stream, Config(sums.Length), Values(sums), Values(added));

    private static ArrayView<float> Values(Activations activations) => ((GpuActivations)activations).Values;

    private void Gather(ArrayView<float> table, ReadOnlySpan<int> rows, Activations outputs)
    {
        if (_rows.Length < (long)rows.Length * sizeof(int))
        {
            _rows.Dispose(); // waits for the work that uses it
            _rows = GpuMemory.Allocate(_device, (long)rows.Length * sizeof(int));
        }

        GpuMemory.Upload(_device, rows, _rows.Address);
        _gather(_device.Stream, Config(outputs.Length), table, GpuMemory.View<int>(_device, _rows, rows.Length), Values(outputs), outputs.Width);
    }

    /// <summary>Threads for so many units of work, as many as run at once at the most; one group where groups run one after the other.</summary>
    private KernelConfig Config(int units)
    {
        Accelerator accelerator = _device.Accelerator;
        int threads = Math.Min(MostGroupThreads, accelerator.MaxNumThreadsPerGroup);
        int most = accelerator.AcceleratorType == AcceleratorType.CPU ? 1 : 16 * accelerator.NumMultiprocessors;
        return new KernelConfig(Math.Clamp((units + threads - 1) / threads, 1, most), threads);
    }
}
