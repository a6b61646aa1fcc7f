using System.Globalization;
using System.Xml.Linq;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The command <c>replay memory</c>: the figures of the paper that virtual tensors come from, out of the real managers on a simulated driver.</summary>
public sealed class MemoryCommandTests : IDisposable
{
    private const double Gib = 1L << 30;

    /// <summary>80 GB, of which weights and activations take 14, as the paper has them.</summary>
    private const string Device = "--device A100-80G --device-gib 80 --occupied-gib 14 --batch 8,16,32,64";
    private readonly ReplayFolder _folder = new();

    private sealed record Row(string Manager, int Batch, int Running, long Free, long Used, long Tokens);

    /// <summary>About 4,096 tokens a request (2,048 of a prompt, and answers of up to 4,096 in all stages): figure 2 of the paper.</summary>
    [Fact]
    public void Free_memory_is_what_the_paper_measured()
    {
        Row[] rows = Memory($"--model Yi-6B --context 2048 --output 4096 {Device}");

        double[] free = [.. Of(rows, "virtual").Select(static row => row.Free / Gib)];
        AssertWithin([63.5, 61, 56, 46], free);
        AssertWithin([56.6], [free.Average()]);
        AssertWithin([30, 46, 78], Of(rows, "static").Where(static row => row.Running > 0).Select(static row => row.Used / Gib));
        Assert.Equal([8, 16, 32, 0], Of(rows, "static").Select(static row => row.Running));
        Assert.Single(Of(rows, "paged").Select(static row => row.Used).Distinct());
        Assert.All(Of(rows, "virtual"), static row => Assert.Equal(row.Batch * 4096L * 64 * 1024, row.Tokens));
    }

    /// <summary>12,288 tokens a request, and the next chunk of each mapped ahead: figure 11a of the paper.</summary>
    [Fact]
    public void Used_memory_of_long_requests_is_what_the_paper_measured()
    {
        Row[] rows = Memory($"--model Yi-6B --context 8192 --output 4096 --answers complete --lookahead 100 {Device}");

        AssertWithin([21, 28, 42, 70], Of(rows, "virtual").Select(static row => row.Used / Gib));
        AssertWithin([39.8], [Of(rows, "virtual").Average(static row => row.Free / Gib)]);
    }

    [Fact]
    public void Where_memory_runs_out_it_says_how_many_run()
    {
        Row[] rows = Memory("--model Yi-6B --context 8192 --output 4096 --answers complete --lookahead 100 --device A100-80G --device-gib 80 --occupied-gib 14 --batch 128");

        // (80 − 14) GiB / 0.875 GiB a request is 75; those that come last may have what was mapped ahead for others.
        Row row = Assert.Single(Of(rows, "virtual"));
        Assert.InRange(row.Running, 75, 88);
        Assert.True(row.Free < Gib);
        Assert.Equal(row.Running * 12_288L * 64 * 1024, row.Tokens);
    }

    [Theory]
    [InlineData("Llama-2-7B", 1, 256, 128)]
    [InlineData("Llama-3.1-8B", 1, 1_024, 128)]
    [InlineData("Yi-6B", 1, 2_048, 128)]
    [InlineData("Yi-9B", 2, 4_096, 192)]
    [InlineData("Yi-34B", 4, 4_096, 240)]
    [InlineData("Llama-3.1-70B", 4, 4_096, 320)]
    public void Chunks_hold_so_many_tokens_and_the_shortest_sequence_takes_so_much(string model, int devices, int chunkTokens, int mebibytes)
    {
        Row[] rows = Memory($"--model {model} --tensor-parallel {devices} --device H100 --context 1 --output 1 --batch 1,3 --longest 4096", out string output);

        Assert.Equal($"{chunkTokens:N0}", Figure(output, "tokens of a chunk"));
        Assert.Equal($"{mebibytes}", Figure(output, "least memory of a sequence, MiB"));

        // And that is what the driver gave: two sequences more take twice as much.
        long[] used = [.. Of(rows, "virtual").Select(static row => row.Used)];
        Assert.Equal(2L * mebibytes << 20, used[1] - used[0]);
    }

    /// <summary>Chunks of 64 KiB are groups of 32 tokens: a sequence of 100 to 200 tokens takes at most 31 more than it has.</summary>
    [Fact]
    public void Small_chunks_waste_little()
    {
        Row[] rows = Memory("--model Llama-3.1-8B --device L40S --occupied-gib 20 --context 100 --output 100 --batch 32 --chunk-kib 64");

        Row row = Of(rows, "virtual").Single();
        Assert.Equal(32, row.Running);
        Assert.InRange(row.Used - (20L << 30) - row.Tokens, 1, 32 * 31 * 128 * 1024);
    }

    [Fact]
    public void Everything_is_written_and_the_same_every_time()
    {
        string[] texts = [.. Enumerable.Range(0, 2).Select(run =>
        {
            Memory($"--model Qwen3-32B --tensor-parallel 4 --device A40 --context 500 --output 500 --batch 4,1 --plot {_folder.PathOf($"{run}.svg")}", out string output);
            return output + _folder.Read("memory.csv") + _folder.Read($"{run}.svg");
        })];

        Assert.Equal(texts[0], texts[1]);
        XElement plot = XDocument.Parse(_folder.Read("0.svg")).Root!;
        Assert.Contains("Free memory (GiB)", plot.Value);
        Assert.Contains("Qwen3-32B on A40", plot.Value);
        Assert.All(["paged", "virtual", "static"], manager => Assert.Contains(manager, plot.Value));
    }

    [Theory]
    [InlineData("--model Yi-6B --context 5 --output 5", "--device")]
    [InlineData("--model Yi-6B --device L20 --output 5", "--context")]
    [InlineData("--model Llama-3.1-70B --device L20 --context 5 --output 5", "expected a device that holds more")]
    [InlineData("--model Llama-3.1-70B --device L20 --occupied-gib 45 --context 5 --output 5", "expected a device that holds more")]
    [InlineData("--model Yi-6B --device L20 --context 30000 --output 3000", "Expected at most 32768 tokens, as --longest says, found 30000 + 3000.")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --batch 4,4", "--batch takes different whole numbers of at least 1, not '4,4'.")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --batch 0", "--batch")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --utilization 1.5", "--utilization")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --device-gib 99999999", "--device-gib")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --tensor-parallel 3", "--tensor-parallel 3")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --chunk-kib 32", "--chunk-kib takes a power of two from 64")]
    [InlineData("--model Yi-6B --device L20 --context 5 --output 5 --batch 2000000000", "2000000000 sequences")]
    public void What_cannot_be_is_refused_in_one_line(string args, string expected)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run(["memory", .. args.Split(' ')]);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("replay: ", error);
        Assert.Contains(expected, error, StringComparison.OrdinalIgnoreCase);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    public void Dispose() => _folder.Dispose();

    private Row[] Memory(string options) => Memory(options, out _);

    private Row[] Memory(string options, out string output)
    {
        (int exitCode, output, string error) = ReplayFolder.Run(["memory", .. options.Split(' '), "--csv", _folder.PathOf("memory.csv")]);
        Assert.Equal((0, ""), (exitCode, error));
        string[] lines = _folder.Read("memory.csv").TrimEnd().Split('\n');
        Assert.Equal("allocator,batch,running,free_bytes,used_bytes,token_bytes", lines[0]);
        return [.. lines[1..].Select(static line =>
        {
            string[] fields = line.Split(',');
            long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
            return new Row(fields[0], (int)Number(1), (int)Number(2), Number(3), Number(4), Number(5));
        })];
    }

    private static IEnumerable<Row> Of(IEnumerable<Row> rows, string manager) => rows.Where(row => row.Manager == manager).OrderBy(static row => row.Batch);

    private static void AssertWithin(double[] expected, IEnumerable<double> actual)
    {
        double[] found = [.. actual];
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), static pair => Assert.InRange(pair.Second, pair.First * 0.98, pair.First * 1.02));
    }

    private static string Figure(string output, string name) =>
        output.Split('\n').Single(row => row.Contains(name, StringComparison.Ordinal)).Split('│')[2].Trim();
}
