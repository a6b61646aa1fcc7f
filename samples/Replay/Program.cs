using System.CommandLine;

RootCommand root = new("Replays a request trace through a KV-cache manager.");
return root.Parse(args).Invoke();
