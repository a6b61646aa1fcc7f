using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvCache.Memory.Mapping;

/// <summary>The memory of all chunks: a file without a name, of fixed length, that is backed piece by piece.</summary>
internal sealed class LinuxMemoryFile : IDisposable
{
    // The kernel gives up an allocation when a signal arrives, and undoes it; the runtime sends signals. So none takes long.
    private const long MostBytesPerCall = 64L << 20;
    private readonly SafeFileHandle _descriptor;

    public LinuxMemoryFile(long bytes)
    {
        _descriptor = Create();
        if (LinuxCalls.SetLength(_descriptor, (nint)bytes) != 0)
        {
            Exception failure = Failure($"ftruncate to {bytes} bytes");
            _descriptor.Dispose();
            throw failure;
        }

        // With its length sealed, no mapping can ever lie beyond the end of the file, where touching ends the process.
        _ = LinuxCalls.Control(_descriptor, LinuxCalls.AddSeals, LinuxCalls.SealSealShrinkGrow);
    }

    public SafeFileHandle Descriptor => _descriptor;

    /// <summary>Backs a part with zeroed memory.</summary>
    public bool TryAllocate(long offset, long bytes)
    {
        for (long done = 0; done < bytes; done += MostBytesPerCall)
        {
            if (!TryChange(0, offset + done, Math.Min(MostBytesPerCall, bytes - done)))
            {
                GiveBack(offset, done);
                return false;
            }
        }

        return true;
    }

    /// <summary>Gives the memory of a part back to the system.</summary>
    public void GiveBack(long offset, long bytes)
    {
        if (bytes > 0 && !TryChange(LinuxCalls.AllocateKeepSizePunchHole, offset, bytes))
        {
            throw Failure($"fallocate (punch a hole of {bytes} bytes)");
        }
    }

    /// <summary>Says which call failed and why: the system lacks or forbids it, or it has run out of something.</summary>
    public static Exception Failure(string call)
    {
        int error = Marshal.GetLastPInvokeError();
        string message = $"{call} failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}).";
        return error is LinuxCalls.NotPermitted or LinuxCalls.AccessDenied or LinuxCalls.InvalidArgument or LinuxCalls.NotImplemented
            ? new PlatformNotSupportedException(message)
            : new IOException(message);
    }

    public void Dispose() => _descriptor.Dispose();

    private static SafeFileHandle Create()
    {
        const uint Flags = LinuxCalls.MemfdCloseOnExecute | LinuxCalls.MemfdAllowSealing;
        int descriptor = LinuxCalls.CreateMemoryFile("kvcache", Flags | LinuxCalls.MemfdNoExecute);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == LinuxCalls.InvalidArgument)
        {
            descriptor = LinuxCalls.CreateMemoryFile("kvcache", Flags); // before Linux 6.3
        }

        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure("memfd_create");
    }

    private bool TryChange(int mode, long offset, long bytes)
    {
        while (LinuxCalls.Allocate(_descriptor, mode, (nint)offset, (nint)bytes) != 0)
        {
            if (Marshal.GetLastPInvokeError() != LinuxCalls.Interrupted)
            {
                return false;
            }
        }

        return true;
    }
}
