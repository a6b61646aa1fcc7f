using System.Globalization;
using System.Text.RegularExpressions;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>An instruction's operands: where their values are.</summary>
internal sealed partial class Operands(PtxModule module, RegisterFile registers, PtxStatement statement)
{
    public PtxStatement Statement => statement;

    public int Count => statement.Operands.Length;

    /// <summary>The place of a single operand.</summary>
    public int Place(int index) => registers.Place(Text(index));

    /// <summary>The places of a list, or of one.</summary>
    public int[] Places(int index) => registers.PlacesOf(Text(index));

    public bool IsList(int index) => Text(index)[0] == '{';

    public int Number(int index) => int.Parse(Text(index), CultureInfo.InvariantCulture);

    /// <summary>The register and offset of an address in brackets; the register is −1 for a parameter.</summary>
    public (int Place, long Offset) Address(int index)
    {
        Match match = Bracketed().Match(Text(index));
        long offset = match.Groups[2].Success ? long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
        string name = match.Groups[1].Value;
        return module.Parameters.TryGetValue(name, out int parameter) ? (-1, parameter + offset) : (registers.Place(name), offset);
    }

    public PtxFault Unknown() => new($"The emulator does not know {statement.Text}");

    private string Text(int index) => index < statement.Operands.Length ? statement.Operands[index] : throw Unknown();

    [GeneratedRegex(@"^\[\s*([^\s+\]]+)\s*(?:\+\s*(-?\d+))?\s*\]$")]
    private static partial Regex Bracketed();
}
