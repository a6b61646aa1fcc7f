using KvCache.KernelGenerator;

string folder = args is [string named] ? named : Path.Combine("..", "..", "src", "KvCache.Gpu", "Cuda", "Kernels");
foreach ((string name, string text) in GeneratedKernels.All)
{
    File.WriteAllText(Path.Combine(folder, name), text);
    Console.WriteLine(name);
}
