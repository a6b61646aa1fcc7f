using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Cuda;

/// <summary>The instructions of NVIDIA GPUs from compute capability 8.0 on that C# has no words for.</summary>
/// <remarks>See NVIDIA, <em>Parallel Thread Execution ISA</em> 7.8, section 9.7.</remarks>
internal static class Asm
{
    /// <summary>The address of the memory that the block's threads share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Shared()
    {
        CudaAsm.Emit($"mov.u32 %0, {DynamicShared.Name};", out uint address);
        return address;
    }

    /// <summary>Begins to copy 16 bytes to shared memory; what is not given of them (all or nothing) becomes zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void BeginCopy(uint shared, ulong global, int given) =>
        CudaAsm.Emit("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;", shared, global, given);

    /// <summary>Makes the copies that the thread has begun a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CommitCopies() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for all of the thread's copies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WaitForCopies() => CudaAsm.Emit("cp.async.wait_all;");

    /// <summary>Waits for all groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WaitForCopiesButNone() => CudaAsm.Emit("cp.async.wait_group 0;");

    /// <summary>Waits for all groups but the latest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WaitForCopiesButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    /// <summary>Waits for all groups but the latest two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WaitForCopiesButTwo() => CudaAsm.Emit("cp.async.wait_group 2;");

    /// <summary>Four matrices of 8 × 8 numbers of 16 bits; lane l says where row l % 8 of matrix l / 8 begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadMatrices(ref Fragment fragment, uint row)
    {
        Input<uint> address = row;
        CudaAsm.EmitRef(
            "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];",
            ref fragment.A, ref fragment.B, ref fragment.C, ref fragment.D, ref address);
    }

    /// <summary>The same, columns for rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTransposed(ref Fragment fragment, uint row)
    {
        Input<uint> address = row;
        CudaAsm.EmitRef(
            "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];",
            ref fragment.A, ref fragment.B, ref fragment.C, ref fragment.D, ref address);
    }

    /// <summary>Columns for rows of a matrix of 8 × 8 numbers of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Transpose(uint matrix)
    {
        CudaAsm.Emit("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;", out uint transposed, matrix);
        return transposed;
    }

    /// <summary>sums += a b, of 16 × 16 and 16 × 8 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd<TElement>(ref Sums sums, uint a0, uint a1, uint a2, uint a3, uint b0, uint b1)
        where TElement : struct, IMatrixElement
    {
        Input<uint> i0 = a0;
        Input<uint> i1 = a1;
        Input<uint> i2 = a2;
        Input<uint> i3 = a3;
        Input<uint> i4 = b0;
        Input<uint> i5 = b1;
        if (TElement.IsBrain)
        {
            CudaAsm.EmitRef(
                "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
                ref sums.A, ref sums.B, ref sums.C, ref sums.D, ref i0, ref i1, ref i2, ref i3, ref i4, ref i5);
        }
        else
        {
            CudaAsm.EmitRef(
                "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
                ref sums.A, ref sums.B, ref sums.C, ref sums.D, ref i0, ref i1, ref i2, ref i3, ref i4, ref i5);
        }
    }

    /// <summary>Two numbers rounded to 16 bits, the first in the lower half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack<TElement>(float lower, float upper)
        where TElement : struct, IMatrixElement
    {
        uint packed;
        if (TElement.IsBrain)
        {
            CudaAsm.Emit("cvt.rn.bf16x2.f32 %0, %1, %2;", out packed, upper, lower);
        }
        else
        {
            CudaAsm.Emit("cvt.rn.f16x2.f32 %0, %1, %2;", out packed, upper, lower);
        }

        return packed;
    }

    /// <summary>2ˣ, to about 2 units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp2(float x)
    {
        CudaAsm.Emit("ex2.approx.ftz.f32 %0, %1;", out float power, x);
        return power;
    }

    /// <summary>1 / x, to about 1 unit in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float x)
    {
        CudaAsm.Emit("rcp.approx.ftz.f32 %0, %1;", out float reciprocal, x);
        return reciprocal;
    }

    /// <summary>A score where its position is before the end, else the lowest there is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Seen(float score, int position, int end)
    {
        CudaAsm.Emit("{ .reg .pred seen; setp.lt.s32 seen, %2, %3; selp.f32 %0, %1, 0fFF7FFFFF, seen; }", out float result, score, position, end);
        return result;
    }

    /// <summary>The bytes of 16 that a copy brings: all where a position is before the end, none elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BytesAt(int position, int end)
    {
        CudaAsm.Emit("{ .reg .pred inside; setp.lt.s32 inside, %1, %2; selp.s32 %0, 16, 0, inside; }", out int bytes, position, end);
        return bytes;
    }

    /// <summary>An entry of a table that nothing writes meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Entry(ulong table, long index)
    {
        CudaAsm.Emit("ld.global.nc.s32 %0, [%1];", out int entry, table + (ulong)(index * sizeof(int)));
        return entry;
    }

    /// <summary>A number in the device's memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ulong address)
    {
        CudaAsm.Emit("ld.global.f32 %0, [%1];", out float number, address);
        return number;
    }

    /// <summary>Writes a number to the device's memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ulong address, float number) => CudaAsm.Emit("st.global.f32 [%0], %1;", address, number);

    /// <summary>A number in shared memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadShared(uint address)
    {
        CudaAsm.Emit("ld.shared.f32 %0, [%1];", out float number, address);
        return number;
    }

    /// <summary>Writes a number to shared memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShared(uint address, float number) => CudaAsm.Emit("st.shared.f32 [%0], %1;", address, number);
}
