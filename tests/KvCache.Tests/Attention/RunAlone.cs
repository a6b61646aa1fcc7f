using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>Tests that watch the whole process: nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunAlone
{
    public const string Name = "run alone";
}
