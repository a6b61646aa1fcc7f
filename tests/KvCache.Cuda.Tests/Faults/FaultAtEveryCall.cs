using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Faults;

/// <summary>Runs a script once per driver call that it makes, each time with another call failing.</summary>
internal static class FaultAtEveryCall
{
    public static void Run(Action<SimulatedCudaDriver> script, CudaError error)
    {
        long calls;
        using (SimulatedCudaDriver clean = Create())
        {
            long before = clean.CallCount;
            script(clean);
            clean.CheckLeaks();
            calls = clean.CallCount - before;
        }

        for (long call = 1; call <= calls; call++)
        {
            using SimulatedCudaDriver simulator = Create();
            simulator.FailCall(call, error);
            try
            {
                script(simulator);
                Assert.Equal(0, simulator.ClearFaults());
                simulator.CheckLeaks();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"Call {call} of {calls} failed with {error}, one of {string.Join(", ", simulator.GetCalls().Where(made => made.Refused > 0).Select(made => made.EntryPoint))}: {exception.Message}",
                    exception);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} runs with {error} at one call each");
        Assert.True(calls > 50, $"The script makes only {calls} calls.");
    }

    /// <summary>Disposes, and again if the driver refused: nothing may be lost between.</summary>
    public static void Dispose(IDisposable? disposable)
    {
        try
        {
            disposable?.Dispose();
        }
        catch (CudaException)
        {
            disposable!.Dispose();
        }

        disposable?.Dispose();
    }

    private static SimulatedCudaDriver Create() => new(new SimulatedCudaOptions { GranularityBytes = Simulated.Granularity });
}
