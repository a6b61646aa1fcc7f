using KvCache.Attention;
using Xunit.Sdk;

namespace KvCache.Specs.Attention;

/// <summary>What every attention promises. A test project derives one class per attention and device.</summary>
/// <remarks>
/// Memory is reached through the <see cref="Site"/> alone. Every case fills all pages that are not its rows' with poison,
/// and checks that nothing but the step's positions and its output was written.
/// </remarks>
public abstract partial class KvAttentionContract : IDisposable
{
    private readonly List<AttentionScene> _scenes = [];
    private IKvAttention? _attention;

    /// <summary>Where the attention under test works.</summary>
    protected abstract AttentionSite Site { get; }

    /// <summary>The attention under test; one serves all cases of a test.</summary>
    protected IKvAttention Attention => _attention ??= CreateAttention();

    /// <summary>The relative error allowed against a reference that reads what is stored.</summary>
    protected virtual double Tolerance => 2e-6;

    /// <summary>Types of operands that the attention refuses.</summary>
    protected virtual IReadOnlyList<KvElementType> RefusedOperandTypes => [KvElementType.Float16, KvElementType.BFloat16];

    /// <summary>Makes an attention of the kind under test.</summary>
    protected abstract IKvAttention CreateAttention();

    /// <summary>Lays a case out until the end of the test.</summary>
    protected AttentionScene Arrange(AttentionCase drawn)
    {
        AttentionScene scene = new(Site, drawn);
        _scenes.Add(scene);
        return scene;
    }

    /// <summary>An allocator that has room for the rows of a case.</summary>
    private CacheFixture Open(AttentionCase drawn)
    {
        IKvAllocator allocator = Site.CreateAllocator(BatchLayout.SetupOf(drawn));
        return new CacheFixture(allocator, Site.MemoryOf(allocator.Device));
    }

    /// <summary>Runs a case and compares its output with the reference.</summary>
    protected void Check(AttentionCase drawn)
    {
        using AttentionScene scene = new(Site, drawn);
        Check(scene);
    }

    /// <summary>Runs a scene and compares its output with the reference.</summary>
    protected float[] Check(AttentionScene scene)
    {
        try
        {
            float[] output = scene.Run(Attention);
            OutputComparison.AssertNear(output, scene.ExpectedOfStored(), Tolerance, "the formula");
            return output;
        }
        catch (Exception exception)
        {
            throw new XunitException($"{scene.Case}\n{exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        _scenes.ForEach(scene => scene.Dispose());
        _attention?.Dispose();
        GC.SuppressFinalize(this);
    }
}
