using System.Reflection;
using BenchmarkDotNet.Running;
using KvCache.Benchmarks;
using KvCache.Benchmarks.Ratios;
using KvCache.Benchmarks.Suspension;

if (args is ["ratios" or "places", .. string[] words])
{
    try
    {
        Comparison comparison = args[0] == "places" ? Comparison.OfPlaces : Comparison.OfAttention;
        AttentionRatios.Run(comparison, RatioOptions.Parse(words), Console.Out);
        return 0;
    }
    catch (ArgumentException exception)
    {
        Console.Error.WriteLine(exception.Message);
        return 1;
    }
}

if (args is ["suspension"])
{
    SuspensionTable.Run(Console.Out);
    return 0;
}

BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, BenchmarkSettings.Create());
return 0;
