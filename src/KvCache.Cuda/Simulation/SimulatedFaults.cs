using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>Calls that shall fail.</summary>
internal sealed class SimulatedFaults
{
    private readonly List<Fault> _planned = [];

    public void Plan(long calls, CudaError error, CudaEntryPoint? entryPoint) => _planned.Add(new Fault(error, entryPoint) { Left = calls });

    public int Clear()
    {
        int count = _planned.Count;
        _planned.Clear();
        return count;
    }

    /// <summary>What a call shall answer; success if nothing was planned for it.</summary>
    public CudaError Next(CudaEntryPoint entryPoint)
    {
        CudaError error = CudaError.Success;
        for (int i = _planned.Count - 1; i >= 0; i--)
        {
            Fault fault = _planned[i];
            if ((fault.EntryPoint ?? entryPoint) == entryPoint && --fault.Left == 0)
            {
                error = fault.Error;
                _planned.RemoveAt(i);
            }
        }

        return error;
    }

    private sealed record Fault(CudaError Error, CudaEntryPoint? EntryPoint)
    {
        public long Left { get; set; }
    }
}
