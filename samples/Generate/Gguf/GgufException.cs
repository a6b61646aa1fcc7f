namespace Generate.Gguf;

/// <summary>A model file that cannot be read, or that does not hold what was asked of it.</summary>
internal sealed class GgufException : Exception
{
    /// <summary>What a sound file lacks.</summary>
    public GgufException(string message)
        : base(message)
    {
    }

    /// <summary>What is damaged: where in which file, what belongs there, and what is there instead.</summary>
    public GgufException(string file, long offset, string expected, string found)
        : base($"{file}, offset {offset}: expected {expected}, found {found}.") => Offset = offset;

    /// <summary>Gets the offset in the file of what is damaged; -1 where nothing is.</summary>
    public long Offset { get; } = -1;

    /// <summary>A name from a file as a message shows it: in quotes, without control characters, and not at any length.</summary>
    public static string Quote(string name)
    {
        const int Longest = 80;
        string shown = name.Length <= Longest ? name : string.Concat(name.AsSpan(0, Longest), "…");
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c))}'";
    }
}
