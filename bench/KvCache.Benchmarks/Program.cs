using System.Reflection;
using BenchmarkDotNet.Running;
using KvCache.Benchmarks;
using KvCache.Benchmarks.Ratios;

if (args is ["ratios", .. string[] words])
{
    return AttentionRatios.Run(RatioOptions.Parse(words), Console.Out);
}

BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, BenchmarkSettings.Create());
return 0;
