using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The command <c>replay serve</c>: what it writes, and what it refuses.</summary>
public sealed class ServeCommandTests : IDisposable
{
    private const string Made = "--requests 40 --rate 4 --input 100 --output 20";
    private const string Server = "--blocks 65 --cost linear:5000,100,50";
    private readonly ReplayFolder _folder = new();

    [Theory]
    [InlineData("conv", "paged")]
    [InlineData("code", "paged")]
    [InlineData("conv", "virtual")]
    [InlineData("code", "virtual")]
    public void Steps_and_requests_are_those_of_an_independent_scheduler(string name, string manager)
    {
        string trace = SharedFiles.Find($"traces/azure2023/AzureLLMInferenceTrace_{name}.csv");
        string steps = SharedFiles.Find($"golden/scheduler/azure-{name}1000-blocks2588-nocache-steps.csv.gz");
        string requests = SharedFiles.Find($"golden/scheduler/azure-{name}1000-blocks2588-nocache-requests.csv.gz");

        Serve(
            "--trace", trace, "--first", "1000", "--allocator", manager, "--block-tokens", "16", "--blocks", "2588", "--chunk-kib", "32", "--max-sequences", "256",
            "--max-step-tokens", "2048", "--prefix-cache", "off", "--cost", "linear:5000,100,50",
            "--steps", _folder.PathOf("steps.csv"), "--requests-out", _folder.PathOf("requests.csv"));

        Assert.True(Unpacked(steps) == _folder.Read("steps.csv"));
        Assert.True(Unpacked(requests) == _folder.Read("requests.csv"));
    }

    [Fact]
    public void Everything_is_written_and_the_same_every_time()
    {
        string[] kinds = ["steps.csv", "requests.csv", "summary.json", "plot.svg"];
        string[] Files(int run) => [.. kinds.Select(kind => $"{run}-{kind}")];
        string[] outputs = [.. Enumerable.Range(0, 2).Select(run => Serve([
            .. $"{Made} {Server} --slo-ttft 500.5 --slo-tpot 60".Split(' '),
            "--steps", _folder.PathOf(Files(run)[0]), "--requests-out", _folder.PathOf(Files(run)[1]),
            "--json", _folder.PathOf(Files(run)[2]), "--plot", _folder.PathOf(Files(run)[3])]))];

        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(Files(0).Select(_folder.Read), Files(1).Select(_folder.Read));
        Assert.Equal(Files(0).Concat(Files(1)).Order(), _folder.FileNames);
        XElement plot = XDocument.Parse(_folder.Read("0-plot.svg")).Root!;
        Assert.Equal(2, plot.Elements().Count());
        Assert.Contains("Time to first token (s)", plot.Value);
        Assert.Contains("Blocks owned by requests (%)", plot.Value);
        Assert.Contains("40 requests of 100 tokens", outputs[0]);
    }

    [Fact]
    public void Several_managers_are_served_with_one_after_another()
    {
        string output = Serve([
            .. $"{Made} --blocks 1025 --cost linear:5000,100,50 --allocator paged,virtual".Split(' '),
            "--steps", _folder.PathOf("steps.csv"), "--json", _folder.PathOf("summary.json")]);

        JsonElement[] runs = [.. JsonDocument.Parse(_folder.Read("summary.json")).RootElement.GetProperty("runs").EnumerateArray()];
        Assert.Equal(["paged", "virtual"], runs.Select(static run => run.GetProperty("allocator").GetString()));
        Assert.Equal(["steps.paged.csv", "steps.virtual.csv", "summary.json"], _folder.FileNames);
        Assert.Contains("virtual", output);

        // 1,024 blocks are 16 groups of 64: 16 requests at a time, and 40 are served all the same.
        Assert.All(runs, static run => Assert.Equal(40, run.GetProperty("served").GetInt32()));
        Assert.Equal([1024, 1024], runs.Select(static run => run.GetProperty("blocks").GetInt32()));
        Assert.All(runs, static run => Assert.Equal(2L << 20, run.GetProperty("chunkBytes").GetInt64()));
        Assert.InRange(Rows("steps.virtual.csv").Max(static row => row[7]), 1, 16);
        Assert.All(Rows("steps.virtual.csv"), static row => Assert.Equal(0, row[9] % 64));
    }

    [Fact]
    public void The_summary_says_what_the_files_say()
    {
        Serve([
            .. $"{Made} {Server} --slo-ttft 17 --slo-tpot 8".Split(' '),
            "--steps", _folder.PathOf("steps.csv"), "--requests-out", _folder.PathOf("requests.csv"), "--json", _folder.PathOf("summary.json")]);

        JsonElement run = Assert.Single(JsonDocument.Parse(_folder.Read("summary.json")).RootElement.GetProperty("runs").EnumerateArray());
        long[][] requests = Rows("requests.csv");
        long[][] steps = Rows("steps.csv");
        double[] firstToken = [.. requests.Select(static row => (row[4] - row[1]) / 1e3).Order()];
        double[] perToken = [.. requests.Select(static row => (row[5] - row[4]) / 1e3 / (row[3] - 1)).Order()];
        Assert.Equal("paged", run.GetProperty("allocator").GetString());
        Assert.Equal((40, 0), (run.GetProperty("served").GetInt32(), run.GetProperty("refused").GetInt32()));
        Assert.Equal(64, run.GetProperty("blocks").GetInt32());
        Assert.Equal(steps.Length, run.GetProperty("steps").GetInt32());
        Assert.Equal(firstToken.Average(), run.GetProperty("ttftMs").GetProperty("mean").GetDouble(), 0.001);
        Assert.Equal(firstToken[36], run.GetProperty("ttftMs").GetProperty("p90").GetDouble(), 0.001);
        Assert.Equal(perToken.Average(), run.GetProperty("tpotMs").GetProperty("mean").GetDouble(), 0.001);
        Assert.Equal(requests.Sum(static row => row[6]), run.GetProperty("preemptions").GetInt64());
        Assert.Equal(steps.Max(static row => 64 - row[9]), run.GetProperty("peakBlocks").GetInt64());
        Assert.Equal(
            requests.Count(static row => row[4] - row[1] > 17_000 || row[5] - row[4] > 8_000 * (row[3] - 1)), run.GetProperty("violations").GetInt32());
        Assert.InRange(run.GetProperty("violations").GetInt32(), 1, 39);
    }

    [Fact]
    public void A_prefix_cache_finds_what_a_trace_repeats()
    {
        string trace = _folder.Write("trace.jsonl", string.Concat(Enumerable.Repeat(
            """{"timestamp": 1000, "input_length": 64, "output_length": 4, "hash_ids": [1, 2, 3, 4]}""" + "\n", 3)));
        long Hits(string cache)
        {
            Serve(["--trace", trace, "--prefix-cache", cache, .. Server.Split(' '), "--max-sequences", "1", "--json", _folder.PathOf("summary.json")]);
            return JsonDocument.Parse(_folder.Read("summary.json")).RootElement.GetProperty("runs")[0].GetProperty("hitTokens").GetInt64();
        }

        Assert.Equal(0, Hits("off"));
        Assert.Equal(2 * 48, Hits("on"));
    }

    [Fact]
    public void Arrivals_are_scaled_and_the_first_requests_taken()
    {
        string trace = _folder.Write("trace.csv", "arrived_at_s,input_tokens,output_tokens\n0.000001,5,0\n0.000008,5,2\n9,5,2\n");

        Serve(["--trace", trace, "--first", "2", "--rate-scale", "3", .. Server.Split(' '), "--requests-out", _folder.PathOf("requests.csv")]);

        Assert.Equal([[0, 0, 5, 1], [1, 2, 5, 2]], Rows("requests.csv").Select(static row => row[..4]));
    }

    [Fact]
    public void Model_and_device_say_how_much_memory_there_is()
    {
        long Memory(params string[] options)
        {
            Serve([.. Made.Split(' '), "--model", "llama-2-7b", .. options, "--json", _folder.PathOf("summary.json")]);
            return JsonDocument.Parse(_folder.Read("summary.json")).RootElement.GetProperty("runs")[0].GetProperty("memoryBytes").GetInt64();
        }

        Assert.InRange(Memory("--device", "L20"), 27_000_000_000, 29_000_000_000);
        Assert.Equal(1L << 30, Memory("--device", "L20", "--memory-gib", "1"));
        Assert.Equal(1L << 29, Memory("--device", "l20", "--memory-gib", "0.5", "--tensor-parallel", "2"));
    }

    [Fact]
    public void Efficiencies_are_taken_by_name()
    {
        double Makespan(string cost)
        {
            Serve([.. Made.Split(' '), "--device", "L20", "--cost", cost, "--json", _folder.PathOf("summary.json")]);
            return JsonDocument.Parse(_folder.Read("summary.json")).RootElement.GetProperty("runs")[0].GetProperty("makespanMs").GetDouble();
        }

        double all = Makespan("roofline:matrix-products=0.67,prefill-attention=0.45,memory=0.75,link=0.8125,layer-overhead=20,step-overhead=5000");
        Assert.Equal(Makespan("roofline"), all);
        Assert.True(Makespan("roofline:memory=0.5") > all);
        Assert.True(Makespan("roofline:step-overhead=0") < all);
    }

    [Theory]
    [InlineData("serve", "Expected --trace, or --requests, --rate, --input and --output.")]
    [InlineData("serve --requests 5 --rate 1 --input 7", "--output")]
    [InlineData("serve --trace x " + Made, "Expected --trace or --requests, found both.")]
    [InlineData("serve --first 3 " + Made, "Expected --first only where there is a --trace.")]
    [InlineData("serve " + Made, "--device")]
    [InlineData("serve --cost roofline --blocks 5 " + Made, "--cost roofline: expected a --device, found none.")]
    [InlineData("serve --cost linear:1,2,3 " + Made, "Expected --blocks, --memory-gib or --device")]
    [InlineData("serve --cost linear:1,2 --blocks 5 " + Made, "linear:BASE,PREFILL,DECODE")]
    [InlineData("serve --cost linear:1,2,-3 --blocks 5 " + Made, "'linear:1,2,-3'")]
    [InlineData("serve --cost linear:1,2,3,4 --blocks 5 " + Made, "'linear:1,2,3,4'")]
    [InlineData("serve --cost free --blocks 5 " + Made, "not 'free'")]
    [InlineData("serve --cost roofline:memory=1.5 --device L20 " + Made, "not 'memory=1.5'")]
    [InlineData("serve --cost roofline:speed=1 --device L20 " + Made, "not 'speed=1'")]
    [InlineData("serve --cost roofline:link --device L20 " + Made, "not 'link'")]
    [InlineData("serve --cost table: --blocks 5 " + Made, "not 'table:'")]
    [InlineData("serve --cost table:/none --blocks 5 " + Made, "dense.csv:1: expected a table of measured times that can be read")]
    [InlineData("serve --blocks 5 --memory-gib 1 --cost linear:1,2,3 " + Made, "Expected --blocks or --memory-gib, found both.")]
    [InlineData("serve --blocks 1 --cost linear:1,2,3 " + Made, "one of --blocks is never used")]
    [InlineData("serve --memory-gib 0.0001 --cost linear:1,2,3 " + Made, "found memory for 0.")]
    [InlineData("serve --model Llama-3.1-70B --device L20 " + Made, "once the weights have theirs")]
    [InlineData("serve --model Llama-4 --device L20 " + Made, "--model takes Llama-2-7B or")]
    [InlineData("serve --device TPU " + Made, "--device takes L20 or")]
    [InlineData("serve --tensor-parallel 3 --device L20 " + Made, "--tensor-parallel 3: expected devices that can share the 32 query heads")]
    [InlineData("serve --allocator paged,paged --blocks 5 --cost linear:1,2,3 " + Made, "--allocator takes different ones of paged")]
    [InlineData("serve --allocator vtensor-2 --blocks 5 --cost linear:1,2,3 " + Made, "not 'vtensor-2'")]
    [InlineData("serve --blocks 5 --cost linear:1,2,3 --requests 5 --rate 0 --input 7 --output 1", "--rate takes a number above 0, not '0'.")]
    [InlineData("serve --blocks 5 --cost linear:1,2,3 --slo-ttft -1 " + Made, "--slo-ttft")]
    [InlineData("serve --blocks 2147483647 --block-tokens 2147483647 --cost linear:1,2,3 " + Made, "addressed")]
    [InlineData("serve --blocks 5 --cost linear:1,2,3 --trace /none.csv", "/none.csv:1: expected a trace file that can be read")]
    [InlineData("serve --allocator virtual --blocks 5 --cost linear:1,2,3 " + Made, "a group of 1024 tokens at least (134217728 bytes in chunks of 2097152), found 4 blocks of 16 tokens")]
    [InlineData("serve --allocator virtual --chunk-kib 48 --blocks 5 --cost linear:1,2,3 " + Made, "--chunk-kib takes a power of two from 1 to 1048576, not '48'.")]
    [InlineData("plan --device L20 --context 100", "--model")]
    [InlineData("plan --model Yi-6B --device L20", "--context")]
    [InlineData("plan --model Yi-6B --device L20 --context 2000000000 --output 2000000000", "2147483647")]
    [InlineData("plan --model Yi-6B --device L20 --context 100000 --blocks 100", "Not one sequence of 100000 + 256 tokens fits 99 blocks of 16 tokens.")]
    public void What_cannot_be_is_refused_in_one_line(string args, string expected)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run(args.Split(' '));
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("replay: ", error);
        Assert.Contains(expected, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_trace_that_goes_wrong_leaves_no_files()
    {
        string trace = _folder.Write("trace.csv", "arrived_at_s,input_tokens,output_tokens\n1,5,1\n2,5,x\n");
        (int exitCode, _, string error) = ReplayFolder.Run(["serve", "--trace", trace, .. Server.Split(' '), "--steps", _folder.PathOf("steps.csv")]);
        Assert.Equal(2, exitCode);
        Assert.Contains($"{trace}:3: expected", error);
        Assert.Equal(["trace.csv"], _folder.FileNames);
    }

    [Fact]
    public void Output_files_differ_from_each_other_and_from_the_trace()
    {
        string trace = _folder.Write("trace.csv", "arrived_at_s,input_tokens,output_tokens\n1,5,1\n");
        Assert.Contains("different files", ReplayFolder.Run(["serve", "--trace", trace, .. Server.Split(' '), "--json", trace]).Error);
        Assert.Contains("different files", ReplayFolder.Run(
            ["serve", "--trace", trace, .. Server.Split(' '), "--json", _folder.PathOf("x"), "--steps", _folder.PathOf("x")]).Error);
        Assert.Equal(["trace.csv"], _folder.FileNames);
    }

    public void Dispose() => _folder.Dispose();

    private static string Unpacked(string path)
    {
        using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    private static string Serve(params string[] options)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run(["serve", .. options]);
        Assert.Equal((0, ""), (exitCode, error));
        return output;
    }

    private long[][] Rows(string name) =>
        [.. _folder.Read(name).TrimEnd().Split('\n').Skip(1).Select(static row => row.Split(',').Select(static value => long.Parse(value, CultureInfo.InvariantCulture)).ToArray())];
}
