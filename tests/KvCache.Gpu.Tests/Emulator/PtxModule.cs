using System.Text.RegularExpressions;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>The text of one kernel, taken apart.</summary>
/// <remarks>What ILGPU writes and what inline assembly adds: nested scopes with registers and labels of their own.</remarks>
internal sealed partial class PtxModule
{
    private readonly List<PtxStatement> _statements = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly Dictionary<string, int> _parameters = [];
    private readonly List<(string Name, int Offset)> _shared = [];
    private readonly List<(string Name, int Offset)> _local = [];
    private readonly List<Dictionary<string, string>> _scopes = [[]];
    private readonly string _text;
    private int _at;
    private int _renamed;

    public PtxModule(string text)
    {
        _text = Comment().Replace(text, " ");
        Match entry = Entry().Match(_text);
        if (!entry.Success)
        {
            throw new PtxFault("The text has no entry.");
        }

        Name = entry.Groups[1].Value;
        foreach (string parameter in entry.Groups[2].Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            AddParameter(parameter);
        }

        _at = entry.Index + entry.Length;
        ParseBody();
        Match dynamic = DynamicShared().Match(_text);
        if (dynamic.Success)
        {
            int alignment = int.Parse(dynamic.Groups[1].Value);
            SharedBytes = Align(SharedBytes, alignment);
            _shared.Add((dynamic.Groups[2].Value, SharedBytes));
        }
    }

    public string Name { get; }

    public IReadOnlyList<PtxStatement> Statements => _statements;

    /// <summary>Gets where parameters begin, in bytes.</summary>
    public IReadOnlyDictionary<string, int> Parameters => _parameters;

    public int ParameterBytes { get; private set; }

    /// <summary>Gets the variables in shared memory and where they begin; the one of unknown size is last.</summary>
    public IReadOnlyList<(string Name, int Offset)> Shared => _shared;

    public int SharedBytes { get; private set; }

    public IReadOnlyList<(string Name, int Offset)> Local => _local;

    public int LocalBytes { get; private set; }

    /// <summary>The statement that a label stands before.</summary>
    public int Target(string label) => _labels.TryGetValue(label, out int target) ? target : throw new PtxFault($"There is no label {label}.");

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    private void AddParameter(string text)
    {
        Match block = BlockParameter().Match(text);
        Match scalar = ScalarParameter().Match(text);
        (string name, int alignment, int bytes) = block.Success
            ? (block.Groups[2].Value, int.Parse(block.Groups[1].Value), int.Parse(block.Groups[3].Value))
            : (scalar.Groups[2].Value, int.Parse(scalar.Groups[1].Value) / 8, int.Parse(scalar.Groups[1].Value) / 8);
        ParameterBytes = Align(ParameterBytes, alignment);
        _parameters[name] = ParameterBytes;
        ParameterBytes += bytes;
    }

    private void ParseBody()
    {
        while (true)
        {
            while (char.IsWhiteSpace(_text[_at]) || _text[_at] == ';')
            {
                _at++;
            }

            Match label = Label().Match(_text, _at);
            if (_text[_at] == '}')
            {
                _at++;
                if (_scopes.Count == 1)
                {
                    return;
                }

                _scopes.RemoveAt(_scopes.Count - 1);
            }
            else if (_text[_at] == '{')
            {
                _at++;
                OpenScope();
            }
            else if (label.Success)
            {
                _labels[Resolve(label.Groups[1].Value)] = _statements.Count;
                _at += label.Length;
            }
            else
            {
                int end = _text.IndexOf(';', _at);
                Statement(_text[_at..end].Trim());
                _at = end + 1;
            }
        }
    }

    /// <summary>A scope's labels are known before their statements: jumps go forward too.</summary>
    private void OpenScope()
    {
        int end = _at;
        for (int depth = 0; depth > 0 || _text[end] != '}'; end++)
        {
            depth += _text[end] == '{' ? 1 : _text[end] == '}' ? -1 : 0;
        }

        Dictionary<string, string> names = [];
        foreach (Match label in InnerLabel().Matches(_text[_at..end]))
        {
            names[label.Groups[1].Value] = Rename(label.Groups[1].Value);
        }

        _scopes.Add(names);
    }

    private string Rename(string name) => $"{name}${_renamed++}";

    private string Resolve(string name)
    {
        for (int scope = _scopes.Count - 1; scope >= 0; scope--)
        {
            if (_scopes[scope].TryGetValue(name, out string? unique))
            {
                return unique;
            }
        }

        return name;
    }

    private void Statement(string text)
    {
        if (text.StartsWith(".reg", StringComparison.Ordinal))
        {
            foreach (string name in Registers().Replace(text, "").Split(',', StringSplitOptions.TrimEntries))
            {
                _scopes[^1][name] = _scopes.Count > 1 ? Rename(name) : name;
            }
        }
        else if (text.StartsWith(".shared", StringComparison.Ordinal) || text.StartsWith(".local", StringComparison.Ordinal))
        {
            Variable(text);
        }
        else
        {
            _statements.Add(Parse(text));
        }
    }

    private void Variable(string text)
    {
        Match match = MemoryVariable().Match(text);
        int alignment = int.Parse(match.Groups[2].Value);
        int bytes = int.Parse(match.Groups[3].Value) / 8 * int.Parse(match.Groups[5].Value);
        if (match.Groups[1].Value == "shared")
        {
            int offset = Align(SharedBytes, alignment);
            _shared.Add((match.Groups[4].Value, offset));
            SharedBytes = offset + bytes;
        }
        else
        {
            int offset = Align(LocalBytes, alignment);
            _local.Add((match.Groups[4].Value, offset));
            LocalBytes = offset + bytes;
        }
    }

    private PtxStatement Parse(string text)
    {
        string whole = Space().Replace(text, " ");
        Match guard = Guard().Match(whole);
        string rest = whole[guard.Length..];
        int space = rest.IndexOf(' ', StringComparison.Ordinal);
        string opcode = space < 0 ? rest : rest[..space];
        string[] operands = space < 0 ? [] : [.. Split(rest[space..])];
        return new PtxStatement(
            whole, guard.Success ? Resolve(guard.Groups[2].Value) : null, guard.Groups[1].Value == "!", opcode, operands);
    }

    /// <summary>Operands, apart at commas outside of braces, with their names made unique.</summary>
    private IEnumerable<string> Split(string operands)
    {
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= operands.Length; i++)
        {
            char c = i < operands.Length ? operands[i] : ',';
            depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
            if (c == ',' && depth == 0)
            {
                yield return AnyName().Replace(operands[start..i].Trim(), match => Resolve(match.Value));
                start = i + 1;
            }
        }
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.entry\s+(\w+)\s*\((.*?)\)(.*?)\{", RegexOptions.Singleline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.extern\s+\.shared\s+\.align\s+(\d+)\s+\.b8\s+(\w+)\[\]")]
    private static partial Regex DynamicShared();

    [GeneratedRegex(@"\.param\s+\.align\s+(\d+)\s+\.b8\s+(\w+)\[(\d+)\]")]
    private static partial Regex BlockParameter();

    [GeneratedRegex(@"\.param\s+\.[a-z](\d+)\s+(\w+)")]
    private static partial Regex ScalarParameter();

    [GeneratedRegex(@"\G([A-Za-z_$][\w$]*)\s*:(?!:)")]
    private static partial Regex Label();

    [GeneratedRegex(@"(?<![:\w])([A-Za-z_]\w*)\s*:(?!:)")]
    private static partial Regex InnerLabel();

    [GeneratedRegex(@"^\.reg\s+\.\w+\s+")]
    private static partial Regex Registers();

    [GeneratedRegex(@"\.(shared|local)\s+\.align\s+(\d+)\s+\.[a-z](\d+)\s+(\w+)\[(\d+)\]")]
    private static partial Regex MemoryVariable();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^@(!?)([%\w]+)\s+")]
    private static partial Regex Guard();

    [GeneratedRegex(@"[%A-Za-z_][\w.$]*")]
    private static partial Regex AnyName();
}
