using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>What all functions of the driver have in common.</content>
public sealed partial class SimulatedCudaDriver
{
    /// <summary>A call while it runs: alone, counted, and refused where that was planned or the driver's state forbids it.</summary>
    private ref struct Call
    {
        private readonly SimulatedCudaDriver _driver;
        private readonly CudaEntryPoint _entryPoint;

        public Call(SimulatedCudaDriver driver, CudaEntryPoint entryPoint, bool needsContext = true)
        {
            _driver = driver;
            _entryPoint = entryPoint;
            Monitor.Enter(driver._gate);
            driver._log.Count(entryPoint);
            driver._thread.Value!.Counts[(int)entryPoint]++;
            Refusal = driver._log.Refuse(entryPoint, driver.RefusalOf(entryPoint, needsContext));
        }

        /// <summary>Gets what the call answers without having done anything; success where it is to be done.</summary>
        public CudaError Refusal { get; }

        public readonly bool IsRefused => Refusal != CudaError.Success;

        /// <summary>Charges a call that was done, and answers it.</summary>
        public readonly CudaError Answer(CudaError answer, int mappings = 1, long bytes = 0)
        {
            _driver._thread.Value!.Microseconds += _driver._log.Charge(_entryPoint, mappings, bytes);
            return _driver._log.Refuse(_entryPoint, answer);
        }

        /// <summary>Answers a call that has broken the contract.</summary>
        public readonly CudaError Answer(SimulatedCudaBreachKind kind, string message) => Answer(_driver.Report(kind, message));

        public readonly void Dispose() => Monitor.Exit(_driver._gate);
    }

    private CudaError RefusalOf(CudaEntryPoint entryPoint, bool needsContext)
    {
        CudaError error = _faults.Next(entryPoint);
        return error != CudaError.Success ? error
            : _disposed ? CudaError.Deinitialized
            : !_initialized && entryPoint != CudaEntryPoint.cuInit ? CudaError.NotInitialized
            : _execution.Sticky != CudaError.Success ? _execution.Sticky
            : needsContext && !HasContext() ? Report(SimulatedCudaBreachKind.NoContext, $"{entryPoint} is called on a thread on which no context is current.")
            : CudaError.Success;
    }

    private bool HasContext()
    {
        nint context = _thread.Value!.Context;
        return (context == PrimaryContext && _retained > 0) || _contexts.Contains(context);
    }
}
