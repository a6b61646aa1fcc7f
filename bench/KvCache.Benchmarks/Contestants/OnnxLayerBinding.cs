using KvCache.Benchmarks.Workloads;
using Microsoft.ML.OnnxRuntime;

namespace KvCache.Benchmarks.Contestants;

/// <summary>One layer's cache as ONNX Runtime keeps it, [rows][KV heads][context][dim], bound as past and as present.</summary>
internal sealed class OnnxLayerBinding<T> : IDisposable
    where T : unmanaged
{
    private readonly HostBuffer _keys;
    private readonly HostBuffer _values;
    private readonly OrtValue _keyTensor;
    private readonly OrtValue _valueTensor;

    public OnnxLayerBinding(InferenceSession session, AttentionShape shape, AttentionData data, OnnxOperands<T> operands, int layer)
    {
        long elements = (long)shape.Rows * shape.Context * shape.KvWidth;
        _keys = HostBuffer.Of<T>(elements);
        _values = HostBuffer.Of<T>(elements);
        for (int row = 0; row < shape.Rows; row++)
        {
            Fill(shape, _keys, row, data.CachedKeys(layer, row));
            Fill(shape, _values, row, data.CachedValues(layer, row));
        }

        long[] dimensions = [shape.Rows, shape.KvHeads, shape.Context, shape.HeadDim];
        _keyTensor = OnnxOperands<T>.Describe(_keys, dimensions);
        _valueTensor = OnnxOperands<T>.Describe(_values, dimensions);
        Binding = session.CreateIoBinding();
        Binding.BindInput("query", operands.Queries);
        Binding.BindInput("key", operands.Keys);
        Binding.BindInput("value", operands.Values);
        Binding.BindInput("past_key", _keyTensor);
        Binding.BindInput("past_value", _valueTensor);
        Binding.BindInput("seqlens_k", operands.Lengths);
        Binding.BindInput("total_sequence_length", operands.Total);
        Binding.BindOutput("output", operands.Output);
        Binding.BindOutput("present_key", _keyTensor);
        Binding.BindOutput("present_value", _valueTensor);
    }

    public OrtIoBinding Binding { get; }

    public void Dispose()
    {
        Binding.Dispose();
        _keyTensor.Dispose();
        _valueTensor.Dispose();
        _keys.Dispose();
        _values.Dispose();
    }

    private static void Fill(AttentionShape shape, HostBuffer buffer, int row, ReadOnlySpan<float> source)
    {
        for (int token = 0; token < shape.Cached; token++)
        {
            for (int head = 0; head < shape.KvHeads; head++)
            {
                long first = (((((long)row * shape.KvHeads) + head) * shape.Context) + token) * shape.HeadDim;
                int from = ((token * shape.KvHeads) + head) * shape.HeadDim;
                OnnxElement<T>.Convert(
                    source.Slice(from, shape.HeadDim), buffer.Span<T>(first, shape.HeadDim));
            }
        }
    }
}
