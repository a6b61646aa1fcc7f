using Generate.Gguf;
using Generate.Weights;

namespace Generate.Model;

/// <summary>Hands out a file's tensors, checks their shapes, and knows which ones nobody asked for.</summary>
internal sealed class TensorReader(GgufFile file)
{
    private readonly HashSet<string> _read = [];

    public bool Has(string name) => file.Tensors.ContainsKey(name);

    /// <exception cref="GenerateException">The tensor has other dimensions.</exception>
    /// <exception cref="GgufException">There is none, or of a type that is not supported.</exception>
    public WeightMatrix Matrix(string name, int rows, int columns) => WeightMatrix.From(Find(name, columns, rows));

    /// <inheritdoc cref="Matrix"/>
    public float[] Vector(string name, int length) => WeightVector.Read(Find(name, length));

    /// <summary>A model with more tensors than these would give other results than ours.</summary>
    public void EnsureAllRead()
    {
        string? left = file.Tensors.Keys.FirstOrDefault(name => !_read.Contains(name));
        if (left is not null)
        {
            throw new GenerateException(
                $"{file.Name}: {file.Tensors[left]} has no place in an architecture that is supported; results without it would be wrong.");
        }
    }

    private GgufTensor Find(string name, params long[] dimensions)
    {
        GgufTensor tensor = file.GetTensor(name);
        _read.Add(name);
        return tensor.Dimensions.SequenceEqual(dimensions)
            ? tensor
            : throw new GenerateException($"{file.Name}: {tensor}; expected [{string.Join(", ", dimensions)}].");
    }
}
