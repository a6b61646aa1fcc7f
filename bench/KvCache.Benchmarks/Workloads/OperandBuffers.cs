using KvCache.Attention;

namespace KvCache.Benchmarks.Workloads;

/// <summary>A shape's operands as attention takes them, with an output of their own.</summary>
internal sealed class OperandBuffers(AttentionShape shape, AttentionData data) : IDisposable
{
    private readonly HostBuffer _output = HostBuffer.Of<float>((long)shape.Tokens * shape.QueryWidth);

    public KvTensor Keys => new(data.NewKeys.Address, shape.Tokens, shape.KvHeads, shape.HeadDim);

    public KvTensor Values => new(data.NewValues.Address, shape.Tokens, shape.KvHeads, shape.HeadDim);

    public KvTensor Queries => new(data.Queries.Address, shape.Tokens, shape.QueryHeads, shape.HeadDim);

    public KvTensor Output => new(_output.Address, shape.Tokens, shape.QueryHeads, shape.HeadDim);

    public ReadOnlySpan<float> Result => _output.Span<float>();

    public void Dispose() => _output.Dispose();
}
