namespace KvCache.Gpu.Devices.Cuda;

/// <summary>Kernels that a device has loaded from PTX, each once, until the device is disposed. Any thread.</summary>
internal sealed class CudaModules(CudaContext context, nint stream) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CudaFunction> _loaded = [];

    /// <summary>A kernel that has been loaded, or is now.</summary>
    /// <param name="name">Its name among all kernels.</param>
    /// <param name="ptx">Gives its text where it has not been loaded; called by one thread at a time.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Shared memory of a block, beyond what the text declares.</param>
    /// <exception cref="GpuException">The driver refused the text or the kernel; nothing is kept, and it may be asked for again.</exception>
    public CudaFunction Get(string name, Func<string> ptx, int threads, int sharedBytes)
    {
        lock (_gate)
        {
            if (!_loaded.TryGetValue(name, out CudaFunction? function))
            {
                function = CudaFunction.Load(context, stream, ptx(), threads, sharedBytes);
                _loaded.Add(name, function);
            }

            return function;
        }
    }

    /// <summary>Unloads everything. No kernel is at work any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (CudaFunction function in _loaded.Values)
            {
                function.Unload();
            }

            _loaded.Clear();
        }
    }
}
