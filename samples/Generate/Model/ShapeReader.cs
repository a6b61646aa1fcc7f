using Generate.Gguf;

namespace Generate.Model;

/// <summary>Reads a model's shape from its file's metadata, and refuses what would be computed wrongly.</summary>
internal sealed class ShapeReader
{
    private const string Embedding = "token_embd.weight";
    private readonly GgufFile _file;
    private readonly Architecture _architecture;

    private ShapeReader(GgufFile file)
    {
        _file = file;
        _architecture = Architecture.Find(file.Metadata.GetString("general.architecture"));
    }

    public static ModelShape Read(GgufFile file) => new ShapeReader(file).Read();

    private ModelShape Read()
    {
        int width = Count("embedding_length");
        int queryHeads = Count("attention.head_count");
        int kvHeads = CountOr("attention.head_count_kv", queryHeads);
        if (queryHeads % kvHeads != 0)
        {
            throw Refusal("attention.head_count_kv", kvHeads, $"a divisor of the {queryHeads} query heads");
        }

        int keyDim = CountOr("attention.key_length", width / queryHeads);
        int rotaryDim = CountOr("rope.dimension_count", keyDim);
        if (rotaryDim > keyDim || rotaryDim % 2 != 0)
        {
            throw Refusal("rope.dimension_count", rotaryDim, $"an even number up to the head's {keyDim}");
        }

        if (IntegerOrZero("expert_count") is int experts and not 0)
        {
            throw Refusal("expert_count", experts, "0, for mixtures of experts are not supported");
        }

        return new ModelShape
        {
            Architecture = _architecture,
            Layers = Count("block_count"),
            Width = width,
            FeedForwardWidth = Count("feed_forward_length"),
            QueryHeads = queryHeads,
            KvHeads = kvHeads,
            KeyDim = keyDim,
            ValueDim = CountOr("attention.value_length", width / queryHeads),
            VocabularySize = VocabularySize(),
            NormEpsilon = _file.Metadata.GetSingle(Key("attention.layer_norm_rms_epsilon")),
            RotaryDim = rotaryDim,
            RotaryBase = PositiveOr("rope.freq_base", 10000),
            RotaryScale = RotaryScale(),
            TrainedPositions = IntegerOrZero("context_length"),
            TrainedWindow = IntegerOrZero("attention.sliding_window"),
        };
    }

    private float RotaryScale()
    {
        string type = _file.Metadata.TryGetString(Key("rope.scaling.type"), out string? named) ? named : "linear";
        return type switch
        {
            "none" => 1,
            "linear" => PositiveOr("rope.scaling.factor", PositiveOr("rope.scale_linear", 1)),
            _ => throw Refusal("rope.scaling.type", $"'{type}'", "none or linear"),
        };
    }

    private int VocabularySize()
    {
        GgufTensor embedding = _file.GetTensor(Embedding);
        return embedding.Dimensions is [_, long rows and <= int.MaxValue]
            ? (int)rows
            : throw new GenerateException($"{_file.Name}: {embedding} is no matrix; expected a row for each token.");
    }

    private int Count(string name)
    {
        int value = _file.Metadata.GetInt32(Key(name));
        return value >= 1 ? value : throw Refusal(name, value, "at least 1");
    }

    private int CountOr(string name, int otherwise) => _file.Metadata.Contains(Key(name)) ? Count(name) : otherwise;

    private int IntegerOrZero(string name) => _file.Metadata.TryGetInt32(Key(name), out int value) ? value : 0;

    private float PositiveOr(string name, float otherwise)
    {
        if (!_file.Metadata.TryGetSingle(Key(name), out float value))
        {
            return otherwise;
        }

        return value > 0 && float.IsFinite(value) ? value : throw Refusal(name, value, "a positive number");
    }

    private string Key(string name) => $"{_architecture.Name}.{name}";

    private GenerateException Refusal(string name, object value, string expected) =>
        new($"{_file.Name}: '{Key(name)}' is {value}; expected {expected}.");
}
