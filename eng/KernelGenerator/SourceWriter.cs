using System.Text;

namespace KvCache.KernelGenerator;

/// <summary>Collects lines of source.</summary>
internal sealed class SourceWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>Adds lines, each indented as far as the blocks that are open.</summary>
    public SourceWriter Lines(string lines)
    {
        foreach (string line in lines.Split('\n'))
        {
            Line(line.TrimEnd('\r'));
        }

        return this;
    }

    /// <summary>Adds a line for each number of a range.</summary>
    public SourceWriter Each(int count, Func<int, string> line)
    {
        for (int i = 0; i < count; i++)
        {
            Lines(line(i));
        }

        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private void Line(string line)
    {
        string text = line.Trim();
        _depth -= text.StartsWith('}') ? 1 : 0;
        _text.Append(text.Length == 0 ? "" : new string(' ', 4 * (_depth + (Continues(text) ? 1 : 0)))).Append(text).Append('\n');
        _depth += text.StartsWith('{') ? 1 : 0;
    }

    private static bool Continues(string text) =>
        text.StartsWith("? ", StringComparison.Ordinal) || text.StartsWith(": ", StringComparison.Ordinal)
        || text.StartsWith("where ", StringComparison.Ordinal) || text.StartsWith("+ ", StringComparison.Ordinal);
}
