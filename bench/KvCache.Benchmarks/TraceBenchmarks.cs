using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using KvCache.Serving.Traces;

namespace KvCache.Benchmarks;

/// <summary>Read a trace of 10,000 requests, per request: against what one writes first with the class library.</summary>
public class TraceBenchmarks
{
    private const int Requests = 10_000;
    private string _csv = null!;
    private string _json = null!;

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        DateTime date = new(2023, 11, 16, 18, 15, 46, DateTimeKind.Utc);
        _csv = Path.GetTempFileName();
        _json = Path.GetTempFileName();
        File.WriteAllLines(_csv, Enumerable.Range(0, Requests)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{date.AddTicks(i * 1_234_567L):yyyy-MM-dd HH:mm:ss.fffffff},{random.Next(1, 9_999)},{random.Next(1, 999)}"))
            .Prepend("TIMESTAMP,ContextTokens,GeneratedTokens"));
        File.WriteAllLines(_json, Enumerable.Range(0, Requests).Select(i =>
        {
            int blocks = random.Next(1, 50);
            return $$"""{"timestamp": {{i * 100}}, "input_length": {{blocks * 512}}, "output_length": 100, "hash_ids": [{{string.Join(", ", Enumerable.Range(random.Next(100_000), blocks))}}]}""";
        }));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        File.Delete(_csv);
        File.Delete(_json);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public long CsvBySplitting()
    {
        long sum = 0;
        foreach (string line in File.ReadLines(_csv).Skip(1))
        {
            string[] fields = line.Split(',');
            sum += DateTime.Parse(fields[0], CultureInfo.InvariantCulture).Ticks
                + int.Parse(fields[1], CultureInfo.InvariantCulture)
                + int.Parse(fields[2], CultureInfo.InvariantCulture);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Requests)]
    public long CsvByReader() => Read(_csv);

    [Benchmark(OperationsPerInvoke = Requests)]
    public long JsonByDocument()
    {
        long sum = 0;
        Dictionary<long, int> numbers = [];
        foreach (string line in File.ReadLines(_json))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement request = document.RootElement;
            sum += request.GetProperty("timestamp").GetInt64() + request.GetProperty("input_length").GetInt32() + request.GetProperty("output_length").GetInt32();
            foreach (JsonElement id in request.GetProperty("hash_ids").EnumerateArray())
            {
                numbers.TryAdd(id.GetInt64(), numbers.Count);
            }
        }

        return sum + numbers.Count;
    }

    [Benchmark(OperationsPerInvoke = Requests)]
    public long JsonByReader() => Read(_json);

    private static long Read(string path)
    {
        long sum = 0;
        using TraceReader reader = TraceReader.Open(path);
        while (reader.TryRead(out TraceRequest? request))
        {
            sum += request.Arrival.Ticks + request.PromptTokens + request.OutputTokens;
        }

        return sum + reader.DistinctBlocks;
    }
}
