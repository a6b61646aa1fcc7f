using Xunit;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>Tests that count a shared device's memory: nobody else uses it meanwhile.</summary>
[CollectionDefinition(nameof(AloneOnTheDevice), DisableParallelization = true)]
public sealed class AloneOnTheDevice;
