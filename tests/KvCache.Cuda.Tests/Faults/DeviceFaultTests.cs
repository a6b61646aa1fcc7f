using KvCache.Cuda.Simulation;
using KvCache.Memory;
using Xunit;

namespace KvCache.Cuda.Tests.Faults;

public sealed class DeviceFaultTests
{
    [Theory]
    [InlineData(CudaError.OutOfMemory)]
    [InlineData(CudaError.Unknown)]
    public void A_fault_at_any_call_loses_nothing_and_no_fence_passes_too_early(CudaError error) => FaultAtEveryCall.Run(Run, error);

    private static void Run(SimulatedCudaDriver simulator)
    {
        List<IDisposable> made = [];
        try
        {
            CudaDevice device = CudaDevice.Open(simulator.Driver);
            made.Add(device);
            CudaHostLink link = new(device, unitBytes: 1000);
            made.Add(link);
            Run(simulator, device, link, made);
        }
        catch (CudaException exception)
        {
            Assert.False(exception.IsSticky);
        }
        finally
        {
            simulator.RunPendingWork();
            made.Reverse();
            made.ForEach(FaultAtEveryCall.Dispose);
        }
    }

    private static void Run(SimulatedCudaDriver simulator, CudaDevice device, CudaHostLink link, List<IDisposable> made)
    {
        if (!device.TryAllocate(4096, out KvArena? arena) || !Add(made, arena)
            || !device.TryAllocatePinned(4096, out CudaPinnedMemory? host) || !Add(made, host))
        {
            return;
        }

        nint reader = simulator.CreateStream();
        device.AddReader(reader);
        for (int step = 0; step < 20; step++)
        {
            bool ran = false;
            bool read = false;
            simulator.Launch(device.Stream, [], [new SimulatedRange(arena.Address, 4096)], () => ran = true);
            simulator.Launch(reader, [new SimulatedRange(arena.Address, 4096)], [], () => read = true);
            KvFence fence = device.RecordFence();
            Assert.True(!fence.HasPassed || (ran && read), "A fence passed before the work was done.");
            if (step % 4 == 3)
            {
                fence.Wait();
                Assert.True(ran && read);
            }
        }

        bool copied = device.Copy([new KvCopy(arena.Address, arena.Address + 2048, 100)]).Wait();
        bool out1 = link.CopyToHost([new KvCopy(arena.Address, host.Address, 4096)]).Wait();
        bool in1 = link.CopyToDevice([new KvCopy(host.Address, arena.Address, 4096)]).Wait();
        Assert.True((copied && out1 && in1) || device.LastError is not null);
        if (!link.TryMakeDeviceWait())
        {
            Assert.NotNull(device.LastError);
        }

        device.RemoveReader(reader);
    }

    private static bool Add(List<IDisposable> made, IDisposable disposable)
    {
        made.Add(disposable);
        return true;
    }
}
