using KvCache.Layerwise;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.Model;
using Xunit;

namespace KvCache.Tests.Layerwise;

/// <summary>
/// No page is read before its copy's fence and none reused before its reader's: kernels run late on a device whose copies are late too,
/// under any interleaving of entering, leaving, closing, forking, trimming and abandoning.
/// </summary>
public sealed class LayerwiseFenceTests
{
    private const int Operations = 100_000;
    private static readonly KvGeometry Geometry = new(new KvLayerGroup(5, 1, 2, 3, KvElementType.Float16));

    [Theory]
    [InlineData(2, 2, 0, 1, 0.0)]
    [InlineData(2, 2, 0, 3, 0.01)]
    [InlineData(1, 1, 1, 1, 0.01)]
    [InlineData(4, 1, 0, 2, 0.3)]
    public void Kernels_that_run_late_read_and_write_what_is_theirs(int layers, int staging, int more, int depth, double failures)
    {
        int operations = 0;
        long transfers = 0;
        long failed = 0;
        int lost = 0;
        for (int seed = (int)ModelSettings.Seed; operations < Operations / 4; seed++)
        {
            AsynchronousMachine machine = new(seed, failures);
            LateKernels run = new(machine, CreateAllocator(machine, layers, staging, more, depth, seed), losesCopies: failures > 0.1, seed);
            run.Run(2_000);
            operations += run.Operations;
            transfers += machine.Transfers;
            failed += machine.Failed;
            lost += run.Lost;
            Assert.Equal(0, machine.LiveArenas);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Seeds from {ModelSettings.Seed}: {operations} operations, {transfers} copies, {failed} failed, {lost} sequences lost.");
        Assert.True(transfers > operations / 10, $"{transfers} copies in {operations} operations.");
        Assert.Equal(failures > 0, failed > 0);
        Assert.Equal(failures > 0.1, lost > 0);
    }

    private static LayerwiseKvAllocator CreateAllocator(
        AsynchronousMachine machine, int layers, int staging, int more, int depth, int seed)
    {
        int blockTokens = 1 + (seed % 5);
        int blocks = 8 + (seed % 30);
        ContractSetup setup = new() { Geometry = Geometry, BlockTokens = blockTokens, BlockCount = blocks, Device = machine };
        return new LayerwiseKvAllocator(LayerwiseAllocators.OptionsOf(setup, layers, staging, more) with
        {
            HostMemory = machine,
            Link = machine,
            PrefetchDepth = depth,
            TransferUnitBytes = 1 + (seed % 500),
            Placement = (seed % 3) switch { 0 => new KeepAllPlacement(), 1 => new FixedPlacement(0), _ => new FixedPlacement(3) },
        });
    }
}
