namespace KvCache.Gpu.Tests.Emulator;

/// <summary>An instruction as it is written, with names made unique over scopes.</summary>
/// <param name="Text">All of it.</param>
/// <param name="Guard">The predicate that it depends on; null for none.</param>
/// <param name="GuardNegated">Whether it runs where the predicate is false.</param>
/// <param name="Opcode">The opcode with its modifiers.</param>
/// <param name="Operands">The operands; a list in braces or an address in brackets is one.</param>
internal sealed record PtxStatement(string Text, string? Guard, bool GuardNegated, string Opcode, string[] Operands)
{
    private readonly string[] _parts = Opcode.Split('.');

    /// <summary>Gets the opcode without its modifiers.</summary>
    public string Name => _parts[0];

    /// <summary>Gets the last modifier: the type that is worked on.</summary>
    public PtxType Type => PtxType.Of(_parts[^1]);

    /// <summary>A part of the opcode: 0 is its name.</summary>
    public string Part(int index) => index < _parts.Length ? _parts[index] : "";

    /// <summary>A part of the opcode counted from its end: 1 is the last.</summary>
    public string PartFromEnd(int index) => _parts[^index];

    /// <summary>Whether the opcode has a modifier.</summary>
    public bool Has(string modifier) => Array.IndexOf(_parts, modifier, 1) > 0;
}
