using System.Globalization;
using System.Text;

namespace KvCache.Gpu.Devices.Cuda;

/// <summary>A kernel that the driver has compiled from PTX, and how it is launched.</summary>
internal sealed unsafe class CudaFunction
{
    private const int LogBytes = 8192;
    private const int ErrorLogBuffer = 5; // CU_JIT_ERROR_LOG_BUFFER
    private const int ErrorLogBytes = 6; // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
    private const int MostDynamicSharedBytes = 8; // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    private const nint ParameterBuffer = 1; // CU_LAUNCH_PARAM_BUFFER_POINTER
    private const nint ParameterBytes = 2; // CU_LAUNCH_PARAM_BUFFER_SIZE

    private readonly CudaContext _context;
    private readonly nint _stream;
    private readonly nint _module;
    private readonly int _threads;
    private readonly int _sharedBytes;
    private nint _function;

    private CudaFunction(CudaContext context, nint stream, nint module, int threads, int sharedBytes)
    {
        _context = context;
        _stream = stream;
        _module = module;
        _threads = threads;
        _sharedBytes = sharedBytes;
    }

    /// <summary>Gets how many of the kernel's blocks a multiprocessor has at work at once; at least 1.</summary>
    public int BlocksOfMultiprocessor { get; private set; }

    /// <summary>Compiles a text and asks for what its launches need; what was loaded is unloaded where something is refused.</summary>
    /// <exception cref="GpuException">The driver refused; for the text itself the message has its compiler's log.</exception>
    public static CudaFunction Load(CudaContext context, nint stream, string ptx, int threads, int sharedBytes)
    {
        using CudaContext.Scope scope = context.Enter();
        CudaFunction function = new(context, stream, LoadModule(context.Functions, ptx), threads, sharedBytes);
        try
        {
            function.Prepare(ptx);
            return function;
        }
        catch
        {
            context.Functions.ModuleUnload(function._module);
            throw;
        }
    }

    /// <summary>Submits the kernel to the device's stream. Allocates nothing.</summary>
    /// <param name="x">Blocks along x.</param>
    /// <param name="y">Blocks along y.</param>
    /// <param name="arguments">The kernel's only parameter.</param>
    /// <exception cref="GpuException">The driver refused.</exception>
    public void Launch<TArguments>(int x, int y, in TArguments arguments)
        where TArguments : unmanaged
    {
        using CudaContext.Scope scope = _context.Enter();
        nuint bytes = (nuint)sizeof(TArguments);
        fixed (TArguments* buffer = &arguments)
        {
            void** extra = stackalloc void*[] { (void*)ParameterBuffer, buffer, (void*)ParameterBytes, &bytes, null };
            CudaContext.Check(
                _context.Functions.Launch(_function, (uint)x, (uint)y, 1, (uint)_threads, 1, 1, (uint)_sharedBytes, _stream, null, extra),
                "cuLaunchKernel");
        }
    }

    /// <summary>Unloads the kernel; it is not at work any more.</summary>
    public void Unload()
    {
        using CudaContext.Scope scope = _context.Enter();
        _context.Succeeded(_context.Functions.ModuleUnload(_module), "cuModuleUnload");
    }

    private static nint LoadModule(CudaFunctions functions, string ptx)
    {
        byte[] text = Encoding.UTF8.GetBytes(ptx + '\0');
        byte[] log = new byte[LogBytes];
        nint module;
        fixed (byte* start = text)
        fixed (byte* said = log)
        {
            int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBytes };
            void** values = stackalloc void*[] { said, (void*)LogBytes };
            int answer = functions.ModuleLoad(&module, start, 2, options, values);
            if (answer != 0)
            {
                GpuException plain = CudaContext.Describe(answer, "cuModuleLoadDataEx");
                int length = Array.IndexOf(log, (byte)0);
                string details = Encoding.UTF8.GetString(log, 0, length < 0 ? log.Length : length).Trim();
                throw new GpuException(plain.Operation, plain.Code, plain.CodeName, details);
            }
        }

        return module;
    }

    private static string EntryOf(string ptx)
    {
        const string Mark = ".entry ";
        int start = ptx.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
        return ptx[start..ptx.IndexOf('(', start)].Trim();
    }

    private void Prepare(string ptx)
    {
        nint function;
        fixed (byte* name = Encoding.UTF8.GetBytes(EntryOf(ptx) + '\0'))
        {
            CudaContext.Check(_context.Functions.ModuleGetFunction(&function, _module, name), "cuModuleGetFunction");
        }

        _function = function;
        CudaContext.Check(_context.Functions.FunctionSetAttribute(function, MostDynamicSharedBytes, _sharedBytes), "cuFuncSetAttribute");
        int blocks;
        const string Occupancy = "cuOccupancyMaxActiveBlocksPerMultiprocessor";
        CudaContext.Check(_context.Functions.Occupancy(&blocks, function, _threads, (nuint)_sharedBytes), Occupancy);
        BlocksOfMultiprocessor = blocks > 0
            ? blocks
            : throw new GpuException(Occupancy, 0, "CUDA_SUCCESS", string.Create(
                CultureInfo.InvariantCulture, $"no block of {_threads} threads and {_sharedBytes} bytes of shared memory fits on a multiprocessor."));
    }
}
