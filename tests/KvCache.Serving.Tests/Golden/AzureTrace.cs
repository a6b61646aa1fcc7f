using System.Globalization;
using KvCache.Serving.Simulation;

namespace KvCache.Serving.Tests.Golden;

/// <summary>Rows of an Azure 2023 trace, arrivals in whole microseconds since the first.</summary>
internal static class AzureTrace
{
    public static IEnumerable<SimulatedRequest> Read(string name, int rows = int.MaxValue)
    {
        long? first = null;
        foreach (string line in File.ReadLines(SharedFiles.Find($"traces/azure2023/AzureLLMInferenceTrace_{name}.csv")).Skip(1).Take(rows))
        {
            string[] fields = line.Split(',');
            long microseconds = DateTime.Parse(fields[0], CultureInfo.InvariantCulture).Ticks / TimeSpan.TicksPerMicrosecond;
            first ??= microseconds;
            yield return new SimulatedRequest(
                TimeSpan.FromMicroseconds(microseconds - first.Value),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                Math.Max(1, int.Parse(fields[2], CultureInfo.InvariantCulture)));
        }
    }
}
