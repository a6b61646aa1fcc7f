using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Cuda.Tests;

/// <summary>This machine's first GPU; tests that ask for it are skipped where there is none.</summary>
internal sealed class Gpu : IDisposable
{
    private readonly Lazy<(CudaDevice Device, CudaHostLink Link)> _opened = new(Open);

    public CudaDevice Device => _opened.Value.Device;

    public CudaHostLink Link => _opened.Value.Link;

    /// <summary>The bytes at the GPU's addresses, read and written through copies.</summary>
    public DeviceMemory Bytes => new CopiedBytes(_opened.Value.Link);

    public void Dispose()
    {
        if (_opened.IsValueCreated)
        {
            _opened.Value.Link.Dispose();
            _opened.Value.Device.Dispose();
        }
    }

    private static (CudaDevice Device, CudaHostLink Link) Open()
    {
        bool found = CudaDriver.TryLoad(out CudaDriver? driver, out string? reason);
        Assert.SkipUnless(found, reason ?? "");
        Assert.SkipUnless(driver!.GetDevices().Count > 0, "The CUDA driver knows no device.");
        CudaDevice device = CudaDevice.Open(driver);
        return (device, new CudaHostLink(device));
    }

    private sealed unsafe class CopiedBytes(CudaHostLink link) : DeviceMemory
    {
        public override bool Remembers => true;

        public override void Write(nint address, ReadOnlySpan<byte> bytes)
        {
            fixed (byte* source = bytes)
            {
                Assert.True(link.CopyToDevice([new KvCopy((nint)source, address, bytes.Length)]).Wait());
            }
        }

        public override void Read(nint address, Span<byte> bytes)
        {
            fixed (byte* destination = bytes)
            {
                Assert.True(link.CopyToHost([new KvCopy(address, (nint)destination, bytes.Length)]).Wait());
            }
        }
    }
}
