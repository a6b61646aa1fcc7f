using System.Diagnostics;
using System.Text.RegularExpressions;

namespace KvCache.Gpu.Tests.Kernels;

/// <summary>NVIDIA's assembler, where it is installed.</summary>
internal sealed partial class PtxAssembler
{
    private readonly string _path;

    private PtxAssembler(string path) => _path = path;

    /// <summary>The assembler that <c>KVCACHE_PTXAS</c> names, or the one on the path; null where there is none.</summary>
    public static PtxAssembler? Find()
    {
        string? named = Environment.GetEnvironmentVariable("KVCACHE_PTXAS");
        IEnumerable<string> places = named is not null
            ? [named]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "ptxas"));
        return places.FirstOrDefault(File.Exists) is { } path ? new PtxAssembler(path) : null;
    }

    /// <summary>Assembles a text; the answer is what it takes, or an exception tells what is wrong with it.</summary>
    public AssembledKernel Assemble(string ptx, int capability)
    {
        string file = Path.Combine(Path.GetTempPath(), $"kvcache-{Guid.NewGuid():N}.ptx");
        try
        {
            File.WriteAllText(file, ptx);
            ProcessStartInfo start = new(_path, ["-v", $"-arch=sm_{capability}", "-o", file + ".cubin", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd() + errors.Result;
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"ptxas ended with {process.ExitCode}: {output[..Math.Min(output.Length, 2000)]}");
            }

            return new AssembledKernel(Number(Registers(), output), Number(SpillStores(), output), Number(SpillLoads(), output), Number(Stack(), output));
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".cubin");
        }
    }

    private static int Number(Regex pattern, string text) => int.Parse(pattern.Match(text).Groups[1].Value);

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex SpillStores();

    [GeneratedRegex(@"(\d+) bytes spill loads")]
    private static partial Regex SpillLoads();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex Stack();
}

/// <summary>What a kernel takes of the device, a thread.</summary>
internal readonly record struct AssembledKernel(int Registers, int SpillStores, int SpillLoads, int StackBytes);
