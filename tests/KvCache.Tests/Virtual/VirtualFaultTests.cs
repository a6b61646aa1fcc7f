using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>A call to the system is refused, each call of a run in turn.</summary>
public sealed class VirtualFaultTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_refusal_at_any_call_changes_nothing_and_loses_nothing(int lookahead)
    {
        int calls = 0;
        int refused = 0;
        for (int call = 0; call <= calls; call++)
        {
            try
            {
                using VirtualStage stage = new(change: options => options with { LookaheadTokens = lookahead }, refusedCall: call);
                refused += VirtualScript.Run(stage.Cache, stage.Allocator.Space.Ahead.Finish) > 0 ? 1 : 0;
                calls = call == 0 ? stage.System.Calls : calls;
                Assert.Equal(call == 0 ? 0 : 1, stage.System.Refusals);
            }
            catch (InsufficientMemoryException) when (call is > 0 and <= 4)
            {
                // An allocator that has no addresses, for two layers' keys and values, is not made.
                refused++;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Call {call} of {calls} was refused: {exception}", exception);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} runs with one call refused each; {refused} had a request refused");
        Assert.True(calls > 100 && refused > 20, $"{calls} calls, {refused} refused requests");
    }
}
