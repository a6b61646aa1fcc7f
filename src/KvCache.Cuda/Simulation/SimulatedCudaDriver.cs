using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>A double of the CUDA driver that enforces its contract: for tests without a GPU, and for planning.</summary>
/// <remarks>
/// <para>Stands for a machine with one GPU. Everything of this package runs on <see cref="Driver"/> as on a real one. What the driver forbids is
/// answered as the driver answers it <em>and</em> noted as a <see cref="SimulatedCudaBreach"/>; work on streams runs as late as it may, so that what does not
/// wait for a fence is found out on every run, not once in a thousand. <see cref="CheckContract"/> and <see cref="CheckLeaks"/> throw what was noted.</para>
/// <para>With <see cref="SimulatedCudaOptions.HasMemory"/> device addresses are addresses of this process, inaccessible where the device may not read:
/// kernels of the processor run on "device" memory. Without, 80 GB cost nothing. The time of each call is charged to a virtual
/// clock. It shows no real latency, no race of the hardware's page tables, and nothing of copies between processes.</para>
/// <para>Any thread; two drivers are independent of each other.</para>
/// </remarks>
public sealed partial class SimulatedCudaDriver : IDisposable
{
    internal const int DeviceHandle = 0;
    private const nint PrimaryContext = 0x7C00;

    /// <summary>No <see cref="Lock"/>: that allocates when two threads first meet at it, which may be in the middle of decoding.</summary>
    private readonly object _gate = new();
    private readonly SimulatedCudaOptions _options;
    private readonly SimulatedAddressSpace _space;
    private readonly SimulatedUsage _usage;
    private readonly SimulatedArenas _arenas;
    private readonly SimulatedMemory _memory;
    private readonly SimulatedExecution _execution;
    private readonly SimulatedCallLog _log;
    private readonly SimulatedFaults _faults = new();
    private readonly List<SimulatedCudaBreach> _breaches = [];
    private readonly ThreadLocal<ThreadState> _thread = new(static () => new ThreadState());
    private readonly Dictionary<nint, SimulatedStream> _streams = [];
    private readonly Dictionary<nint, SimulatedEvent> _events = [];
    private readonly HashSet<nint> _contexts = [];
    private readonly Dictionary<nint, ulong> _pinned = [];
    private nint _nextHandle = 0x10000;
    private int _retained;
    private bool _initialized;
    private bool _disposed;

    /// <summary>Makes a machine.</summary>
    /// <param name="options">What it is; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="PlatformNotSupportedException">The device shall have memory, and the system is not Linux.</exception>
    public SimulatedCudaDriver(SimulatedCudaOptions? options = null)
    {
        _options = options ?? new SimulatedCudaOptions();
        _options.Validate();
        _space = _options.HasMemory ? new LinuxAddressSpace() : new DryAddressSpace();
        _usage = new SimulatedUsage((ulong)_options.MemoryBytes);
        _arenas = new SimulatedArenas(_space, _usage, Report);
        _memory = new SimulatedMemory(_options, _space, _usage, Report);
        _execution = new SimulatedExecution(_arenas, _memory, _space, _options.Streams == SimulatedCudaStreams.Eager, Report);
        _log = new SimulatedCallLog(_options.Costs, _options.Seed);
        _streams.Add(0, _execution.AddStream(isEngines: true));
        Driver = new CudaDriver(CreateTable(), this, _space.HasMemory, _space.HasMemory);
    }

    /// <summary>Gets the driver that everything else of this package is given.</summary>
    public CudaDriver Driver { get; }

    /// <summary>Gets the sum of all calls' times on the virtual clock; the driver serves one call at a time.</summary>
    public TimeSpan Elapsed => Locked(() => _log.Elapsed);

    /// <summary>Gets the sum of the calling thread's calls' times on the virtual clock: how long it was kept by the driver.</summary>
    public TimeSpan ElapsedOfThisThread => TimeSpan.FromMicroseconds(_thread.Value!.Microseconds);

    /// <summary>Gets how many calls were made. The names of errors are not counted.</summary>
    public long CallCount => Locked(() => _log.CallCount);

    /// <summary>Gets the device memory in use, others' included.</summary>
    public long UsedBytes => Locked(() => (long)(_usage.Used + _usage.Other));

    /// <summary>Gets the most device memory that was in use here at one time, others' not included.</summary>
    public long PeakBytes => Locked(() => (long)_usage.Peak);

    /// <summary>Gets the device memory that is free.</summary>
    public long FreeBytes => Locked(() => (long)_usage.Free);

    /// <summary>Gets how many mappings there are.</summary>
    public int MappingCount => Locked(() => _memory.Mappings);

    /// <summary>Gets or sets the device memory that others use, such as weights or a neighbour process.</summary>
    /// <value>Bytes, at least 0. Default: 0.</value>
    public long OtherBytes
    {
        get => Locked(() => (long)_usage.Other);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            lock (_gate)
            {
                _usage.Other = (ulong)value;
            }
        }
    }

    /// <summary>Gets what was noted so far.</summary>
    public IReadOnlyList<SimulatedCudaBreach> Breaches => Locked<IReadOnlyList<SimulatedCudaBreach>>(() => [.. _breaches]);

    /// <summary>Gets how often each function was called, by all threads.</summary>
    /// <returns>The functions that were called.</returns>
    public IReadOnlyList<SimulatedCudaCalls> GetCalls() => Locked(_log.GetCalls);

    /// <summary>Gets how often a function was called by the calling thread.</summary>
    /// <param name="entryPoint">Its name, such as "cuMemMap"; null for all functions.</param>
    /// <returns>The number of calls.</returns>
    /// <exception cref="ArgumentException">The package calls no function of that name.</exception>
    public long CountCallsOfThisThread(string? entryPoint = null)
    {
        long[] counts = _thread.Value!.Counts;
        return entryPoint is null ? counts.Sum() : counts[(int)Parse(entryPoint)];
    }

    /// <summary>Lets one later call fail without effect.</summary>
    /// <param name="calls">How many calls until then; 1 is the next.</param>
    /// <param name="error">What it answers.</param>
    /// <param name="entryPoint">The function whose calls are counted, such as "cuMemCreate"; null for all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="calls"/> is below 1.</exception>
    /// <exception cref="ArgumentException">The package calls no function of that name.</exception>
    public void FailCall(long calls, CudaError error, string? entryPoint = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(calls, 1);
        CudaEntryPoint? chosen = entryPoint is null ? null : Parse(entryPoint);
        lock (_gate)
        {
            _faults.Plan(calls, error, chosen);
        }
    }

    /// <summary>Takes back what <see cref="FailCall"/> has planned and what has not occurred.</summary>
    /// <returns>How many failures were still to come.</returns>
    public int ClearFaults() => Locked(_faults.Clear);

    /// <summary>Makes a context, as an engine has one, and makes it current on the calling thread.</summary>
    /// <returns>The context's handle.</returns>
    public nint CreateContext() => Locked(() =>
    {
        nint context = NextHandle();
        _contexts.Add(context);
        return _thread.Value!.Context = context;
    });

    /// <summary>Makes a context current on the calling thread, as an engine does.</summary>
    /// <param name="context">The context; 0 for none.</param>
    public void SetCurrentContext(nint context) => _thread.Value!.Context = context;

    /// <summary>Makes a stream that belongs to the engine.</summary>
    /// <returns>The stream's handle.</returns>
    public nint CreateStream() => Locked(() =>
    {
        nint stream = NextHandle();
        _streams.Add(stream, _execution.AddStream(isEngines: true));
        return stream;
    });

    /// <summary>Submits work, as an engine launches a kernel.</summary>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <param name="reads">What it reads.</param>
    /// <param name="writes">What it reads and writes.</param>
    /// <param name="body">What it does when it runs, or null. If it throws, the launch has failed and <see cref="CheckContract"/> says so.</param>
    /// <exception cref="ArgumentException">There is no such stream.</exception>
    public void Launch(nint stream, ReadOnlySpan<SimulatedRange> reads, ReadOnlySpan<SimulatedRange> writes = default, Action? body = null)
    {
        SimulatedKernel kernel = new(reads.ToArray(), writes.ToArray(), body);
        lock (_gate)
        {
            SimulatedStream queue = _streams.TryGetValue(stream, out SimulatedStream? found)
                ? found
                : throw new ArgumentException($"There is no stream 0x{stream:x}.", nameof(stream));
            _execution.Submit(queue, new SimulatedWork(SimulatedWorkKind.Kernel) { Kernel = kernel });
        }
    }

    /// <summary>Lets all work that was submitted run, as time does on a real device.</summary>
    public void RunPendingWork()
    {
        lock (_gate)
        {
            _execution.RunAll();
        }
    }

    /// <summary>Throws if the contract was broken.</summary>
    /// <exception cref="InvalidOperationException">It was; the message lists the breaches.</exception>
    public void CheckContract()
    {
        lock (_gate)
        {
            if (_breaches.Count > 0 || _execution.KernelException is not null)
            {
                throw new InvalidOperationException(
                    $"The contract of the CUDA driver was broken: {string.Join(Environment.NewLine, _breaches)}{_execution.KernelException?.Message}",
                    _execution.KernelException);
            }
        }
    }

    /// <summary>Throws if the contract was broken, or if anything that was asked of the driver was not given back.</summary>
    /// <exception cref="InvalidOperationException">The message says what.</exception>
    public void CheckLeaks()
    {
        lock (_gate)
        {
            Leak(_arenas.Count, "allocations");
            Leak(_memory.Handles, "handles of physical memory");
            Leak(_memory.Mappings, "mappings");
            Leak(_memory.Reservations, "reserved ranges of addresses");
            Leak(_pinned.Count, "ranges of pinned host memory");
            Leak(_execution.OwnStreams, "streams");
            Leak(_events.Count, "events");
            Leak(_retained, "references to the primary context");
        }

        CheckContract();
    }

    /// <summary>Gives the machine back. Every later call of the driver is refused.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _space.Dispose();
                FreePinned();
            }
        }
    }

    private void Leak(int count, string what)
    {
        if (count > 0)
        {
            Report(SimulatedCudaBreachKind.Leak, $"{count} {what} were not given back.");
        }
    }

    private CudaError Report(SimulatedCudaBreachKind kind, string message)
    {
        _breaches.Add(new SimulatedCudaBreach(kind, _log.CallCount, message));
        return kind switch
        {
            SimulatedCudaBreachKind.NoContext => CudaError.InvalidContext,
            _ => CudaError.InvalidValue,
        };
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private nint NextHandle() => _nextHandle += 16;

    private static CudaEntryPoint Parse(string entryPoint) => Enum.TryParse(entryPoint, out CudaEntryPoint parsed)
        ? parsed
        : throw new ArgumentException($"The driver's function \"{entryPoint}\" is not called by this package.", nameof(entryPoint));

    /// <summary>What a thread has done and what is current on it.</summary>
    private sealed class ThreadState
    {
        public nint Context { get; set; }

        public double Microseconds { get; set; }

        public long[] Counts { get; } = new long[Enum.GetValues<CudaEntryPoint>().Length];
    }
}
