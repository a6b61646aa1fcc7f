namespace KvCache.Gpu.Tests.Emulator;

/// <summary>A kernel that can run: the very text that a driver would be given, executed instruction by instruction.</summary>
/// <remarks>
/// It is no model of memory's order between blocks, nor of time. It refuses what it does not know. Blocks run beside one another;
/// a fault in any of them is the fault of the launch.
/// </remarks>
internal sealed class PtxKernel
{
    private long _warpInstructions;

    public PtxKernel(string text)
    {
        Module = new PtxModule(text);
        Registers = new RegisterFile(Module);
        PtxStatement end = new("the end of the kernel", null, false, "exit", []);
        Code = [.. Module.Statements.Select(Compile), new PtxInstruction(end, InstructionKind.Exit, Nothing)];
    }

    public PtxModule Module { get; }

    public RegisterFile Registers { get; }

    public PtxInstruction[] Code { get; }

    /// <summary>Gets the instructions that warps have taken.</summary>
    public long WarpInstructions => Volatile.Read(ref _warpInstructions);

    /// <summary>Runs a grid to its end.</summary>
    /// <exception cref="PtxFault">The program did what it must not.</exception>
    public void Run(Launch launch)
    {
        if (launch.Parameters.Length != Module.ParameterBytes)
        {
            throw new PtxFault($"{launch.Parameters.Length} bytes of parameters; the kernel takes {Module.ParameterBytes}.");
        }

        try
        {
            Parallel.For(0, launch.X * launch.Y * launch.Z, index =>
            {
                int x = index % launch.X;
                int y = index / launch.X % launch.Y;
                Block block = new(this, launch, x, y, index / (launch.X * launch.Y));
                Interlocked.Add(ref _warpInstructions, block.Run());
            });
        }
        catch (AggregateException all) when (all.InnerExceptions.FirstOrDefault(static one => one is PtxFault) is { } fault)
        {
            throw new PtxFault(fault.Message);
        }
    }

    private static void Nothing(Warp warp, uint lanes)
    {
    }

    private PtxInstruction Compile(PtxStatement statement)
    {
        Operands operands = new(Module, Registers, statement);
        int guard = statement.Guard is null ? -1 : Registers.Place(statement.Guard);
        return statement.Name switch
        {
            "ret" or "exit" => new PtxInstruction(statement, InstructionKind.Exit, Nothing) { Guard = guard },
            "bra" => new PtxInstruction(statement, statement.Has("uni") ? InstructionKind.UniformJump : InstructionKind.Jump, Nothing)
            {
                Guard = guard,
                Target = Module.Target(statement.Operands[0]),
            },
            "bar" or "barrier" when statement.Part(1) != "warp" => new PtxInstruction(statement, InstructionKind.Barrier, Nothing) { Guard = guard },
            "bar" => new PtxInstruction(statement, InstructionKind.Convergent, static (warp, _) => warp.Epoch++) { Guard = guard },
            "shfl" => new PtxInstruction(statement, InstructionKind.Convergent, Exchange.Shuffle(operands)) { Guard = guard },
            "movmatrix" => new PtxInstruction(statement, InstructionKind.Convergent, Tiles.Transpose(operands)) { Guard = guard },
            "mma" => new PtxInstruction(statement, InstructionKind.Convergent, Tiles.MultiplyAdd(operands)) { Guard = guard },
            "ldmatrix" => WithConflicts(statement, InstructionKind.Convergent, guard, note => Tiles.Load(operands, note)),
            "ld" or "st" => WithConflicts(statement, InstructionKind.Plain, guard, note => Accesses.Compile(operands, note)),
            "cp" => WithConflicts(statement, InstructionKind.Plain, guard, note => AsyncCopies.Compile(operands, note)),
            _ => new PtxInstruction(statement, InstructionKind.Plain, Arithmetic.Compile(operands)) { Guard = guard },
        };
    }

    private static PtxInstruction WithConflicts(PtxStatement statement, InstructionKind kind, int guard, Func<Action<int>, Effect> compile)
    {
        PtxInstruction? instruction = null;
        instruction = new PtxInstruction(statement, kind, compile(ways => instruction!.Conflict(ways))) { Guard = guard };
        return instruction;
    }
}
