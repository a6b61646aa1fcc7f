using System.Globalization;
using System.Text.RegularExpressions;

namespace KvCache.Gpu.Cuda;

/// <summary>Puts the local variables of a kernel's PTX into registers.</summary>
/// <remarks>
/// <para>ILGPU keeps every operand that inline assembly writes in a local variable, which lies in memory: a driver's assembler takes few of
/// them into registers. A variable is promoted where all that happens to it is a load or store at a fixed offset: then each slot is
/// a register, and loads and stores are moves, which cost nothing after assembly. (Promotion of memory to registers, as in
/// Cytron et al., <em>Efficiently computing static single assignment form</em>; the assembler itself makes the single assignments.)</para>
/// <para>It is a pass over ILGPU's dialect of PTX: one statement a line, addresses made by <c>mov</c> from a variable and
/// <c>add</c> of a number. What it does not recognise it leaves in memory, and says so.</para>
/// </remarks>
internal sealed partial class LocalPromotion
{
    private readonly string[] _lines;
    private readonly Dictionary<string, int> _definitions = [];
    private readonly Dictionary<string, (int Variable, int Offset)> _addresses = [];
    private readonly HashSet<int> _variables = [];
    private readonly HashSet<int> _kept = [];
    private readonly Dictionary<int, int> _variableOfLine = [];
    private readonly Dictionary<int, Access> _accesses = [];
    private readonly Dictionary<(int Variable, int Offset), LocalSlot> _slots = [];

    private LocalPromotion(string ptx) => _lines = ptx.Replace("\r", "", StringComparison.Ordinal).Split('\n');

    /// <summary>Runs the pass.</summary>
    /// <param name="ptx">The text of one kernel.</param>
    /// <param name="kept">How many variables stay in memory.</param>
    public static string Run(string ptx, out int kept)
    {
        LocalPromotion pass = new(ptx);
        pass.CountDefinitions();
        for (int line = 0; line < pass._lines.Length; line++)
        {
            pass.Analyse(line);
        }

        pass.KeepOverlaps();
        kept = pass._kept.Count;
        return pass.Rewrite();
    }

    private void CountDefinitions()
    {
        foreach (string line in _lines)
        {
            Match match = Definition().Match(line);
            if (match.Success && !match.Groups[1].ValueSpan.StartsWith("st."))
            {
                string register = match.Groups[2].Value;
                _definitions[register] = _definitions.GetValueOrDefault(register) + 1;
            }
        }
    }

    private void Analyse(int line)
    {
        string text = _lines[line];
        if (Declaration().Match(text) is { Success: true } declaration)
        {
            int variable = Number(declaration.Groups[1]);
            _variables.Add(variable);
            _variableOfLine[line] = variable;
        }
        else if (Label().IsMatch(text))
        {
            ForgetReusedRegisters();
        }
        else if (AddressOf().Match(text) is { Success: true } address)
        {
            Define(line, address.Groups[1].Value, Number(address.Groups[2]), 0);
        }
        else if (AddressPlus().Match(text) is { Success: true } sum && _addresses.TryGetValue(sum.Groups[2].Value, out (int Variable, int Offset) first))
        {
            Define(line, sum.Groups[1].Value, first.Variable, first.Offset + Number(sum.Groups[3]));
        }
        else if (LoadOrStore(text) is { } access && _addresses.TryGetValue(access.Address, out (int Variable, int Offset) to))
        {
            NoteAccess(line, access, to);
        }
        else
        {
            KeepEscaping(text);
        }
    }

    private void Define(int line, string register, int variable, int offset)
    {
        _addresses[register] = (variable, offset);
        _variableOfLine[line] = variable;
    }

    /// <summary>Where control may come from elsewhere, a register with several definitions may hold something else.</summary>
    private void ForgetReusedRegisters()
    {
        foreach ((string register, (int variable, int _)) in _addresses.ToArray())
        {
            if (_definitions.GetValueOrDefault(register) != 1)
            {
                _kept.Add(variable);
                _addresses.Remove(register);
            }
        }
    }

    private void NoteAccess(int line, Access access, (int Variable, int Offset) to)
    {
        LocalSlot[] slots = new LocalSlot[access.Operands.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = new LocalSlot(to.Variable, to.Offset + access.Offset + (i * access.Bytes), access.Bytes);
            if (!_slots.TryAdd((slots[i].Variable, slots[i].Offset), slots[i]) && _slots[(slots[i].Variable, slots[i].Offset)] != slots[i])
            {
                _kept.Add(to.Variable);
            }
        }

        // A register of eight bits cannot be declared.
        if (access.Bytes < 2 || (!access.Loads && access.Operands.Any(_addresses.ContainsKey)))
        {
            _kept.Add(to.Variable);
            KeepEscaping(access.Loads ? "" : string.Join(' ', access.Operands));
        }

        _accesses[line] = access with { Slots = slots };
        if (access.Loads)
        {
            foreach (string register in access.Operands)
            {
                _addresses.Remove(register);
            }
        }
    }

    /// <summary>Any other use of an address: somebody else may reach the variable.</summary>
    private void KeepEscaping(string text)
    {
        Match definition = Definition().Match(text);
        bool defines = definition.Success && !definition.Groups[1].ValueSpan.StartsWith("st.");
        foreach (Match register in Register().Matches(text))
        {
            if (!_addresses.TryGetValue(register.Value, out (int Variable, int Offset) address))
            {
                continue;
            }

            if (defines && definition.Groups[2].Index == register.Index)
            {
                _addresses.Remove(register.Value);
            }
            else
            {
                _kept.Add(address.Variable);
            }
        }
    }

    /// <summary>Slots of a variable that lie over one another cannot be registers.</summary>
    private void KeepOverlaps()
    {
        foreach (IGrouping<int, LocalSlot> variable in _slots.Values.GroupBy(static slot => slot.Variable))
        {
            LocalSlot[] slots = [.. variable.OrderBy(static slot => slot.Offset)];
            for (int i = 1; i < slots.Length; i++)
            {
                if (slots[i].Offset < slots[i - 1].Offset + slots[i - 1].Bytes)
                {
                    _kept.Add(variable.Key);
                }
            }
        }
    }

    private string Rewrite()
    {
        List<string> lines = new(_lines.Length);
        bool declared = false;
        for (int line = 0; line < _lines.Length; line++)
        {
            if (_variableOfLine.TryGetValue(line, out int variable) && !_kept.Contains(variable))
            {
                if (!declared)
                {
                    declared = true;
                    lines.AddRange(Declarations());
                }
            }
            else if (_accesses.TryGetValue(line, out Access? access) && !_kept.Contains(access.Slots[0].Variable))
            {
                lines.AddRange(Moves(access));
            }
            else
            {
                lines.Add(_lines[line]);
            }
        }

        return string.Join('\n', lines);
    }

    private IEnumerable<string> Declarations() => _slots.Values.Where(slot => !_kept.Contains(slot.Variable))
        .OrderBy(static slot => slot.Variable).ThenBy(static slot => slot.Offset)
        .Select(static slot => $"\t.reg .b{slot.Bytes * 8} {slot.Register};");

    private static IEnumerable<string> Moves(Access access) => access.Slots.Select((slot, index) => access.Loads
        ? $"\tmov.b{slot.Bytes * 8}\t{access.Operands[index]}, {slot.Register};"
        : $"\tmov.b{slot.Bytes * 8}\t{slot.Register}, {access.Operands[index]};");

    private static Access? LoadOrStore(string text)
    {
        if (Load().Match(text) is { Success: true } load)
        {
            return new Access(true, load.Groups[3].Value, Optional(load.Groups[4]), Number(load.Groups[1]) / 8, Split(load.Groups[2].Value));
        }

        return Store().Match(text) is { Success: true } store
            ? new Access(false, store.Groups[2].Value, Optional(store.Groups[3]), Number(store.Groups[1]) / 8, Split(store.Groups[4].Value))
            : null;
    }

    private static string[] Split(string operands) => operands.Trim('{', '}', ' ').Split(',', StringSplitOptions.TrimEntries);

    private static int Optional(Group number) => number.Success ? Number(number) : 0;

    private static int Number(Group number) => int.Parse(number.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*\.local \.align \d+ \.b8 __local_depot(\d+)\[\d+\];")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*mov\.b64\s+(%rd\d+), __local_depot(\d+);")]
    private static partial Regex AddressOf();

    [GeneratedRegex(@"^\s*add\.[us]64\s+(%rd\d+), (%rd\d+), (\d+);")]
    private static partial Regex AddressPlus();

    [GeneratedRegex(@"^\s*ld\.local(?:\.v[24])?\.[bfsu](\d+)\s+(\{[^}]*\}|%\w+), \[(%rd\d+)(?:\+(\d+))?\];")]
    private static partial Regex Load();

    [GeneratedRegex(@"^\s*st\.local(?:\.v[24])?\.[bfsu](\d+)\s+\[(%rd\d+)(?:\+(\d+))?\], (\{[^}]*\}|[^;]+);")]
    private static partial Regex Store();

    [GeneratedRegex(@"^\s*(?:@!?%p\d+\s+)?([a-z][\w.:]*)\s+(%rd\d+),")]
    private static partial Regex Definition();

    [GeneratedRegex(@"%rd\d+\b")]
    private static partial Regex Register();

    [GeneratedRegex(@"^\s*L_\w+:")]
    private static partial Regex Label();

    private sealed record Access(bool Loads, string Address, int Offset, int Bytes, string[] Operands)
    {
        public LocalSlot[] Slots { get; init; } = [];
    }
}
