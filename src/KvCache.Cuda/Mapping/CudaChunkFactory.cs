using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Mapping;

/// <summary>Makes zeroed chunks, and takes them back. What the driver refuses to take back is given back later.</summary>
/// <remarks>The driver does not promise zeroed memory: new chunks are mapped into a window of the factory's own and cleared there. Any thread.</remarks>
internal sealed unsafe class CudaChunkFactory
{
    private const int WindowChunks = 16;
    private const uint NonBlocking = 1;
    private readonly Lock _gate = new();
    private readonly CudaMapper _mapper;
    private readonly List<ulong> _refused = [];
    private readonly nint _window;
    private nint _stream;
    private int _inWindow;
    private bool _windowFreed;

    public CudaChunkFactory(CudaMapper mapper)
    {
        _mapper = mapper;
        CudaDriver driver = mapper.Driver;
        fixed (nint* stream = &_stream)
        {
            driver.Check(driver.Entries.cuStreamCreate(stream, NonBlocking), CudaEntryPoint.cuStreamCreate);
        }

        if (!mapper.TryReserve(WindowChunks * mapper.ChunkBytes, out _window))
        {
            _ = driver.Entries.cuStreamDestroy_v2(_stream);
            throw mapper.Context.LastError!;
        }
    }

    /// <summary>Makes zeroed chunks, all or none. The context is current.</summary>
    public bool TryCreate(Span<ulong> handles)
    {
        lock (_gate)
        {
            int zeroed = 0;
            int created = 0;
            bool done = false;
            try
            {
                RetryRefused();
                while (zeroed < handles.Length && TryClearWindow())
                {
                    int batch = Math.Min(WindowChunks, handles.Length - zeroed);
                    while (created < zeroed + batch && _mapper.TryCreate(out handles[created]))
                    {
                        created++;
                    }

                    if (created < zeroed + batch || !TryZero(handles[zeroed..created]))
                    {
                        break;
                    }

                    zeroed = created;
                }

                done = zeroed == handles.Length;
            }
            finally
            {
                if (!done)
                {
                    Release(handles[..created]);
                }
            }

            return done;
        }
    }

    /// <summary>Gives chunks back to the driver. The context is current.</summary>
    public void Destroy(ReadOnlySpan<ulong> handles)
    {
        lock (_gate)
        {
            RetryRefused();
            Release(handles);
        }
    }

    /// <summary>Gives back the window and all that the driver had refused to take back.</summary>
    /// <returns>Whether nothing is left.</returns>
    public bool TryDispose()
    {
        lock (_gate)
        {
            RetryRefused();
            if (!_windowFreed)
            {
                _windowFreed = TryClearWindow() && _mapper.TryFree(_window, WindowChunks * _mapper.ChunkBytes);
            }

            if (_stream != 0 && _mapper.Try(_mapper.Driver.Entries.cuStreamDestroy_v2(_stream), CudaEntryPoint.cuStreamDestroy_v2))
            {
                _stream = 0;
            }

            return _windowFreed && _stream == 0 && _refused.Count == 0;
        }
    }

    private bool TryZero(ReadOnlySpan<ulong> handles)
    {
        if (!_mapper.TryMap(_window, handles, writable: true, out _inWindow))
        {
            return false;
        }

        _inWindow = handles.Length;
        CudaDriver driver = _mapper.Driver;
        bool zeroed = _mapper.Try(
            driver.Entries.cuMemsetD8Async((ulong)_window, 0, (nuint)(handles.Length * _mapper.ChunkBytes), _stream), CudaEntryPoint.cuMemsetD8Async);
        return _mapper.Try(driver.Entries.cuStreamSynchronize(_stream), CudaEntryPoint.cuStreamSynchronize) && TryClearWindow() && zeroed;
    }

    private bool TryClearWindow()
    {
        // The memset may not have ended if waiting for it was refused.
        if (_inWindow > 0
            && _mapper.Try(_mapper.Driver.Entries.cuStreamSynchronize(_stream), CudaEntryPoint.cuStreamSynchronize)
            && _mapper.TryUnmap(_window, _inWindow))
        {
            _inWindow = 0;
        }

        return _inWindow == 0;
    }

    private void Release(ReadOnlySpan<ulong> handles)
    {
        foreach (ulong handle in handles)
        {
            CudaError answer = _mapper.Driver.Entries.cuMemRelease(handle);
            if (answer != CudaError.Success)
            {
                _mapper.Context.Note(answer, CudaEntryPoint.cuMemRelease);
                _refused.Add(handle);
            }
        }
    }

    private void RetryRefused()
    {
        for (int i = _refused.Count - 1; i >= 0 && _mapper.TryRelease(_refused[i]); i--)
        {
            _refused.RemoveAt(i);
        }
    }
}
