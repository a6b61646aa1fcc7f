using FsCheck;
using FsCheck.Fluent;

namespace KvCache.Specs.Model;

/// <summary>Draws programs and makes failing ones smaller.</summary>
internal static class ModelGenerator
{
    public const int ShortestProgram = 100;
    public const int LongestProgram = 200;

    private static readonly Gen<CommandKind> Kinds = Gen.Frequency(
        (12, Gen.Constant(CommandKind.Open)),
        (14, Gen.Constant(CommandKind.Append)),
        (4, Gen.Constant(CommandKind.Reserve)),
        (6, Gen.Constant(CommandKind.Truncate)),
        (7, Gen.Constant(CommandKind.Fork)),
        (8, Gen.Constant(CommandKind.Close)),
        (16, Gen.Constant(CommandKind.Begin)),
        (14, Gen.Constant(CommandKind.Complete)),
        (2, Gen.Constant(CommandKind.Abandon)),
        (3, Gen.Constant(CommandKind.Probe)),
        (2, Gen.Constant(CommandKind.Trim)),
        (1, Gen.Constant(CommandKind.Clear)),
        (6, Gen.Constant(CommandKind.Pass)),
        (2, Gen.Constant(CommandKind.FailCopy)),
        (3, Gen.Constant(CommandKind.ReadBack)),
        (6, Gen.Constant(CommandKind.Suspend)),
        (9, Gen.Constant(CommandKind.Resume)));

    private static readonly Gen<Command> Commands =
        from kind in Kinds
        from numbers in Gen.Choose(0, 1 << 20).Three()
        select new Command(kind, numbers.Item1, numbers.Item2, numbers.Item3);

    private static readonly Gen<ModelProgram> Programs =
        from blockTokens in Gen.Choose(1, 8)
        from blockCount in Gen.Frequency((1, Gen.Choose(1, 4)), (3, Gen.Choose(5, 40)))
        from length in Gen.Choose(ShortestProgram, LongestProgram)
        from commands in Commands.ArrayOf(length)
        select new ModelProgram(blockTokens, blockCount, commands);

    public static Arbitrary<ModelProgram> Arbitrary { get; } = Arb.From(Programs, Shrink);

    private static IEnumerable<ModelProgram> Shrink(ModelProgram program)
    {
        Command[] commands = program.Commands;
        for (int chunk = commands.Length / 2; chunk > 0; chunk /= 2)
        {
            for (int start = 0; start + chunk <= commands.Length; start += chunk)
            {
                yield return program with { Commands = [.. commands[..start], .. commands[(start + chunk)..]] };
            }
        }

        for (int i = 0; i < commands.Length; i++)
        {
            foreach (Command smaller in Shrink(commands[i]))
            {
                Command[] changed = [.. commands];
                changed[i] = smaller;
                yield return program with { Commands = changed };
            }
        }

        if (program.BlockTokens > 1)
        {
            yield return program with { BlockTokens = program.BlockTokens - 1 };
        }
    }

    private static IEnumerable<Command> Shrink(Command command)
    {
        foreach (int smaller in Smaller(command.Amount))
        {
            yield return command with { Amount = smaller };
        }

        foreach (int smaller in Smaller(command.Pick))
        {
            yield return command with { Pick = smaller };
        }

        foreach (int smaller in Smaller(command.Salt))
        {
            yield return command with { Salt = smaller };
        }
    }

    private static int[] Smaller(int number) => number switch
    {
        0 => [],
        < 16 => [0, number - 1],
        _ => [0, number % 16, number / 2],
    };
}
