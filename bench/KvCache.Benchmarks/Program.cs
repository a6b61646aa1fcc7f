using System.Reflection;
using BenchmarkDotNet.Running;
using KvCache.Benchmarks;
using KvCache.Benchmarks.Ratios;

if (args is ["ratios", .. string[] words])
{
    try
    {
        AttentionRatios.Run(RatioOptions.Parse(words), Console.Out);
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
