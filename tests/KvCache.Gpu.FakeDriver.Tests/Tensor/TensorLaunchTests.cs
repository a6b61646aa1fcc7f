using System.Runtime.CompilerServices;
using KvCache.Gpu.Attention;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Tests.Attention;
using KvCache.Memory;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>What the driver is asked for kernels on tensor cores, and what becomes of a refusal.</summary>
public sealed class TensorLaunchTests : FakeDriverTest
{
    private static readonly string[] Refusing = ["cuModuleLoadDataEx", "cuModuleGetFunction", "cuFuncSetAttribute", "cuOccupancyMaxActiveBlocksPerMultiprocessor"];
    private readonly List<GpuKernelChosenEventArgs> _chosen = [];

    public static TheoryData<string> RefusingCalls => [.. Refusing];

    [Fact]
    public void A_decode_step_is_one_launch_and_one_that_combines()
    {
        using GpuAttention attention = Create();
        using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (2, 12), (128, 128), "299+1,40+1,0+0") with { Gap = 4 });
        attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
        FakeDriver.TakeLog();
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
        string[] log = FakeDriver.TakeLog();

        // 16 heads of a group at once: 96 KiB of stages, two blocks of which fit a multiprocessor; 264 blocks for 2 KV heads: at most 128 segments.
        Assert.Contains("attribute 8 = 98304", log);
        Assert.Contains("occupancy of 128 threads and 98304 bytes: 2", log);
        string[] launches = [.. log.Where(static line => line.StartsWith("launch", StringComparison.Ordinal))];
        Assert.Equal(2, launches.Length);
        Assert.StartsWith("launch grid 12,2,1 block 128,1,1 shared 98304 ", launches[0], StringComparison.Ordinal);
        Assert.Contains($"first 0x{scene.View.KeyBase:x} bytes {Unsafe.SizeOf<TensorArguments>()} of ", launches[0], StringComparison.Ordinal);
        Assert.StartsWith("launch grid 36,1,1 block 256,1,1 ", launches[1], StringComparison.Ordinal); // 3 rows × 24 heads × 128 elements
        Assert.Equal(("TensorDecode128x16.HalfMatrix.LargePages.Warps4Stages3", null), (attention.DecodeKernel, attention.PrefillKernel));
    }

    [Fact]
    public unsafe void Arguments_are_what_the_view_and_the_operands_say()
    {
        using GpuAttention attention = Create();
        using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.BFloat16, (2, 3), (64, 64), "299+1,7+5") with { Gap = 4, SoftCap = 30 });
        Recorded.Clear();
        FakeDriver.RunKernels(&Record);
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, scene.Case.Scoring);
        FakeDriver.RunEverything();
        FakeDriver.RunKernels(null);
        TensorArguments[] calls = [.. Recorded];
        Assert.Equal(2, calls.Length);
        Assert.All(calls, call =>
        {
            GpuStepTables tables = Device.Upload(scene.View);
            Assert.Equal(((ulong)scene.View.KeyBase, (ulong)scene.View.ValueBase), (call.Keys, call.Values));
            Assert.Equal(TensorArguments.AddressOf(tables.PageTable), call.PageTable);
            Assert.Equal((TensorArguments.AddressOf(tables.Lengths), TensorArguments.AddressOf(tables.QueryOffsets)), (call.Lengths, call.QueryOffsets));
            Assert.Equal(((ulong)scene.Queries.Tensor.Address, (ulong)scene.Output.Tensor.Address), (call.Queries, call.Output));
            Assert.Equal((scene.View.KeyPageStride, scene.View.KeyTokenStride, scene.View.KeyHeadStride), (call.KeyPageStride, call.KeyTokenStride, call.KeyHeadStride));
            Assert.Equal((scene.View.ValuePageStride, scene.View.ValueTokenStride, scene.View.ValueHeadStride), (call.ValuePageStride, call.ValueTokenStride, call.ValueHeadStride));
            Assert.Equal(((6 * 64) + 4, (6 * 64) + 4), (call.QueryStride, call.OutputStride));
            Assert.Equal((19, 4, 2, 6, 3, 1), (call.PageTableRowStride, call.PageShift, call.Rows, call.QueryHeads, call.Group, call.DecodedTokens));
            Assert.Equal(1 / 8f / 30, call.QueryScale, 1e-6f);
            Assert.Equal(30 * 1.442695f, call.CapLog2E, 1e-3f);
        });

        // The device has 132 × 3 blocks of the decode kernel at once: 198 for a KV head, 128 at most.
        Assert.Equal((4, 128, 128), (calls[0].Segments, calls[0].Plan.Limit, calls[0].Plan.Granule));
        Assert.NotEqual(0ul, calls[0].PartialSums);
    }

    [Theory]
    [MemberData(nameof(RefusingCalls))]
    public void A_kernel_that_the_driver_refuses_is_done_without(string call)
    {
        using GpuAttention attention = Create();
        using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "40+1"));
        attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
        int modules = FakeDriver.Count().Modules;
        FakeDriver.Fail(call, 218);
        for (int i = 0; i < 2; i++)
        {
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
            Assert.Equal("Decode.Float16.AlignedLayout.TwoHeads", attention.DecodeKernel);
        }

        // What was loaded for it has gone; the portable one has come.
        Assert.Equal(modules + 1, FakeDriver.Count().Modules);
        GpuKernelChosenEventArgs chosen = Assert.Single(_chosen);
        Assert.False(chosen.UsesTensorCores);
        Assert.StartsWith($"{call} answered CUDA_ERROR_INVALID_PTX (218)", chosen.Reason, StringComparison.Ordinal);
        Assert.Equal(call == "cuModuleLoadDataEx", chosen.Reason.Contains("ptxas of the stand-in, line 7", StringComparison.Ordinal));
    }

    [Fact]
    public void A_kernel_of_which_no_block_fits_is_done_without()
    {
        FakeDriver.SetOccupancy(-1);
        try
        {
            using GpuAttention attention = Create();
            using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "0+40"));
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
            Assert.Equal("Prefill.Float16.AlignedLayout.Width64", attention.PrefillKernel);
            Assert.Contains("fits on a multiprocessor", Assert.Single(_chosen).Reason, StringComparison.Ordinal);
        }
        finally
        {
            FakeDriver.SetOccupancy(0);
        }
    }

    [Fact]
    public void A_refused_launch_is_an_error_that_names_the_driver_and_can_be_tried_again()
    {
        using GpuAttention attention = Create();
        using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "40+1"));
        Device.Upload(scene.View);
        FakeDriver.Fail("cuLaunchKernel", 719);
        GpuException refused = Assert.Throws<GpuException>(() => attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default));
        Assert.Equal(("cuLaunchKernel", 719), (refused.Operation, refused.Code));
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
        Assert.Equal("TensorDecode64x8.HalfMatrix.LargePages.Warps4Stages4", attention.DecodeKernel);
    }

    /// <summary>12,001 positions in segments of a multiple of 128; 8 KV heads; 132 multiprocessors.</summary>
    [Theory]
    [InlineData(1, 17)]
    [InlineData(2, 33)]
    [InlineData(5, 83)]
    public void Rows_are_cut_for_as_many_blocks_as_the_device_has_at_once(int occupancy, int segments)
    {
        FakeDriver.SetOccupancy(occupancy);
        try
        {
            using GpuAttention attention = Create();
            using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (8, 1), (64, 64), "12000+1"));
            attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
            FakeDriver.TakeLog();
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
            string launch = FakeDriver.TakeLog().First(static line => line.StartsWith("launch", StringComparison.Ordinal));
            Assert.StartsWith($"launch grid {segments},8,1 ", launch, StringComparison.Ordinal);
        }
        finally
        {
            FakeDriver.SetOccupancy(0);
        }
    }

    [Theory]
    [InlineData(KvElementType.Float32, 64, 64, 16, "Float32 caches")]
    [InlineData(KvElementType.Float16, 96, 96, 16, "head dims are 96 and 96")]
    [InlineData(KvElementType.Float16, 128, 64, 16, "head dims are 128 and 64")]
    [InlineData(KvElementType.BFloat16, 64, 64, 12, "2ⁿ tokens")]
    public void A_shape_without_a_kernel_is_served_by_others_and_it_is_said_why(KvElementType type, int keyDim, int valueDim, int page, string reason)
    {
        using GpuAttention attention = Create();
        using AttentionScene scene = Scene(AttentionCase.Of(type, (1, 2), (keyDim, valueDim), "40+1,0+20") with { PageTokens = page });
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
        Assert.StartsWith("Decode.", attention.DecodeKernel, StringComparison.Ordinal);
        Assert.StartsWith("Prefill.", attention.PrefillKernel, StringComparison.Ordinal);
        Assert.Equal([GpuAttentionPhase.Decode, GpuAttentionPhase.Prefill], _chosen.Select(static chosen => chosen.Phase));
        Assert.All(_chosen, chosen => Assert.Contains(reason, chosen.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_dim_of_256_is_decoded_on_tensor_cores_and_prefilled_elsewhere()
    {
        using GpuAttention attention = Create();
        using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (1, 2), (256, 256), "40+1,0+20"));
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
        Assert.Equal(("TensorDecode256x8.HalfMatrix.LargePages.Warps2Stages3", "Prefill.Float16.AlignedLayout.Width256"), (attention.DecodeKernel, attention.PrefillKernel));
        Assert.Equal(["", "head dims are 256 and 256; there are kernels for equal ones of 64, 128"], _chosen.Select(static chosen => chosen.Reason));
    }

    [Fact]
    public void Options_keep_it_from_tensor_cores()
    {
        using GpuAttention attention = Create(KernelFolder.Options with { TensorCores = false });
        using AttentionScene scene = Scene(AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "40+1"));
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
        Assert.Equal("the options say not to", Assert.Single(_chosen).Reason);
        Assert.False(_chosen[0].UsesTensorCores);
    }

    [Fact]
    public void A_GPU_below_compute_capability_8_0_is_served_by_other_kernels()
    {
        FakeDriver.SetCapability(75);
        try
        {
            using GpuDevice older = FakeDriver.Open();
            using GpuAttention attention = Create(older, KernelFolder.Options);
            using AttentionScene scene = new(new GpuSite(older), AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "40+1"));
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
            Assert.Equal("compute capability 7.5 is below 8.0", Assert.Single(_chosen).Reason);
        }
        finally
        {
            FakeDriver.SetCapability(90);
        }
    }

    [Fact]
    public void Attentions_of_a_device_share_kernels_which_are_unloaded_with_it()
    {
        int before = FakeDriver.Count().Modules;
        using (GpuDevice device = FakeDriver.Open())
        {
            int[] counts = new int[2];
            foreach (ref int count in counts.AsSpan())
            {
                using GpuAttention attention = Create(device, KernelFolder.Options);
                using AttentionScene scene = new(new GpuSite(device), AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "40+1"));
                attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, default);
                count = FakeDriver.Count().Modules;
            }

            Assert.Equal(counts[0], counts[1]);
            Assert.True(counts[0] > before);
        }

        Assert.Equal(before, FakeDriver.Count().Modules);
    }

    private static List<TensorArguments> Recorded { get; } = [];

    [System.Runtime.InteropServices.UnmanagedCallersOnly]
    private static unsafe void Record(DriverLaunch* launch)
    {
        if ((int)launch->ArgumentBytes == sizeof(TensorArguments))
        {
            Recorded.Add(*(TensorArguments*)launch->Arguments);
        }
    }

    private GpuAttention Create(GpuAttentionOptions? options = null) => Create(Device, options ?? KernelFolder.Options);

    private GpuAttention Create(GpuDevice device, GpuAttentionOptions options)
    {
        GpuAttention attention = new(device, options);
        attention.KernelChosen += (_, chosen) => _chosen.Add(chosen);
        return attention;
    }

    private AttentionScene Scene(AttentionCase drawn)
    {
        AttentionScene scene = new(new GpuSite(Device), drawn);
        scene.Fill();
        return scene;
    }
}
