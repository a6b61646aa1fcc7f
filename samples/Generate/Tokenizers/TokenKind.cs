namespace Generate.Tokenizers;

/// <summary>What a token of a vocabulary stands for, numbered as in GGUF.</summary>
internal enum TokenKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
