using KvCache.Benchmarks.Workloads;
using Microsoft.ML.OnnxRuntime;

namespace KvCache.Benchmarks.Contestants;

/// <summary>The tensors that all layers share: queries, new keys and values, lengths, output.</summary>
internal sealed class OnnxOperands<T> : IDisposable
    where T : unmanaged
{
    private readonly List<IDisposable> _owned = [];
    private readonly HostBuffer _output;

    public OnnxOperands(AttentionShape shape, AttentionData data)
    {
        _output = Own(HostBuffer.Of<T>((long)shape.Tokens * shape.QueryWidth));
        Output = Tensor(_output, [shape.Rows, shape.NewTokens, shape.QueryWidth]);
        Queries = Tensor(Converted(data.Queries), [shape.Rows, shape.NewTokens, shape.QueryWidth]);
        Keys = Tensor(Converted(data.NewKeys), [shape.Rows, shape.NewTokens, shape.KvWidth]);
        Values = Tensor(Converted(data.NewValues), [shape.Rows, shape.NewTokens, shape.KvWidth]);

        // What the operator calls seqlens_k is one less than the length, the new tokens included.
        int[] last = new int[shape.Rows];
        Array.Fill(last, shape.Context - 1);
        Lengths = Own(OrtValue.CreateTensorValueFromMemory(last, [shape.Rows]));
        Total = Own(OrtValue.CreateTensorValueFromMemory(new[] { shape.Context }, [1]));
    }

    public OrtValue Queries { get; }

    public OrtValue Keys { get; }

    public OrtValue Values { get; }

    public OrtValue Lengths { get; }

    public OrtValue Total { get; }

    public OrtValue Output { get; }

    public static OrtValue Describe(HostBuffer buffer, long[] dimensions) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance, OnnxElement<T>.Type, dimensions, buffer.Address, buffer.Bytes);

    public float[] Result() => OnnxElement<T>.ToSingle(_output.Span<T>());

    public void Dispose()
    {
        foreach (IDisposable owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }
    }

    private OrtValue Tensor(HostBuffer buffer, long[] dimensions) => Own(Describe(buffer, dimensions));

    private HostBuffer Converted(HostBuffer source)
    {
        HostBuffer buffer = Own(HostBuffer.Of<T>(source.Bytes / sizeof(float)));
        OnnxElement<T>.Convert(source.Span<float>(), buffer.Span<T>());
        return buffer;
    }

    private TOwned Own<TOwned>(TOwned owned)
        where TOwned : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
