using System.Text;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Tests.Kernels;
using KvCache.KernelGenerator;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>What the kernels on tensor cores are, as text and as NVIDIA's assembler sees them.</summary>
public sealed class TensorPtxTests
{
    private const int MostDecodeRegisters = 168;
    private const int MostPrefillRegisters = 255;
    private const string Table = "gpu-kernel-registers.md";

    /// <summary>Generation is by hand: <c>dotnet run</c> in eng/KernelGenerator.</summary>
    [Fact]
    public void Generated_kernels_are_what_the_generator_writes()
    {
        string folder = Path.Combine(Root(), "src", "KvCache.Gpu", "Cuda", "Kernels");
        Assert.Equal(
            GeneratedKernels.All.Select(static file => file.Name).Order(StringComparer.Ordinal),
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(GeneratedKernels.All, file =>
            Assert.Equal(file.Text, File.ReadAllText(Path.Combine(folder, file.Name)).Replace("\r", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_variant_has_anything_in_local_memory() => Assert.All(TensorCatalog.All, static variant =>
    {
        string ptx = TensorPtx.Of(variant);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
        Assert.Contains(".target sm_80", ptx, StringComparison.Ordinal);
        Assert.Contains("mma.sync", ptx, StringComparison.Ordinal);
    });

    [Fact]
    public void A_variant_compiled_again_has_the_same_text()
    {
        foreach (TensorVariant variant in (TensorVariant[])[TensorCatalog.All[0], TensorCatalog.All[^2]])
        {
            Assert.Equal(TensorPtx.Of(variant), TensorCompiler.Compile(variant));
        }
    }

    [Fact]
    public void Processes_compile_the_same_text()
    {
        string root = Directory.CreateTempSubdirectory("kvcache-text-").FullName;
        try
        {
            // One of them compiles less: what was compiled before must not show in a text.
            KernelProcess first = KernelProcess.Start(Path.Combine(root, "first"), "64x8.Brain", "Prefill64.Half");
            KernelProcess second = KernelProcess.Start(Path.Combine(root, "second"), "Prefill64.Half");
            first.Wait();
            second.Wait();
            string[] files = [.. Directory.GetFiles(Path.Combine(root, "second")).Select(static file => Path.GetFileName(file))];
            string only = Assert.Single(files);
            byte[] text = File.ReadAllBytes(Path.Combine(root, "second", only));
            Assert.Equal(text, File.ReadAllBytes(Path.Combine(root, "first", only)));
            Assert.Equal(3, Directory.GetFiles(Path.Combine(root, "first")).Length);
            Assert.EndsWith(TensorPtx.Of(TensorCatalog.Prefill(KvElementType.Float16, 64)!), Encoding.UTF8.GetString(text), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>The table is written anew where <c>KVCACHE_WRITE_TABLES</c> is 1.</summary>
    [Fact]
    public void Every_variant_assembles_into_the_registers_that_the_table_says()
    {
        PtxAssembler? assembler = PtxAssembler.Find();
        Assert.SkipWhen(assembler is null, "No ptxas was found: neither does KVCACHE_PTXAS name one, nor is one on the path.");
        StringBuilder table = new("""
            # What kernels on tensor cores take

            By `ptxas` 12.4. Registers of a thread; shared memory of a block. A test compares.

            | variant | threads | shared bytes | registers, 8.0 | registers, 9.0 | spilled bytes | stack bytes |
            |---|--:|--:|--:|--:|--:|--:|

            """);
        foreach (TensorVariant variant in TensorCatalog.All)
        {
            AssembledKernel old = assembler.Assemble(TensorPtx.Of(variant), 80);
            AssembledKernel hopper = assembler.Assemble(TensorPtx.Of(variant), 90);
            int most = variant.Name.Contains("Decode", StringComparison.Ordinal) ? MostDecodeRegisters : MostPrefillRegisters;
            Assert.True(old.Registers <= most && hopper.Registers <= most, $"{variant}: {old}, {hopper}; expected at most {most} registers.");
            int spilled = old.SpillLoads + old.SpillStores + hopper.SpillLoads + hopper.SpillStores;
            Assert.True(spilled + old.StackBytes + hopper.StackBytes == 0, $"{variant}: {old}, {hopper}; expected nothing outside registers.");
            table.AppendLine($"| {variant} | {variant.MaxThreads} | {variant.SharedBytes} | {old.Registers} | {hopper.Registers} | {spilled} | {old.StackBytes + hopper.StackBytes} |");
        }

        string file = Path.Combine(Root(), "docs", Table);
        if (Environment.GetEnvironmentVariable("KVCACHE_WRITE_TABLES") == "1")
        {
            File.WriteAllText(file, table.ToString());
        }

        Assert.Equal(File.ReadAllText(file), table.ToString());
    }

    /// <summary>Those among which measurements choose, of one type and one kind of pages, which change no registers to speak of.</summary>
    [Fact]
    public void Other_blocks_assemble_without_spills()
    {
        PtxAssembler? assembler = PtxAssembler.Find();
        Assert.SkipWhen(assembler is null, "No ptxas was found: neither does KVCACHE_PTXAS name one, nor is one on the path.");
        Parallel.ForEach(TensorCatalog.Others.Where(TensorPtx.IsTestedAlways), variant =>
        {
            foreach (int capability in (int[])[80, 90])
            {
                AssembledKernel assembled = assembler.Assemble(TensorPtx.Of(variant), capability);
                Assert.True(
                    assembled is { SpillLoads: 0, SpillStores: 0, StackBytes: 0, Registers: <= MostDecodeRegisters }, $"{variant} for {capability}: {assembled}");
            }
        });
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "KvCache.sln")))
        {
            folder = folder.Parent;
        }

        Assert.SkipWhen(folder is null, "The tests do not run inside of the repository.");
        return folder.FullName;
    }
}
