using Replay;

return ReplayTool.Run(args, Console.Out, Console.Error, isTerminal: !Console.IsOutputRedirected);
