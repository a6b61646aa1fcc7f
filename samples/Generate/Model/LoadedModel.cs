using Generate.Gguf;
using Generate.Tokenizers;

namespace Generate.Model;

/// <summary>A model with its tokenizer, from a file, which stays open as long as it is used, or made up.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly GgufFile? _file;

    private LoadedModel(ModelShape shape, ModelWeights weights, TextTokenizer tokenizer, GgufFile? file)
    {
        Shape = shape;
        Weights = weights;
        Tokenizer = tokenizer;
        _file = file;
    }

    public ModelShape Shape { get; }

    public ModelWeights Weights { get; }

    public TextTokenizer Tokenizer { get; }

    /// <exception cref="GgufException">The file is damaged, or something is missing.</exception>
    /// <exception cref="GenerateException">The model is of a kind that is not supported.</exception>
    public static LoadedModel Open(string path) => Open(GgufFile.Open(path));

    /// <summary>As <see cref="Open(string)"/>; owns the file from here on.</summary>
    public static LoadedModel Open(GgufFile file)
    {
        try
        {
            ModelShape shape = ShapeReader.Read(file);
            TextTokenizer tokenizer = TextTokenizer.Create(VocabularyReader.Read(file.Metadata));
            return tokenizer.Count == shape.VocabularySize
                ? new LoadedModel(shape, WeightsReader.Read(file, shape), tokenizer, file)
                : throw new GenerateException(
                    $"{file.Name}: the tokenizer has {tokenizer.Count} tokens, the embedding {shape.VocabularySize}; expected as many.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The model with random weights.</summary>
    public static LoadedModel CreateRandom() => new(
        RandomModel.Shape, RandomModel.CreateWeights(RandomModel.Shape), ByteCodec.CreateTokenizer(), file: null);

    public void Dispose() => _file?.Dispose();
}
