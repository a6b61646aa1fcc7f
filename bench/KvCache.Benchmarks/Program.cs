using System.Reflection;
using BenchmarkDotNet.Running;
using KvCache.Benchmarks;

BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, BenchmarkSettings.Create());
