namespace Generate.Model;

/// <summary>What a family of models does differently from the others.</summary>
/// <param name="Name">What files call it.</param>
/// <param name="Pairing">Which elements of a head rotate together.</param>
/// <param name="HasProjectionBiases">Whether queries, keys and values have biases.</param>
/// <param name="HasHeadNorms">Whether each head's query and key are normed before they rotate.</param>
internal sealed record Architecture(string Name, RotaryPairing Pairing, bool HasProjectionBiases, bool HasHeadNorms)
{
    private static readonly Architecture[] Known =
    [
        new("llama", RotaryPairing.Adjacent, HasProjectionBiases: false, HasHeadNorms: false),
        new("qwen2", RotaryPairing.Halves, HasProjectionBiases: true, HasHeadNorms: false),
        new("qwen3", RotaryPairing.Halves, HasProjectionBiases: false, HasHeadNorms: true),
    ];

    /// <summary>The architecture of that name.</summary>
    /// <exception cref="GenerateException">There is none that is supported.</exception>
    public static Architecture Find(string name) =>
        Array.Find(Known, known => known.Name == name)
        ?? throw new GenerateException(
            $"Architecture '{name}' is not supported; supported are {string.Join(", ", Known.Select(static known => known.Name))}.");
}
