using Microsoft.ML.OnnxRuntime.Tensors;

namespace KvCache.Benchmarks.Baselines;

/// <summary>A model of one node: ONNX Runtime's GroupQueryAttention as language models exported for it contain it, once per layer.</summary>
internal static class GroupQueryAttentionModel
{
    private const int OpsetVersion = 21;
    private const int IrVersion = 10;
    private const int IntegerAttribute = 2;

    public static byte[] Create(int queryHeads, int kvHeads, int headDim, TensorElementType type)
    {
        OnnxModelBytes node = new OnnxModelBytes()
            .Texts(1, ["query", "key", "value", "past_key", "past_value", "seqlens_k", "total_sequence_length"])
            .Texts(2, ["output", "present_key", "present_value"])
            .Text(3, "attention")
            .Text(4, "GroupQueryAttention")
            .Messages(5, [Attribute("num_heads", queryHeads), Attribute("kv_num_heads", kvHeads)])
            .Text(7, "com.microsoft");
        OnnxModelBytes graph = new OnnxModelBytes()
            .Message(1, node)
            .Text(2, "layer")
            .Messages(11, [
                Tensor("query", type, "batch", "new", queryHeads * headDim),
                Tensor("key", type, "batch", "new", kvHeads * headDim),
                Tensor("value", type, "batch", "new", kvHeads * headDim),
                Tensor("past_key", type, "batch", kvHeads, "past", headDim),
                Tensor("past_value", type, "batch", kvHeads, "past", headDim),
                Tensor("seqlens_k", TensorElementType.Int32, "batch"),
                Tensor("total_sequence_length", TensorElementType.Int32, 1),
            ])
            .Messages(12, [
                Tensor("output", type, "batch", "new", queryHeads * headDim),
                Tensor("present_key", type, "batch", kvHeads, "total", headDim),
                Tensor("present_value", type, "batch", kvHeads, "total", headDim),
            ]);
        return new OnnxModelBytes()
            .Integer(1, IrVersion)
            .Message(7, graph)
            .Messages(8, [Opset("", OpsetVersion), Opset("com.microsoft", 1)])
            .ToArray();
    }

    private static OnnxModelBytes Opset(string domain, int version) => new OnnxModelBytes().Text(1, domain).Integer(2, version);

    private static OnnxModelBytes Attribute(string name, int value) =>
        new OnnxModelBytes().Text(1, name).Integer(3, value).Integer(20, IntegerAttribute);

    private static OnnxModelBytes Tensor(string name, TensorElementType type, params IEnumerable<object> dimensions)
    {
        OnnxModelBytes shape = new OnnxModelBytes().Messages(1, dimensions.Select(Dimension));
        OnnxModelBytes tensor = new OnnxModelBytes().Integer(1, (int)type).Message(2, shape);
        return new OnnxModelBytes().Text(1, name).Message(2, new OnnxModelBytes().Message(1, tensor));
    }

    private static OnnxModelBytes Dimension(object dimension) => dimension is string name
        ? new OnnxModelBytes().Text(2, name)
        : new OnnxModelBytes().Integer(1, (int)dimension);
}
