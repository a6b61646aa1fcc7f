using System.Numerics;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Moves a warp on: the lanes that are furthest behind first, so that those that parted meet again.</summary>
internal static class WarpSchedule
{
    /// <summary>Runs a warp until it waits for its block or has ended; answers how many instructions it took.</summary>
    public static long Run(Warp warp)
    {
        PtxInstruction[] code = warp.Block.Kernel.Code;
        long count = 0;
        uint blocked = 0;
        while (!warp.HasEnded)
        {
            uint runnable = ~warp.Exited & ~blocked;
            if (runnable != 0)
            {
                count += RunFurthestBehind(warp, code, runnable, ref blocked);
                continue;
            }

            int at = MeetingPoint(warp, code);
            PtxInstruction instruction = code[at];
            count++;
            Array.Fill(warp.Next, at + 1);
            if (instruction.Kind == InstructionKind.Barrier)
            {
                warp.WaitsAt = at;
                return count;
            }

            instruction.Effect(warp, ~warp.Exited);
            blocked = 0;
        }

        return count;
    }

    /// <summary>Where all lanes wait.</summary>
    private static int MeetingPoint(Warp warp, PtxInstruction[] code)
    {
        int at = warp.Next[BitOperations.TrailingZeroCount(~warp.Exited)];
        for (uint rest = ~warp.Exited; rest != 0; rest &= rest - 1)
        {
            int other = warp.Next[BitOperations.TrailingZeroCount(rest)];
            if (other != at)
            {
                throw new PtxFault($"Lanes of warp {warp.Index} wait for one another: {code[at].Statement.Text} and {code[other].Statement.Text}");
            }
        }

        if (warp.Exited != 0 && code[at].Kind == InstructionKind.Convergent && code[at].Statement.Has("aligned"))
        {
            throw new PtxFault($"Lanes of warp {warp.Index} have ended before {code[at].Statement.Text}");
        }

        return at;
    }

    /// <summary>Runs the lanes that are furthest behind until they part, must wait, or meet others.</summary>
    private static long RunFurthestBehind(Warp warp, PtxInstruction[] code, uint runnable, ref uint blocked)
    {
        (int at, uint lanes, int stop) = FurthestBehind(warp.Next, runnable);
        long count = 0;
        while (at < stop)
        {
            PtxInstruction instruction = code[at];
            if (instruction.Kind is InstructionKind.Convergent or InstructionKind.Barrier)
            {
                if (instruction.Guard >= 0)
                {
                    throw new PtxFault($"An instruction that all lanes take together has a predicate: {instruction.Statement.Text}");
                }

                blocked |= lanes;
                break;
            }

            count++;
            uint taking = instruction.Guard < 0 ? lanes : Taking(warp, instruction, lanes);
            if (instruction.Kind == InstructionKind.Plain)
            {
                if (taking != 0)
                {
                    instruction.Effect(warp, taking);
                }

                at++;
            }
            else if (instruction.Kind == InstructionKind.Exit)
            {
                warp.Exited |= taking;
                lanes &= ~taking;
                at++;
                if (lanes == 0)
                {
                    break;
                }
            }
            else if (taking == lanes || taking == 0)
            {
                int target = taking == 0 ? at + 1 : instruction.Target;
                if (target < at && runnable != lanes)
                {
                    at = target;
                    break;
                }

                at = target;
            }
            else
            {
                Part(warp, instruction, at, lanes, taking);
                return count;
            }
        }

        Place(warp.Next, lanes, at);
        return count;
    }

    private static void Part(Warp warp, PtxInstruction instruction, int at, uint lanes, uint taking)
    {
        if (instruction.Kind == InstructionKind.UniformJump)
        {
            throw new PtxFault($"Lanes of warp {warp.Index} part at a jump that all should take together: {instruction.Statement.Text}");
        }

        Place(warp.Next, lanes & ~taking, at + 1);
        Place(warp.Next, taking, instruction.Target);
    }

    private static (int At, uint Lanes, int Stop) FurthestBehind(int[] next, uint runnable)
    {
        int at = int.MaxValue;
        int stop = int.MaxValue;
        uint lanes = 0;
        for (uint rest = runnable; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            if (next[lane] < at)
            {
                (stop, at, lanes) = (at, next[lane], 1u << lane);
            }
            else if (next[lane] == at)
            {
                lanes |= 1u << lane;
            }
            else
            {
                stop = Math.Min(stop, next[lane]);
            }
        }

        return (at, lanes, stop);
    }

    private static uint Taking(Warp warp, PtxInstruction instruction, uint lanes)
    {
        uint taking = 0;
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            bool holds = (warp.Registers[instruction.Guard + lane] & 1) != 0;
            taking |= holds != instruction.Statement.GuardNegated ? 1u << lane : 0;
        }

        return taking;
    }

    private static void Place(int[] next, uint lanes, int at)
    {
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            next[BitOperations.TrailingZeroCount(rest)] = at;
        }
    }
}
