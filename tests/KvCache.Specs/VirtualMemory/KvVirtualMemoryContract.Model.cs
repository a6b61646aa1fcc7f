using FsCheck;
using FsCheck.Fluent;
using KvCache.Specs.Model;
using Microsoft.FSharp.Core;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

public abstract partial class KvVirtualMemoryContract
{
    private const int ModelChunks = 10;
    private const int ModelPrograms = 150;

    private static readonly Gen<MappingCommand> Commands =
        from kind in Gen.Frequency(
            (3, Gen.Constant(MappingCommandKind.Reserve)),
            (2, Gen.Constant(MappingCommandKind.Release)),
            (8, Gen.Constant(MappingCommandKind.Create)),
            (3, Gen.Constant(MappingCommandKind.Destroy)),
            (12, Gen.Constant(MappingCommandKind.Map)),
            (8, Gen.Constant(MappingCommandKind.Unmap)),
            (8, Gen.Constant(MappingCommandKind.Write)),
            (3, Gen.Constant(MappingCommandKind.ReadAll)))
        from numbers in Gen.Choose(0, 1 << 16).Three()
        select new MappingCommand(kind, numbers.Item1, numbers.Item2, numbers.Item3);

    [Fact]
    public void Programs_run_as_dictionaries_do()
    {
        Create(ModelChunks).Memory.Dispose(); // Where the backend is absent the test is skipped; within the property that were a failure.
        int commands = 0;
        int errors = 0;
        Config config = Config.QuickThrowOnFailure
            .WithQuietOnSuccess(true)
            .WithMaxTest(ModelPrograms)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(ModelSettings.Seed), FSharpOption<int>.None)));
        Arbitrary<MappingCommand[]> programs = Arb.From(
            Gen.Choose(50, 150).SelectMany(Commands.ArrayOf),
            static program => Enumerable.Range(0, program.Length).Select(i => (MappingCommand[])[.. program[..i], .. program[(i + 1)..]]));

        Check.One(config, Prop.ForAll(programs, program =>
        {
            MappedMemory mapped = Create(ModelChunks);
            MappingModelRun run = new(mapped);
            run.Run(program);
            mapped.Memory.Dispose();
            commands += program.Length;
            errors += run.Errors;
        }));

        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {ModelSettings.Seed}: {commands} commands, of which {errors} were errors.");
        Assert.InRange(errors, commands / 20, commands / 2);
    }
}
