using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests;

/// <summary>A simulated machine with its device; at the end the contract was kept and nothing has leaked.</summary>
internal sealed class Simulated : IDisposable
{
    public const long Granularity = 64 << 10;

    public Simulated(SimulatedCudaOptions? options = null)
    {
        Driver = new SimulatedCudaDriver(options ?? new SimulatedCudaOptions { GranularityBytes = Granularity, HasMemory = OperatingSystem.IsLinux() });
        Device = CudaDevice.Open(Driver.Driver);
    }

    public SimulatedCudaDriver Driver { get; }

    public CudaDevice Device { get; }

    /// <summary>A machine whose addresses have bytes; the test is skipped where there cannot be one.</summary>
    public static Simulated WithMemory(SimulatedCudaStreams streams = SimulatedCudaStreams.Lazy)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A simulated device with memory needs Linux.");
        return new Simulated(new SimulatedCudaOptions { GranularityBytes = Granularity, HasMemory = true, Streams = streams });
    }

    /// <summary>A machine whose work runs at once, with memory where there can be some, as suites need it that look at the bytes.</summary>
    public static Simulated Eager(long granularity = Granularity) => new(new SimulatedCudaOptions
    {
        GranularityBytes = granularity,
        HasMemory = OperatingSystem.IsLinux(),
        Streams = SimulatedCudaStreams.Eager,
    });

    /// <summary>A machine of addresses only.</summary>
    public static Simulated Dry(Func<SimulatedCudaOptions, SimulatedCudaOptions>? change = null)
    {
        SimulatedCudaOptions options = new() { GranularityBytes = Granularity };
        return new Simulated(change is null ? options : change(options));
    }

    public long Count(string entryPoint) => Driver.GetCalls().Where(call => call.EntryPoint == entryPoint).Sum(call => call.Count);

    public void Dispose()
    {
        Device.Dispose();
        Driver.CheckLeaks();
        Driver.Dispose();
    }
}
