using System.Diagnostics;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>A process that compiles kernels into a folder: <c>gpu-check --kernels</c>.</summary>
internal sealed class KernelProcess
{
    private readonly Process _process;

    private KernelProcess(Process process) => _process = process;

    public static KernelProcess Start(string folder, params string[] only)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } named ? named : "dotnet";
        ProcessStartInfo start = new(host, [
            "exec", Path.Combine(AppContext.BaseDirectory, "gpu-check.dll"), "--kernels", folder, .. only.SelectMany(static text => (string[])["--only", text])])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new KernelProcess(Process.Start(start)!);
    }

    /// <summary>Waits for its end, which must be a good one; what it has printed.</summary>
    public string Wait()
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        string output = _process.StandardOutput.ReadToEnd();
        _process.WaitForExit();
        Assert.True(_process.ExitCode == 0, $"Code {_process.ExitCode}: {output}{errors.Result}");
        _process.Dispose();
        return output;
    }
}
