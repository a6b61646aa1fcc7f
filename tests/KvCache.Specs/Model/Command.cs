namespace KvCache.Specs.Model;

/// <summary>What one line of a program does.</summary>
public enum CommandKind
{
    Open,
    Append,
    Reserve,
    Truncate,
    Fork,
    Close,
    Begin,
    Complete,
    Abandon,
    Probe,
    Trim,
    Clear,
    Pass,
    FailCopy,
    ReadBack,
    Suspend,
    Resume,
}

/// <summary>One line of a program: numbers that mean something in every state, so that any part of a program is one too.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Pick">Which sequence, namespace or policy.</param>
/// <param name="Amount">How much.</param>
/// <param name="Salt">What the tokens, rows and counts are drawn from.</param>
public readonly record struct Command(CommandKind Kind, int Pick, int Amount, int Salt)
{
    public static Command Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Command(
            Enum.Parse<CommandKind>(parts[0], ignoreCase: true), int.Parse(parts[1]), int.Parse(parts[2]), int.Parse(parts[3]));
    }

    public override string ToString() => $"{Kind} {Pick} {Amount} {Salt}";
}
