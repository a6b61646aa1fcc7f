using KvCache.GpuCheck;

return GpuCheckTool.Run(args, Console.Out, Console.Error);
