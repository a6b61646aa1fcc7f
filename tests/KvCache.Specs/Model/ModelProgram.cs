namespace KvCache.Specs.Model;

/// <summary>A pool and what is done to it, with a text form that can be kept as a test.</summary>
public sealed record ModelProgram(int BlockTokens, int BlockCount, Command[] Commands)
{
    /// <summary>Reads what <see cref="ToString"/> writes: block tokens, block count, then commands, separated by semicolons.</summary>
    public static ModelProgram Parse(string text)
    {
        string[] lines = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new ModelProgram(int.Parse(lines[0]), int.Parse(lines[1]), [.. lines[2..].Select(Command.Parse)]);
    }

    public override string ToString() => string.Join("; ", [$"{BlockTokens}", $"{BlockCount}", .. Commands.Select(command => command.ToString())]);
}
