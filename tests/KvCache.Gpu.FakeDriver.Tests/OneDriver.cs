using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>The driver is one for the whole process and counts what it has given out: tests run one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneDriver
{
    public const string Name = "One driver";
}
