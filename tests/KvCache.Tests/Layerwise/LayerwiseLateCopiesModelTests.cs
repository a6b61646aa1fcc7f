using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.Model;
using Xunit;

namespace KvCache.Tests.Layerwise;

/// <summary>Programs with room on the device for two of five layers, where copies are late.</summary>
public sealed class LayerwiseLateCopiesModelTests : KvAllocatorModel
{
    private double _passes = 0.05;

    /// <summary>Failures found by programs are kept here, in the words in which they were printed.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    public void A_program_that_once_failed_runs_as_modelled(double passes)
    {
        _passes = passes;
        const string Program =
            "7; 37; Open 0 9 0; Open 0 1045184 0; Open 7 7470 6; Open 0 0 0; Close 0 0 0; Open 0 0 0; Fork 0 0 0; " +
            "Open 0 569496 663483; Close 134374 0 0; Append 0 12 0; Close 718938 0 0; Append 7 8 0; Begin 0 0 872115; " +
            "Append 1 6 0; Open 0 0 9; Append 556697 259542 663384; Close 366725 207767 740949; Open 518474 663816 486687; " +
            "Complete 295567 538857 815178; Begin 285656 712654 150188; Open 452886 890395 919070; " +
            "Open 351547 684854 713676; Open 332226 149085 644660; Open 343391 633862 1028193; Close 303617 458991 67425; " +
            "Fork 682033 372094 451812";
        Replay(Program, new ContractSetup { Deduplicate = true });
    }

    protected override bool LayersMove => true;

    protected override bool CopiesFail => false;

    protected override int Operations => ModelSettings.Operations / 40;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        LayerwiseAllocators.TwoOfFive(setup, new WaywardLink(seed: 6, passes: _passes));
}
