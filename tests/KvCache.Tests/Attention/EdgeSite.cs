using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Attention;
using KvCache.Tests.Contract;

namespace KvCache.Tests.Attention;

/// <summary>Where pages and operands end at the end of what may be read.</summary>
internal sealed class EdgeSite : AttentionSite
{
    private readonly GuardedDevice _device = new();

    /// <summary>The edge, where the system has guard pages; else plain memory.</summary>
    public static AttentionSite Instance { get; } = OperatingSystem.IsLinux() ? new EdgeSite() : HostSite.Instance;

    public override int GuardElements => 0;

    public override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, _device, deduplicate: true);

    public override KvArena AllocateOperand(IKvDevice device, long bytes) => GuardedDevice.Allocate(bytes, sizeof(float));
}
