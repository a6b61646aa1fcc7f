using System.Globalization;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Numbers registers, immediate values and the addresses of variables; each has a place for every lane of a warp.</summary>
internal sealed class RegisterFile(PtxModule module)
{
    private readonly Dictionary<string, int> _slots = [];
    private readonly List<(int Slot, ulong Value)> _constants = [];

    /// <summary>Gets the places of a warp.</summary>
    public int Places => _slots.Count * Warp.Lanes;

    /// <summary>The first lane's place of an operand.</summary>
    public int Place(string operand)
    {
        if (!_slots.TryGetValue(operand, out int slot))
        {
            slot = _slots.Count;
            _slots.Add(operand, slot);
            if (Constant(operand) is { } value)
            {
                _constants.Add((slot, value));
            }
        }

        return slot * Warp.Lanes;
    }

    /// <summary>The places of a list in braces, or of a single operand.</summary>
    public int[] PlacesOf(string operand) =>
        operand[0] == '{' ? [.. operand.Trim('{', '}').Split(',', StringSplitOptions.TrimEntries).Select(Place)] : [Place(operand)];

    /// <summary>Registers as a warp finds them: constants where they belong, and everywhere else what nobody should read.</summary>
    public ulong[] Create()
    {
        ulong[] registers = new ulong[Places];
        Array.Fill(registers, 0x7FF7_DEAD_7FC0_DEADul);
        foreach ((int slot, ulong value) in _constants)
        {
            registers.AsSpan(slot * Warp.Lanes, Warp.Lanes).Fill(value);
        }

        return registers;
    }

    /// <summary>Sets a special register, where the program has it.</summary>
    public void Set(ulong[] registers, string name, Func<int, int> value)
    {
        if (_slots.TryGetValue(name, out int slot))
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                registers[(slot * Warp.Lanes) + lane] = (uint)value(lane);
            }
        }
    }

    private ulong? Constant(string operand)
    {
        foreach ((string name, int offset) in module.Shared.Concat(module.Local))
        {
            if (name == operand)
            {
                return (ulong)offset;
            }
        }

        if (!char.IsDigit(operand[0]) && operand[0] != '-')
        {
            return null;
        }

        CultureInfo culture = CultureInfo.InvariantCulture;
        return operand.Length > 1 && operand[0] == '0' && operand[1] is 'f' or 'F' ? uint.Parse(operand.AsSpan(2), NumberStyles.HexNumber, culture)
            : operand.StartsWith("0x", StringComparison.Ordinal) ? ulong.Parse(operand.AsSpan(2).TrimEnd('U'), NumberStyles.HexNumber, culture)
            : operand[0] == '-' ? (ulong)long.Parse(operand, culture) : ulong.Parse(operand, culture);
    }
}
