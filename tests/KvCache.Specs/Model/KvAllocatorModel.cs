using FsCheck;
using FsCheck.Fluent;
using KvCache.Memory;
using KvCache.Specs.Devices;
using Microsoft.FSharp.Core;
using Xunit;

namespace KvCache.Specs.Model;

/// <summary>Random programs against a naive model. A test project derives one class per manager.</summary>
/// <remarks>
/// The seed is fixed and printed; <see cref="ModelSettings"/> says how to change it. A failure prints the smallest
/// program that still fails, as text for <see cref="Replay"/>.
/// </remarks>
public abstract class KvAllocatorModel
{
    private static readonly KvGeometry Geometry = new(new KvLayerGroup(2, 1, 2, 3, KvElementType.Float16));

    protected abstract IKvAllocator CreateAllocator(ContractSetup setup);

    protected virtual DeviceMemory MemoryOf(IKvDevice device) => DeviceMemory.Of(device);

    /// <summary>Whether layers leave the device between their turns: an address is nobody's then for longer than a layer is entered.</summary>
    protected virtual bool LayersMove => false;

    /// <summary>The tokens in which a manager takes memory: a block, or whole blocks.</summary>
    protected virtual int GroupTokensOf(IKvAllocator allocator) => allocator.BlockTokens;

    /// <summary>Whether copies that a device lets fail are seen to fail, and not made over a link instead.</summary>
    protected virtual bool CopiesFail => true;

    /// <summary>Operations per kind of program, at least.</summary>
    protected virtual int Operations => ModelSettings.Operations;

    [Fact]
    public void Programs_run_as_modelled_where_equal_content_is_kept_once() => Check(new ContractSetup { Deduplicate = true });

    [Fact]
    public void Programs_run_as_modelled_where_copies_are_kept() => Check(new ContractSetup { Deduplicate = false });

    [Fact]
    public void Programs_run_as_modelled_under_late_fences() => Check(new ContractSetup { Deduplicate = true }, late: true);

    [Fact]
    public void Programs_run_as_modelled_under_late_fences_where_copies_are_kept() =>
        Check(new ContractSetup { Deduplicate = false }, late: true);

    [Fact]
    public void Programs_run_as_modelled_without_prefix_caching() => Check(new ContractSetup { PrefixCaching = false });

    [Fact]
    public void Programs_run_as_modelled_where_every_hash_collides() => Check(new ContractSetup { PrefixHash = new CollidingHash() });

    [Fact]
    public void Programs_run_as_modelled_where_any_block_may_be_the_next_victim() =>
        Check(new ContractSetup { Eviction = static () => new RandomVictims(7) }, late: true);

    [Fact]
    public void Programs_run_as_modelled_where_copies_are_kept_and_any_block_may_be_the_next_victim() =>
        Check(new ContractSetup { Deduplicate = false, Eviction = static () => new RandomVictims(11) });

    /// <summary>Runs one program; the text is what a failure has printed.</summary>
    protected void Replay(string program, ContractSetup setup, bool late = false) =>
        Run(ModelProgram.Parse(program), setup, late, new ModelTally());

    private void Check(ContractSetup setup, bool late = false)
    {
        ModelTally tally = new();
        ModelProgram? failed = null;
        Config config = Config.QuickThrowOnFailure
            .WithQuietOnSuccess(true)
            .WithMaxTest((Operations / ModelGenerator.ShortestProgram) + 1)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(ModelSettings.Seed), FSharpOption<int>.None)));
        try
        {
            FsCheck.Check.One(config, Prop.ForAll(ModelGenerator.Arbitrary, program => RunNoting(program, setup, late, tally, ref failed)));
        }
        catch (Exception exception) when (failed is not null)
        {
            throw new InvalidOperationException(
                $"Seed {ModelSettings.Seed}, late fences: {late}, {SetupOf(failed, setup, null)}. "
                + $"Smallest failing program:\n{failed}\n{exception.Message}",
                exception);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {ModelSettings.Seed}: {tally}.");
        Assert.True(tally.Operations >= Operations, $"{tally}");
        tally.CheckReach(setup.PrefixCaching, late, CopiesFail);
    }

    /// <summary>The last program that fails while a failure is made smaller is the smallest one.</summary>
    private void RunNoting(ModelProgram program, ContractSetup setup, bool late, ModelTally tally, ref ModelProgram? failed)
    {
        try
        {
            Run(program, setup, late, tally);
        }
        catch
        {
            failed = program;
            throw;
        }
    }

    private void Run(ModelProgram program, ContractSetup setup, bool late, ModelTally tally)
    {
        LateFenceDevice? device = late ? new LateFenceDevice() : null;
        using (IKvAllocator allocator = CreateAllocator(SetupOf(program, setup, device)))
        {
            new ModelRun(allocator, MemoryOf(allocator.Device), GroupTokensOf(allocator), setup.PrefixCaching, tally) { LayersMove = LayersMove }.Run(program.Commands);
        }

        Assert.Equal(0, device?.LiveArenas ?? 0);
        Assert.False(device?.GaveBackTooEarly ?? false);
    }

    private static ContractSetup SetupOf(ModelProgram program, ContractSetup setup, IKvDevice? device) => setup with
    {
        Geometry = Geometry,
        BlockTokens = program.BlockTokens,
        BlockCount = program.BlockCount,
        HostBlocks = (program.BlockCount / 6) + 1,
        Device = device,
    };
}
