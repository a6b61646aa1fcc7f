using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Model;
using Xunit;

namespace KvCache.Tests.Contract;

public sealed class PagedKvAllocatorModelTests : KvAllocatorModel
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, HostDevice.Instance, deduplicate: true);

    /// <summary>Failures found by programs are kept here, in the words in which they were printed.</summary>
    [Theory]
    [InlineData("1; 6; Open 0 1 0; Begin 0 0 0; Complete 0 0 0; Close 0 0 0; Trim 0 9 0")]
    [InlineData("4; 8; Open 1 12 3; Begin 0 0 4; Complete 1 0 0; Close 0 0 0; Trim 0 3 0")]
    public void Programs_that_once_failed_run_as_modelled(string program) => Replay(program, new ContractSetup());

    [Fact]
    public void A_program_can_be_read_from_what_was_printed()
    {
        ModelProgram program = new(3, 7, [new Command(CommandKind.Open, 1, 2, 3), new Command(CommandKind.FailCopy, 0, 0, 40)]);
        ModelProgram read = ModelProgram.Parse(program.ToString());
        Assert.Equal((program.BlockTokens, program.BlockCount), (read.BlockTokens, read.BlockCount));
        Assert.Equal(program.Commands, read.Commands);
    }
}
