using System.Reflection;
using BenchmarkDotNet.Running;
using KvCache.Benchmarks;
using KvCache.Benchmarks.Ratios;

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

BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, BenchmarkSettings.Create());
return 0;
