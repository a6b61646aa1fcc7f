using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Attention;
using KvCache.Tests.Contract;

namespace KvCache.Tests.Attention;

/// <summary>Paged memory of this process.</summary>
internal sealed class HostSite : AttentionSite
{
    public static HostSite Instance { get; } = new();

    public override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, HostDevice.Instance, deduplicate: true);
}
