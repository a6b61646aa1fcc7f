using System.Runtime.InteropServices;
using Xunit;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>The emulator computes what instructions mean, and complains about what must not be.</summary>
public sealed class PtxKernelTests
{
    private const string Lane = "mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 2; cvt.u64.u32 %rd2, %r2; add.u64 %rd2, %rd1, %rd2;";

    [Theory]
    [InlineData("sub.s32 %r3, 5, %r1;", 5, 4, -26)]
    [InlineData("shr.s32 %r3, -64, %r1;", -64, -32, -1)]
    [InlineData("shr.u32 %r3, 256, %r1;", 256, 128, 0)]
    [InlineData("mad.lo.s32 %r3, %r1, 3, 7;", 7, 10, 100)]
    [InlineData("setp.ge.s32 %p1, %r1, 1; selp.s32 %r3, 8, 9, %p1;", 9, 8, 8)]
    [InlineData("setp.eq.s32 %p1, %r1, 0; mov.s32 %r3, 2; @%p1 mov.s32 %r3, 1;", 1, 2, 2)]
    [InlineData("shfl.sync.bfly.b32 %r3, %r1, 1, 31, 0xffffffff;", 1, 0, 30)]
    [InlineData("shfl.sync.idx.b32 %r3, %r1, 4, 31, 0xffffffff;", 4, 4, 4)]
    [InlineData("setp.lt.s32 %p1, %r1, 1; @%p1 bra L; mov.s32 %r3, 5; bra M; L: mov.s32 %r3, 6; M: bar.sync 0;", 6, 5, 5)]
    [InlineData("mov.s32 %r3, 0; L: add.s32 %r3, %r3, 2; setp.le.s32 %p1, %r3, %r1; @%p1 bra L;", 2, 2, 32)]
    [InlineData("{ .reg .b32 %r3; mov.s32 %r3, 1; } mov.s32 %r3, 3; { .reg .b32 %r3; mov.s32 %r3, 2; }", 3, 3, 3)]
    public void Instructions_mean_what_they_should(string body, int first, int second, int last)
    {
        int[] found = Run($"{Lane} {body} st.global.u32 [%rd2], %r3;");
        Assert.Equal((first, second, last), (found[0], found[1], found[31]));
    }

    [Fact]
    public void Numbers_of_16_bits_are_rounded_to_even()
    {
        // 1 + 2⁻¹¹ is half way between two binary16, 1 + 2⁻⁸ between two bfloat16.
        int[] found = Run($"{Lane} cvt.rn.f16x2.f32 %r3, 0f3F801000, 0fBF800000; st.global.u32 [%rd2], %r3;");
        Assert.Equal(0x3C00_BC00, found[0]);
        found = Run($"{Lane} cvt.rn.bf16x2.f32 %r3, 0f3F808000, 0f3F818000; st.global.u32 [%rd2], %r3;");
        Assert.Equal(0x3F80_3F82, found[0]);
    }

    [Fact]
    public void A_matrix_is_transposed()
    {
        // Lane l has row l / 4 and columns 2 (l % 4) and the next: element (r, c) is 16 r + c.
        int[] found = Run($"{Lane} shr.u32 %r3, %r1, 2; shl.b32 %r3, %r3, 4; and.b32 %r4, %r1, 3; shl.b32 %r4, %r4, 1; add.u32 %r3, %r3, %r4; "
            + "add.u32 %r4, %r3, 1; shl.b32 %r4, %r4, 16; or.b32 %r3, %r3, %r4; movmatrix.sync.aligned.m8n8.trans.b16 %r3, %r3; st.global.u32 [%rd2], %r3;");
        for (int lane = 0; lane < 32; lane++)
        {
            (int row, int column) = (lane / 4, lane % 4 * 2);
            Assert.Equal((16 * column) + row + (((16 * (column + 1)) + row) << 16), found[lane]);
        }
    }

    [Fact]
    public void Products_of_matrices_are_added_up()
    {
        // All of a is 2, all of b is 3, and 16 products make 96, to which 1 is added.
        int[] found = Run($"{Lane} mov.u32 %r4, 0x40004000; mov.u32 %r5, 0x42004200; mov.f32 %f1, 0f3F800000; "
            + "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1,%f2,%f3,%f4}, {%r4,%r4,%r4,%r4}, {%r5,%r5}, {%f1,%f1,%f1,%f1}; st.global.f32 [%rd2], %f3;");
        Assert.All(found, static bits => Assert.Equal(97f, BitConverter.Int32BitsToSingle(bits)));
    }

    [Fact]
    public void Copies_arrive_when_they_are_waited_for()
    {
        const string Copy = "mov.u32 %r5, tile; cp.async.ca.shared.global [%r5], [%rd1], 4; cp.async.commit_group;";
        string one = "setp.ne.s32 %p1, %r1, 0; @%p1 bra E;" + Copy;
        int[] found = Run($"{Lane} mov.u32 %r3, 77; st.global.u32 [%rd2], %r3; {one} cp.async.wait_group 0; ld.shared.u32 %r3, [%r5]; st.global.u32 [%rd1+4], %r3; E: ret;");
        Assert.Equal(77, found[1]);
        AssertFault("in flight", $"{Lane} {one} cp.async.wait_group 1; ld.shared.u32 %r3, [%r5]; E: ret;");
        AssertFault("Race", $"{Lane} setp.ne.s32 %p1, %r1, 0; mov.u32 %r5, tile; @%p1 bra E; {Copy} cp.async.wait_all; E: ld.shared.u32 %r3, [%r5];");
    }

    [Theory]
    [InlineData("Race", "mov.u32 %r5, tile; setp.eq.s32 %p1, %r1, 0; @%p1 st.shared.u32 [%r5], %r1; ld.shared.u32 %r3, [%r5];")]
    [InlineData("Race", "mov.u32 %r5, tile; st.shared.u32 [%r5], %r1;")]
    [InlineData("outside", "mov.u32 %r5, tile; add.u32 %r5, %r5, %r2; ld.shared.u32 %r3, [%r5+512];")]
    [InlineData("multiple", "mov.u32 %r5, tile; ld.shared.u32 %r3, [%r5+2];")]
    [InlineData("no piece", "ld.global.u32 %r3, [%rd2+4];")]
    [InlineData("multiple", "ld.global.u32 %r3, [%rd1+2];")]
    [InlineData("part", "setp.eq.s32 %p1, %r1, 0; @%p1 bra.uni E; E: ret;")]
    [InlineData("ended", "setp.eq.s32 %p1, %r1, 0; @%p1 exit; movmatrix.sync.aligned.m8n8.trans.b16 %r3, %r1;")]
    [InlineData("wait for one another", "setp.eq.s32 %p1, %r1, 0; @%p1 bra E; shfl.sync.bfly.b32 %r3, %r1, 1, 31, 0xffffffff; ret; E: shfl.sync.bfly.b32 %r3, %r1, 2, 31, 0xffffffff;")]
    [InlineData("does not know", "popc.b32 %r3, %r1;")]
    public void What_must_not_be_is_a_fault(string complaint, string body) => AssertFault(complaint, $"{Lane} {body}");

    [Fact]
    public void A_barrier_of_the_warp_orders_its_lanes_alone()
    {
        const string Body = "mov.u32 %r5, tile; setp.eq.s32 %p1, %r1, 0; @%p1 st.shared.u32 [%r5], 9;";
        Run($"{Lane} {Body} bar.warp.sync 0xffffffff; ld.shared.u32 %r3, [%r5];");
        AssertFault("Race", $"{Lane} {Body} bar.warp.sync 0xffffffff; ld.shared.u32 %r3, [%r5];", threads: 64);
        Run($"{Lane} {Body} bar.sync 0; ld.shared.u32 %r3, [%r5];", threads: 64);
    }

    [Theory]
    [InlineData(4, 4, 1)]
    [InlineData(8, 4, 2)]
    [InlineData(128, 4, 32)]
    [InlineData(0, 4, 1)]
    [InlineData(16, 16, 1)]
    [InlineData(256, 16, 8)]
    public void Lanes_that_need_one_bank_at_once_are_counted(int apart, int bytes, int ways)
    {
        long[] addresses = [.. Enumerable.Range(0, 32).Select(lane => (long)lane * apart)];
        Assert.Equal(ways, BankConflicts.Ways(addresses, uint.MaxValue, bytes));
    }

    private static void AssertFault(string complaint, string body, int threads = 32) =>
        Assert.Contains(complaint, Assert.Throws<PtxFault>(() => Run(body, threads)).Message, StringComparison.OrdinalIgnoreCase);

    /// <summary>Runs a block; %rd1 is an array of a word for each thread, which is the answer.</summary>
    private static int[] Run(string body, int threads = 32)
    {
        PtxKernel kernel = new(
            ".visible .entry Kernel(.param .b64 words) { .reg .b32 %r<9>; .shared .align 16 .b8 tile[512]; ld.param.u64 %rd1, [words]; " + body + " }");
        GlobalMemory memory = new();
        ulong words = memory.Allocate(threads * sizeof(int));
        byte[] parameters = MemoryMarshal.AsBytes<ulong>(new[] { words }).ToArray();
        kernel.Run(new Launch(1, 1, 1, threads, 0, parameters, memory));
        return memory.Contents<int>(words).ToArray();
    }
}
